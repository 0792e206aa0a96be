/** What a chronicle keeps of sessions that are over: no more than their stale paths need. */
import { queryObjects } from 'node:v8';
import { address } from '@weft/ip';
import { expect, test } from 'vitest';
import type { Chronicle, HeardEvent } from './chronicle.ts';
import { Speaker } from './speaker.ts';
import { Network, originate, peer, speaker } from './test/network.ts';
import { UpdateGroup } from './update-group.ts';

const A = '10.0.0.1';
const others = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `10.0.1.${from + index}`);

/** Node A, who has a session with one node after the other. */
function oneAfterTheOther(names: readonly string[]): { network: Network; chronicle: Chronicle | undefined } {
  const network = new Network();
  let chronicle: Chronicle | undefined;
  network.add(speaker(A, 1, []), {}, (own, options) => {
    const made = new Speaker(own, options);
    chronicle = made.chronicle(() => {});
    return made;
  });
  originate(network, A, '10.9.0.0/26');
  for (const [index, name] of names.entries()) {
    network.send(A, { kind: 'configure', config: speaker(A, 1, [peer(name, 1, { passive: true })]) });
    network.add(speaker(name, 1, [peer(A, 1)]));
    originate(network, name, `10.10.${index}.0/26`);
    network.advance(10_000);
    expect(network.node(A).speaker.status()[0]).toMatchObject({ state: 'Established' });
  }
  return { network, chronicle };
}

test('the update groups of peers that are gone are not kept', () => {
  const before = queryObjects(UpdateGroup, { format: 'count' });
  const { network } = oneAfterTheOther(others(1, 12));
  // The network ends here, and with it the groups of all its nodes; those of A that a chronicle keeps would stay with A.
  const ofA = network.node(A).speaker;
  network.nodes.clear();
  expect(queryObjects(UpdateGroup, { format: 'count' })).toBeLessThanOrEqual(before + 4);
  expect(ofA.status()).toHaveLength(1);
});

test('a snapshot tells the stale paths of a peer once, though an earlier one had its place', () => {
  const names = others(1, 3);
  const { network, chronicle } = oneAfterTheOther(names);
  const last = names.at(-1) ?? '';
  network.kill(last);
  network.advance(1_000);
  const told: HeardEvent[] = [];
  chronicle?.snapshot((event) => told.push(event));
  const downs = told.filter(({ kind }) => kind === 'session-down');
  expect(downs.map((event) => event.peer)).toEqual([address(last)]);
});

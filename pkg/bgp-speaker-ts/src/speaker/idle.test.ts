import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { Network, originate, peer, speaker } from './test/network.ts';

const A = '10.0.0.1';
const B = '10.0.0.2';
const MINUTE = 60_000;

/** Two speakers at rest, and which events the first one gets from then on. */
function atRest(): { network: Network; events: string[] } {
  const network = new Network();
  network.add(speaker(A, 1, [peer(B, 1)]));
  network.add(speaker(B, 1, [peer(A, 1, { passive: true })]));
  originate(network, A, '10.1.0.0/26');
  originate(network, B, '10.2.0.0/26');
  network.advance(MINUTE);
  const events: string[] = [];
  network.tap = (node, { kind }) => {
    if (node === A) events.push(kind);
  };
  return { network, events };
}

describe('a session without news', () => {
  test('has keepalives and no work for a flush', () => {
    const { network } = atRest();
    const { speaker: machine } = network.node(A);
    const worked: boolean[] = [];
    network.tap = (node, { kind }) => {
      if (node === A && (kind === 'received' || kind === 'tick')) worked.push(machine.hasWork);
    };
    network.advance(10 * MINUTE);
    expect(worked.length).toBeGreaterThan(20);
    expect(worked).not.toContain(true);
    expect(machine.status()[0]?.state).toBe('Established');
  });

  test('is asked to tick as often as it has keepalives to send, not more', () => {
    const { network, events } = atRest();
    network.advance(10 * MINUTE);
    const ticks = events.filter((kind) => kind === 'tick').length;
    expect(ticks).toBeGreaterThanOrEqual(20);
    expect(ticks).toBeLessThanOrEqual(27);
  });

  test('a route, a command and a lost session are work', () => {
    const { network } = atRest();
    const { speaker: machine } = network.node(A);
    const does = (event: Parameters<typeof machine.handle>[0]): boolean => {
      do machine.handle({ kind: 'flush' }, network.now);
      while (machine.hasWork);
      machine.handle(event, network.now);
      return machine.hasWork;
    };
    expect(does({ kind: 'set-local-routes', routes: [] })).toBe(true);
    expect(does({ kind: 'refresh-peer', peer: address(B), direction: 'out' })).toBe(true);
    expect(does({ kind: 'tick' })).toBe(false);
    expect(does({ kind: 'closed', peer: address(B), connection: 1 })).toBe(true);
  });
});

import { expect, test } from 'vitest';
import { BLOCK, cluster, POOL } from '../test/fixture.ts';
import { explainFrom } from './chain.ts';

const reason = 'IPPool pods (VXLAN Always): Node node1 tells no address of its vxlan.calico yet';
const pools = [{ ...POOL, spec: { ...POOL.spec, vxlanMode: 'Always' as const } }];
const unencapsulated = [{ prefix: BLOCK, reason }];

test('a block that no tunnel can carry has that for its reason, and not the session nobody needs', () => {
  const without = { sessions: [], prefixes: [] };
  const { hops, verdict } = explainFrom(
    cluster({ snapshot: { pools }, owner: without, receiver: { ...without, unencapsulated } }),
    'node2',
  );
  expect(verdict).toMatchObject({ answer: 'no', stage: 'tunnel', rule: reason });
  expect(verdict.sentence).toContain(`node2 cannot carry ${BLOCK} by a tunnel: ${reason}.`);
  expect(hops.find(({ stage }) => stage === 'session')?.answer).toBe('note');
});

test.each([
  ['address', 'weftctl get nodes -o yaml'],
  ['device', 'ip -d link'],
  ['blocks', 'See why node2 cannot read IPAMBlocks: weftctl node status node2.'],
] as const)('what to do next fits what it lacks: %s', (lacks, expected) => {
  const without = { sessions: [], prefixes: [] };
  const missing = unencapsulated.map((one) => ({ ...one, lacks }));
  const { verdict } = explainFrom(
    cluster({ snapshot: { pools }, owner: without, receiver: { ...without, unencapsulated: missing } }),
    'node2',
  );
  expect(verdict.next).toContain(expected);
});

test('what BGP knows of it counts meanwhile', () => {
  const { hops, verdict } = explainFrom(
    cluster({ snapshot: { pools }, receiver: { unencapsulated } }),
    'node2',
  );
  expect(verdict.answer).toBe('yes');
  expect(hops.find(({ stage }) => stage === 'tunnel')).toMatchObject({
    answer: 'note',
    says: expect.stringContaining('it is routed without meanwhile'),
  });
});

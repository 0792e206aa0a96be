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

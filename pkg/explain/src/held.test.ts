/** What the fuse holds is said of the prefix it keeps, by the node that announces it and by the one that has the route. */
import { expect, test } from 'vitest';
import { BLOCK, cluster, route } from '../test/fixture.ts';
import { explainFrom } from './chain.ts';

const reason = 'held by the fuse; it was a confirmed block of this node';
const announcements = [{ prefix: BLOCK, announced: true, reason }];

test('an announcement that is held says so', () => {
  const { hops, verdict } = explainFrom(cluster({ owner: { announcements } }), 'node2');
  expect(verdict.answer).toBe('yes');
  expect(hops.find(({ stage }) => stage === 'announced')).toMatchObject({
    answer: 'yes',
    says: `node1 goes on announcing ${BLOCK} until somebody decides (weftctl fuse)`,
    rule: reason,
  });
});

test('a block of nobody is still announced, and still in the kernel', () => {
  const input = cluster({
    snapshot: { affinities: [], blocks: [], workloads: [] },
    owner: { announcements, endpoints: [] },
    receiver: { routes: [route({ reason: 'held by the fuse: learned' })] },
  });
  const { hops, verdict } = explainFrom(input, 'node2');
  expect(verdict.sentence).toContain(`nobody has it: no block around it is claimed`);
  expect(hops.filter(({ answer }) => answer === 'note').map(({ node, says }) => `${node}: ${says}`)).toEqual([
    `node1: node1 goes on announcing ${BLOCK} until somebody decides (weftctl fuse)`,
    `node2: ${BLOCK} is still in the kernel of node2: held by the fuse: learned`,
  ]);
});

import { createMemoryStore, type Datastore } from '@weft/datastore';
import { address, prefix } from '@weft/ip';
import { createIpam, workloadAttributes } from '@weft/ipam';
import { apiVersion, type IPPool } from '@weft/resources';
import { expect, it } from 'vitest';
import { nodeFigures, poolFigures } from './ipam-figures.ts';

const pool = (name: string, cidr: string): IPPool =>
  ({ apiVersion, kind: 'IPPool', metadata: { name }, spec: { cidr: prefix(cidr), blockSize: 28 } }) as IPPool;

it('the figures of a node count what it holds, what it borrowed, its blocks, and what looks leaked', async () => {
  const store = createMemoryStore({ now: () => 0, uuid: () => 'uid' });
  const create = (object: object) => store.create(object as Parameters<Datastore['create']>[0]);
  await create(pool('pods', '10.0.0.0/24'));
  for (const name of ['node1', 'node2'])
    await create({ apiVersion, kind: 'Node', metadata: { name }, spec: {} });
  const ipam = createIpam({ store, now: () => 0 });
  const assign = (at: string, node: string) => {
    const attributes = workloadAttributes({ node, namespace: 'shop', pod: at, now: 0 });
    return ipam.assignIp({ address: address(at), node, handle: at, attributes });
  };
  await assign('10.0.0.1', 'node1');
  await assign('10.0.0.2', 'node1');
  await assign('10.0.0.3', 'node2');
  await ipam.releaseByHandle('10.0.0.2');
  await ipam.claimAffinity({ cidr: prefix('10.0.0.16/28'), owner: { type: 'host', name: 'node2' } });
  const blocks = (await store.list('IPAMBlock')).items.map(({ spec }) => spec);
  const candidates = [
    { address: address('10.0.0.1'), node: 'node1' },
    { address: address('10.9.0.1'), node: undefined },
  ];
  const counted = {
    pools: [pool('pods', '10.0.0.0/24')],
    blocks,
    nodes: ['node1', 'node2', 'node3'],
    candidates,
  };
  const none = { allocations: 0, borrowed: 0, blocks: 0, candidates: 0 };
  expect(nodeFigures(counted)).toEqual([
    { ...none, pool: 'pods', node: 'node1', allocations: 1, blocks: 1, candidates: 1 },
    { ...none, pool: 'pods', node: 'node2', allocations: 1, borrowed: 1, blocks: 1 },
    { ...none, pool: 'pods', node: 'node3' },
    { ...none, pool: 'no_ippool', node: 'unknown_node', candidates: 1 },
  ]);
});

it('the figures of a pool count each reserved address once', () => {
  const pools = [pool('a', '10.0.0.0/24'), pool('b', '10.2.0.0/24'), pool('c', 'fd00::/120')];
  const reserved = [
    '10.0.0.0/28',
    '10.0.0.8/29',
    '10.0.0.0/28',
    '10.0.0.255/32',
    '10.2.0.0/16',
    '10.3.0.0/24',
  ];
  expect(poolFigures(pools, reserved)).toEqual([
    { pool: 'a', size: 256, reserved: 17 },
    { pool: 'b', size: 256, reserved: 256 },
    { pool: 'c', size: 256, reserved: 0 },
  ]);
});

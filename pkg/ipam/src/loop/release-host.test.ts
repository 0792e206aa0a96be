import type { Address } from '@weft/ip';
import { expect, test } from 'vitest';
import { type Cluster, cluster, configuration, contents, node, pool } from '../../test/support/fixtures.ts';
import type { Around } from '../../test/support/intercepted-store.ts';
import { tunnelAttributes, tunnelHandle } from '../core/attributes.ts';
import { allocationAt, type BlockSpec, ordinalIn } from '../core/block.ts';

async function busyNode(): Promise<Cluster> {
  const made = await cluster(
    pool('pool', '10.0.0.0/28', { blockSize: 30 }),
    node('node1'),
    node('node2'),
    configuration({ ipCooldownSeconds: 0 }),
  );
  const request = { node: 'node1', num4: 1 } as const;
  await made.ipam.autoAssign({
    ...request,
    handle: tunnelHandle('vxlan', 'node1'),
    attributes: tunnelAttributes('vxlan', 'node1'),
    intendedUse: 'Tunnel',
  });
  await made.ipam.autoAssign({ ...request, num4: 4, handle: 'w', intendedUse: 'Workload' });
  return made;
}

async function removeNode({ store }: Cluster): Promise<void> {
  await store.delete({ kind: 'Node', name: 'node1' });
}

test('a node that is gone owns nothing; what its workloads hold stays theirs until it is released', async () => {
  const made = await busyNode();
  await removeNode(made);
  const outcome = await made.ipam.releaseHost('node1');
  expect(outcome).toMatchObject({
    kind: 'released',
    message: 'Node node1 owns no block any more; it had 2.',
  });
  const left = await contents(made.store);
  expect(left.affinities).toEqual({});
  expect(Object.values(left.blocks)).toEqual([undefined, undefined]);
  expect(Object.keys(left.handles)).toEqual(['w']);
  await made.ipam.releaseByHandle('w');
  expect(await contents(made.store)).toEqual({ blocks: {}, affinities: {}, handles: {} });
});

test('a block that names the node without an affinity is given up too, and other nodes keep theirs', async () => {
  const made = await busyNode();
  await made.ipam.autoAssign({ node: 'node2', num4: 1, handle: 'x', intendedUse: 'Workload' });
  const [first] = (await made.store.list('BlockAffinity')).items.filter(({ spec }) => spec.node === 'node1');
  await made.store.delete({ kind: 'BlockAffinity', name: first?.metadata.name as string });
  await made.ipam.releaseHost('node1');
  const left = await contents(made.store);
  expect(Object.values(left.blocks).filter((owner) => owner !== undefined)).toEqual(['host:node2']);
  expect(Object.values(left.affinities)).toEqual(['confirmed']);
});

test('a second time there is nothing to do', async () => {
  const made = await busyNode();
  await made.ipam.releaseHost('node1');
  expect(await made.ipam.releaseHost('node1')).toMatchObject({ kind: 'released', blocks: [] });
});

test('the tunnels of a node that is there keep their addresses', async () => {
  const made = await busyNode();
  await made.ipam.releaseHost('node1');
  expect(Object.keys((await contents(made.store)).handles)).toContain(tunnelHandle('vxlan', 'node1'));
});

test('a node that comes back meanwhile keeps the tunnel address that it adopts', async () => {
  const made = await busyNode();
  await removeNode(made);
  const [before] = (await made.store.list('IPPool')).items;
  if (before) await made.store.update({ ...before, spec: { ...before.spec, vxlanMode: 'Always' } });
  let isBack = false;
  const comesBack: Around = async (call, perform) => {
    const answer = await perform();
    if (!isBack && call.kind === 'Node') {
      isBack = true;
      await made.store.create(node('node1'));
      await made.ipam.ensureTunnels('node1', { wireguardHostEncryption: false });
    }
    return answer;
  };
  await made.allocator(comesBack).releaseHost('node1');
  expect(isBack).toBe(true);
  const told = (await made.store.get({ kind: 'Node', name: 'node1' }))?.spec.ipv4VXLANTunnelAddr as Address;
  const { items } = await made.store.list('IPAMBlock');
  const block = items.find(({ spec }) => ordinalIn(spec, told) !== undefined)?.spec as BlockSpec;
  expect(allocationAt(block, ordinalIn(block, told) as number)?.handle).toBe(tunnelHandle('vxlan', 'node1'));
});

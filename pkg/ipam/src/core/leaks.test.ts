import { address } from '@weft/ip';
import type { IPAMBlock, WorkloadEndpoint } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { type Cluster, cluster, configuration, node, pool } from '../../test/support/fixtures.ts';
import { tunnelAttributes, tunnelHandle, workloadAttributes } from './attributes.ts';
import { type AddressUser, findLeaks, type LeakPolicy, type LeakReport, userOfEndpoint } from './leaks.ts';

const MINUTE = 60_000;

/** Pod shop/web on node1 with an IPv4 and an IPv6 address, a tunnel's address, and one that names no workload. */
async function shop(): Promise<
  Cluster & { look(world: World, policy?: Partial<LeakPolicy>): Promise<LeakReport> }
> {
  const made = await cluster(
    pool('pool4', '10.0.0.0/28', { blockSize: 28 }),
    pool('pool6', 'fd00::/124', { blockSize: 124 }),
    node('node1'),
    configuration({ ipCooldownSeconds: 0 }),
  );
  const { ipam, store, clock } = made;
  const pod = workloadAttributes({ node: 'node1', namespace: 'shop', pod: 'web', now: clock.now });
  const ask = { node: 'node1', intendedUse: 'Workload' } as const;
  await ipam.autoAssign({ ...ask, handle: 'net.web', attributes: pod, num4: 1, num6: 1 });
  await ipam.autoAssign({
    node: 'node1',
    handle: tunnelHandle('vxlan', 'node1'),
    attributes: tunnelAttributes('vxlan', 'node1'),
    num4: 1,
    intendedUse: 'Tunnel',
  });
  await ipam.autoAssign({ ...ask, handle: 'by-hand', num4: 1 });
  const look = async ({ nodes = ['node1'], users }: World, policy: Partial<LeakPolicy> = {}) => {
    const blocks: IPAMBlock[] = (await store.list('IPAMBlock')).items;
    const all = { now: clock.now, graceMs: 15 * MINUTE, earlier: new Map(), ...policy };
    return findLeaks({ blocks, nodes: new Set(nodes), users }, all);
  };
  return { ...made, look };
}

test('what is held for a virtual machine, or for a workload that is no Pod where only Pods are known, is kept', async () => {
  const { ipam, look, store } = await shop();
  const others = {
    machine: { node: 'node1', namespace: 'shop', pod: 'launcher', 'vmi-name': 'vm' },
    docker: { node: 'node1', workload: 'db' },
  };
  for (const [handle, attributes] of Object.entries(others))
    await ipam.autoAssign({ node: 'node1', handle, attributes, num4: 1, intendedUse: 'Workload' });
  const looks = [true, false].map(async (arePods) => {
    const { items: blocks } = await store.list('IPAMBlock');
    const policy = { now: 0, graceMs: 0, earlier: new Map() };
    return findLeaks({ blocks, nodes: new Set(['node1']), users: [], arePods }, policy).confirmed;
  });
  const handles = (await Promise.all(looks)).map((leaks) => new Set(leaks.map(({ handle }) => handle)));
  expect(handles).toEqual([new Set(['net.web']), new Set(['net.web', 'docker'])]);
  expect((await look({ users: [] }, { graceMs: 0 })).confirmed).toHaveLength(3);
});

interface World {
  readonly nodes?: readonly string[];
  readonly users: readonly AddressUser[];
}

const web = (own: Partial<AddressUser> = {}): AddressUser => ({ name: 'shop/web', node: 'node1', ...own });
const IPV4 = address('10.0.0.0');
const IPV6 = address('fd00::');

describe('an address is kept', () => {
  test.each<[string, World]>([
    ['while its pod has it', { users: [web({ addresses: [IPV4, IPV6] })] }],
    ['while the addresses of its pod are not known', { users: [web()] }],
    ['while its pod has none yet', { users: [web({ addresses: [] })] }],
    [
      'if the pod has it on another node than was written down',
      { users: [web({ node: 'node2', addresses: [IPV4, IPV6] })] },
    ],
    [
      'if a pod of another name has it',
      { users: [{ name: 'shop/other', node: 'node1', addresses: [IPV4, IPV6] }] },
    ],
    [
      'if its node is gone and the pod still has it',
      { nodes: [], users: [web({ addresses: [IPV4, IPV6] })] },
    ],
    ['if the pod reports only the other family of its two', { users: [web({ addresses: [IPV4] })] }],
    ['while no node is chosen for a pod of its name', { users: [web({ node: '' })] }],
  ])('%s', async (_, world) => {
    const { look } = await shop();
    const { confirmed, candidates } = await look(world, { graceMs: 0 });
    expect([...confirmed, ...candidates]).toEqual([]);
  });

  test('however long it looks leaked, if it names no workload', async () => {
    const { look, clock } = await shop();
    const { confirmed } = await look({ users: [] }, { graceMs: 0, now: clock.now + 1e9 });
    expect(confirmed.map(({ handle }) => handle)).toEqual(['net.web', 'net.web']);
  });
});

describe('an address is a leak', () => {
  test.each<[string, World, string]>([
    ['when its pod is gone', { users: [] }, 'workload-gone'],
    [
      'when its pod runs elsewhere',
      { users: [web({ node: 'node2', addresses: [address('10.0.0.9')] })] },
      'workload-moved',
    ],
    [
      'when its pod has ended, though it still tells its addresses',
      { users: [web({ addresses: [IPV4, IPV6], hasEnded: true })] },
      'workload-ended',
    ],
    [
      'when its pod has others',
      { users: [web({ addresses: [address('10.0.0.9')] })] },
      'workload-has-others',
    ],
  ])('%s, after the grace period', async (_, world, reason) => {
    const { look, clock } = await shop();
    const first = await look(world);
    expect([first.confirmed.length, first.candidates.length]).toEqual([0, 2]);
    const later = await look(world, { now: clock.now + 15 * MINUTE, earlier: first.candidatesSince });
    expect(later.confirmed.map((leak) => [leak.address, leak.reason])).toEqual([
      [IPV4, reason],
      [IPV6, reason],
    ]);
    expect(later.confirmed[0]?.message).toMatch(
      /^10\.0\.0\.0 is held for shop\/web, which .+\. Release it: /,
    );
  });

  test('at once when its node is gone, and then the tunnel of the node is one too', async () => {
    const { look } = await shop();
    const { confirmed } = await look({ nodes: [], users: [] });
    expect(confirmed.map(({ handle }) => handle)).toEqual(['net.web', 'net.web']);
    const { ipam, look: lookAgain } = await shop();
    await ipam.releaseByHandle('by-hand');
    const all = await lookAgain({ nodes: [], users: [] });
    expect(all.confirmed.map(({ handle }) => handle)).toContain(tunnelHandle('vxlan', 'node1'));
  });

  test('only from when it began to look like one: a pod that comes back in between starts the time anew', async () => {
    const { look, clock } = await shop();
    const first = await look({ users: [] });
    const between = await look({ users: [web()] }, { earlier: first.candidatesSince });
    const later = await look(
      { users: [] },
      { now: clock.now + 15 * MINUTE, earlier: between.candidatesSince },
    );
    expect(later.confirmed).toEqual([]);
  });

  test('for somebody who looks once, when it was assigned longer ago than the grace period', async () => {
    const { look, clock, store } = await shop();
    const { items } = await store.list('IPAMBlock');
    const once = (now: number) =>
      findLeaks({ blocks: items, nodes: new Set(['node1']), users: [] }, { now, graceMs: 15 * MINUTE });
    expect(once(clock.now + 14 * MINUTE).confirmed).toEqual([]);
    expect(once(clock.now + 15 * MINUTE).confirmed).toHaveLength(2);
    expect((await look({ users: [] })).confirmed).toEqual([]);
  });
});

test('a leak is released with its handle and sequence number, and nobody who has the address by then is hit', async () => {
  const { look, ipam, clock } = await shop();
  const { confirmed } = await look({ users: [] }, { graceMs: 0 });
  await ipam.releaseByHandle('net.web');
  clock.now += 1000;
  await ipam.assignIp({ address: IPV4, node: 'node1', handle: 'net.web' });
  const kinds = (
    await ipam.releaseIps(
      confirmed.map(({ message: _, block: __, reason: ___, handle, ...leak }) => ({
        ...leak,
        ...(handle && { handle }),
      })),
    )
  ).map(({ kind }) => kind);
  expect(kinds).toEqual(['reassigned', 'not-assigned']);
});

test('an endpoint is a user by its pod, or by its workload outside Kubernetes', () => {
  const spec = { node: 'node1', containerID: 'c1', ipNetworks: ['10.0.0.1/32', 'fd00::1/128'] };
  const endpoint = (own: object) =>
    ({
      metadata: { name: 'e', namespace: 'shop' },
      spec: { ...spec, ...own },
    }) as unknown as WorkloadEndpoint;
  const addresses = ['10.0.0.1', 'fd00::1'];
  expect(userOfEndpoint(endpoint({ pod: 'web' }))).toEqual({ name: 'shop/web', node: 'node1', addresses });
  expect(userOfEndpoint(endpoint({ workload: 'db' }))).toMatchObject({ name: 'db' });
  expect(userOfEndpoint(endpoint({}))).toMatchObject({ name: 'c1' });
});

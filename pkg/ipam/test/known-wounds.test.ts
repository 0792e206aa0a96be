/**
 * What users of block IPAM reported over the years, one test each: the wound in a sentence, and that it does not open here.
 * The reports themselves are listed in DESIGN.md.
 */
import { DatastoreError } from '@weft/datastore';
import { type Address, address, prefix } from '@weft/ip';
import { checkPoolAgainst, type IPAMBlock } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import {
  allocationAt,
  deletePool,
  findLeaks,
  hostOwner,
  type Ipam,
  ordinalIn,
  stateOf,
  tunnelAddressOf,
  workloadAttributes,
} from '../src/index.ts';
import { type Cluster, cluster, configuration, contents, node, pool } from './support/fixtures.ts';
import { type Around, isWrite } from './support/intercepted-store.ts';

const FIRST = prefix('10.0.0.0/30');
const small = () => pool('pool', '10.0.0.0/29', { blockSize: 30 });
const atOnce = () => configuration({ ipCooldownSeconds: 0 });

function ask(name: string, handle: string) {
  return { node: name, handle, num4: 1, intendedUse: 'Workload' } as const;
}

async function given(
  ipam: Ipam,
  name: string,
  handle: string,
): Promise<{ address: Address; sequenceNumber: bigint }> {
  const outcome = await ipam.autoAssign(ask(name, handle));
  if (outcome.kind !== 'assigned') throw new Error(outcome.message);
  return outcome.addresses[0] as { address: Address; sequenceNumber: bigint };
}

async function holderOf({ store }: Cluster, wanted: Address): Promise<string | undefined> {
  const { items } = await store.list('IPAMBlock');
  const spec = items.map((block) => block.spec).find((block) => ordinalIn(block, wanted) !== undefined);
  return spec && allocationAt(spec, ordinalIn(spec, wanted) as number)?.handle;
}

/** A process that dies after its nth write; its calls fail from then on. */
function dyingAfter(writes: number): Around {
  let done = 0;
  return async (call, perform) => {
    if (done >= writes) throw new DatastoreError('unavailable', 'The process died.');
    if (isWrite(call)) done++;
    return perform();
  };
}

const repairAll = async (ipam: Ipam) => {
  for (const finding of await ipam.inspect()) await ipam.repair(finding);
};

describe('releases', () => {
  test('a release decided on old news does not take the address from its next holder (ABA)', async () => {
    const made = await cluster(pool('pool', '10.0.0.0/32', { blockSize: 32 }), node('node1'), atOnce());
    const old = await given(made.ipam, 'node1', 'pod');
    await made.ipam.releaseByHandle('pod');
    await given(made.ipam, 'node1', 'pod');
    const [late] = await made.ipam.releaseIps([{ ...old, handle: 'pod' }]);
    expect([late?.kind, await holderOf(made, old.address)]).toEqual(['reassigned', 'pod']);
  });

  test('an address is not given out again while its last holder is still known to neighbours', async () => {
    const made = await cluster(pool('pool', '10.0.0.0/32', { blockSize: 32 }), node('node1'));
    await given(made.ipam, 'node1', 'short-lived');
    await made.ipam.releaseByHandle('short-lived');
    expect(await made.ipam.autoAssign(ask('node1', 'next'))).toMatchObject({ kind: 'exhausted' });
    made.clock.now += 62_000;
    expect(await made.ipam.autoAssign(ask('node1', 'next'))).toMatchObject({ kind: 'assigned' });
  });

  test('a handle that counts too much after a crash is mended by its release, and does not stay for good', async () => {
    const made = await cluster(small(), node('node1'), atOnce());
    await made.ipam.claimAffinity({ owner: hostOwner('node1'), cidr: FIRST });
    await expect(made.allocator(dyingAfter(1)).autoAssign(ask('node1', 'pod'))).rejects.toThrow('died');
    expect((await contents(made.store)).handles).toEqual({ pod: { [FIRST]: 1 } });
    await given(made.ipam, 'node1', 'pod').catch(() => undefined);
    await made.ipam.releaseByHandle('pod');
    expect((await contents(made.store)).handles).toEqual({});
  });

  test('a handle object that somebody deleted is made again by repair, so its address can be released', async () => {
    const made = await cluster(small(), node('node1'), atOnce());
    await given(made.ipam, 'node1', 'pod');
    await made.store.delete({ kind: 'IPAMHandle', name: 'pod' });
    await repairAll(made.ipam);
    expect(await made.ipam.releaseByHandle('pod')).toMatchObject({
      kind: 'released',
      addresses: [expect.any(String)],
    });
  });
});

describe('affinities', () => {
  test('an affinity without a block is removed, so no route leads nowhere', async () => {
    const made = await cluster(small(), node('node1'), atOnce());
    await made.ipam.claimAffinity({ owner: hostOwner('node1'), cidr: FIRST });
    await made.store.delete({ kind: 'IPAMBlock', name: '10-0-0-0-30' });
    await repairAll(made.ipam);
    expect((await contents(made.store)).affinities).toEqual({});
  });

  test('a block whose affinity is gone gets it back, so its addresses are routed again', async () => {
    const made = await cluster(small(), node('node1'), atOnce());
    const { address: held } = await given(made.ipam, 'node1', 'pod');
    const [name] = Object.keys((await contents(made.store)).affinities);
    await made.store.delete({ kind: 'BlockAffinity', name: name as string });
    await repairAll(made.ipam);
    expect(Object.values((await contents(made.store)).affinities)).toEqual(['confirmed']);
    expect(await holderOf(made, held)).toBe('pod');
  });

  test('an empty block of nobody goes, and does not keep its part of the pool', async () => {
    const made = await cluster(pool('pool', '10.0.0.0/30', { blockSize: 30 }), node('node1'), atOnce());
    await made.ipam.claimAffinity({ owner: hostOwner('node1'), cidr: FIRST });
    const [block] = (await made.store.list('IPAMBlock')).items as [IPAMBlock];
    const { affinity: _, affinityClaimTime: __, ...ownerless } = block.spec;
    await made.store.update({ ...block, spec: ownerless });
    await made.store.delete({ kind: 'BlockAffinity', name: 'node1-10-0-0-0-30' });
    expect(await made.ipam.autoAssign(ask('node1', 'pod'))).toMatchObject({ kind: 'assigned' });
  });

  test('a claim is confirmed only when the block names its owner: of two, never both are', async () => {
    for (let place = 0; place < 12; place++) {
      const made = await cluster(
        pool('pool', '10.0.0.0/30', { blockSize: 30 }),
        node('node1'),
        node('node2'),
      );
      let calls = 0;
      const confirmed: number[] = [];
      const racing: Around = async (_, perform) => {
        if (calls++ === place) await made.ipam.claimAffinity({ owner: hostOwner('node2'), cidr: FIRST });
        const answer = await perform();
        const { items } = await made.store.list('BlockAffinity');
        confirmed.push(items.filter((one) => stateOf(one) === 'confirmed').length);
        return answer;
      };
      await made.allocator(racing).claimAffinity({ owner: hostOwner('node1'), cidr: FIRST });
      expect(Math.max(...confirmed)).toBeLessThanOrEqual(1);
      expect(Object.values((await contents(made.store)).affinities)).toEqual(['confirmed']);
    }
  });

  test('a claim that was cut off stays pending, which routes nothing, until somebody settles it', async () => {
    const made = await cluster(small(), node('node1'), atOnce());
    const claim = { owner: hostOwner('node1'), cidr: FIRST };
    await expect(made.allocator(dyingAfter(1)).claimAffinity(claim)).rejects.toThrow('died');
    expect(Object.values((await contents(made.store)).affinities)).toEqual(['pending']);
    await repairAll(made.ipam);
    expect((await contents(made.store)).affinities).toEqual({});
  });

  test('at the limit of blocks a node borrows, where it may, in place of failing', async () => {
    const settings = configuration({ maxBlocksPerHost: 1 });
    const made = await cluster(small(), node('node1'), node('node2'), settings);
    await given(made.ipam, 'node2', 'other');
    for (let count = 0; count < 4; count++) await given(made.ipam, 'node1', `pod${count}`);
    expect(await made.ipam.autoAssign(ask('node1', 'one-more'))).toMatchObject({
      kind: 'assigned',
      addresses: [{ reason: 'borrowed' }],
    });
  });
});

describe('requests for both families', () => {
  test('that cannot have one of them leave nothing of the other', async () => {
    const made = await cluster(
      small(),
      pool('six', 'fd00::/128', { blockSize: 128 }),
      node('node1'),
      atOnce(),
    );
    await made.ipam.autoAssign({ node: 'node1', handle: 'first', num6: 1, intendedUse: 'Workload' });
    const outcome = await made.ipam.autoAssign({ ...ask('node1', 'pod'), num6: 1 });
    expect(outcome).toMatchObject({ kind: 'exhausted' });
    expect(Object.keys((await contents(made.store)).handles)).toEqual(['first']);
    expect(await made.ipam.inspect()).toEqual([]);
  });
});

describe('the sweep for leaks', () => {
  async function pair(): Promise<Cluster> {
    const made = await cluster(small(), pool('six', 'fd00::/122'), node('node1'), atOnce());
    const attributes = workloadAttributes({
      node: 'node1',
      namespace: 'shop',
      pod: 'web',
      now: made.clock.now,
    });
    await made.ipam.autoAssign({ ...ask('node1', 'pod'), num6: 1, attributes });
    return made;
  }
  const look = async ({ store, clock }: Cluster, user: { node: string; addresses: Address[] }) => {
    const blocks = (await store.list('IPAMBlock')).items;
    const users = [{ name: 'shop/web', ...user }];
    const nodes = new Set(['node1', 'node2']);
    return findLeaks({ blocks, nodes, users }, { now: clock.now, graceMs: 0, earlier: new Map() }).confirmed;
  };

  test('keeps both addresses of a pod that reports only one of them', async () => {
    const made = await pair();
    const [block] = (await made.store.list('IPAMBlock')).items as [IPAMBlock];
    const own = block.spec.cidr.split('/')[0] as Address;
    expect(await look(made, { node: 'node1', addresses: [own] })).toEqual([]);
  });

  test('keeps an address that a pod has, though the allocation names another node', async () => {
    const made = await pair();
    const { items } = await made.store.list('IPAMBlock');
    const addresses = items.map(({ spec }) => spec.cidr.split('/')[0] as Address);
    expect(await look(made, { node: 'node2', addresses })).toEqual([]);
  });
});

describe('tunnels', () => {
  test('a pod never gets the address a node tells for its tunnel, also after the node was deleted and came back', async () => {
    const vxlan = pool('pool', '10.0.0.0/30', { blockSize: 30, vxlanMode: 'Always' });
    const made = await cluster(vxlan, node('node1'), atOnce());
    const settings = { wireguardHostEncryption: false };
    await made.ipam.ensureTunnels('node1', settings);
    await made.store.delete({ kind: 'Node', name: 'node1' });
    await made.store.create(node('node1'));
    await made.ipam.releaseHost('node1');
    await made.ipam.ensureTunnels('node1', settings);
    const resource = await made.store.get({ kind: 'Node', name: 'node1' });
    const told = resource && tunnelAddressOf('vxlan', resource);
    for (let count = 0; count < 4; count++) await made.ipam.autoAssign(ask('node1', `pod${count}`));
    expect(await holderOf(made, told as Address)).toBe('vxlan-tunnel-addr-node1');
  });
});

describe('pools', () => {
  test('a pool that is deleted leaves no block but those in use, and no affinity', async () => {
    const made = await cluster(small(), node('node1'), node('node2'), atOnce());
    await given(made.ipam, 'node1', 'pod');
    await made.ipam.claimAffinity({ owner: hostOwner('node2'), cidr: FIRST });
    await deletePool({ store: made.store, now: () => made.clock.now, pause: async () => {} }, 'pool');
    expect((await contents(made.store)).affinities).toEqual({});
    await made.ipam.releaseByHandle('pod');
    expect(await contents(made.store)).toEqual({ blocks: {}, affinities: {}, handles: {} });
  });

  test('a pool is not made anew with another block size over blocks that are in use', async () => {
    const made = await cluster(small(), node('node1'), atOnce());
    await given(made.ipam, 'node1', 'pod');
    await deletePool({ store: made.store, now: () => made.clock.now, pause: async () => {} }, 'pool');
    const wanted = pool('pool', '10.0.0.0/29', { blockSize: 31 });
    const blocks = (await made.store.list('IPAMBlock')).items.map(({ spec }) => spec.cidr);
    expect(checkPoolAgainst(wanted, [], blocks)).toHaveLength(1);
  });

  test('and where one was made all the same, no address of the old blocks is given out again', async () => {
    const made = await cluster(
      small(),
      node('node1'),
      node('node2'),
      configuration({ ipCooldownSeconds: 0 }),
    );
    const old = await given(made.ipam, 'node1', 'pod');
    await made.store.delete({ kind: 'IPPool', name: 'pool' });
    await made.store.create(pool('pool', '10.0.0.0/29', { blockSize: 32 }));
    for (let count = 0; count < 8; count++) await made.ipam.autoAssign(ask('node2', `next${count}`));
    expect(await holderOf(made, old.address)).toBe('pod');
    expect(
      await made.ipam.assignIp({ address: address(old.address), node: 'node2', handle: 'x' }),
    ).toMatchObject({
      kind: 'block-overlap',
    });
  });
});

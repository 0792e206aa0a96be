import { isRefusal } from '@weft/control';
import { type Datastore, DatastoreError } from '@weft/datastore';
import { prefix } from '@weft/ip';
import type { WorkloadEndpoint } from '@weft/resources';
import { beforeEach, describe, expect, it } from 'vitest';
import { nothing, one, request, TestNode } from '../../test/test-node.ts';
import type { Attachments } from './attachments.ts';

let node: TestNode;
let attachments: Attachments;
beforeEach(async () => {
  node = await TestNode.withPool('10.0.0.0/24');
  attachments = node.attachments();
});

/** The store as it is, but the first WorkloadEndpoint is written and its answer lost. */
function losingAnAnswer(): Datastore {
  let isLost = false;
  const create: Datastore['create'] = async (resource) => {
    const outcome = await node.store.create(resource);
    if (isLost) return outcome;
    isLost = true;
    throw new DatastoreError('unavailable', 'the answer was lost, as the test wants');
  };
  return node.storeWith({ create });
}

describe('attach', () => {
  it.each([
    ['without', [], false],
    ['with', [{ protocol: 'udp', hostPort: 5353, containerPort: 53 }] as const, true],
  ])(
    'and detach of one %s ports: flows are forgotten before the addresses are free',
    async (_, ports, wasPublished) => {
      const attached = await attachments.attach('a', { ...request, ports: [...ports] });
      if (isRefusal(attached)) throw new Error(attached.message);
      await attachments.detach('a');
      const of = attached.addresses.map((network) => network.replace('/32', ''));
      expect(node.forgotten).toEqual([{ of, wasPublished, interfaces: 0, records: 0, addresses: 1 }]);
    },
  );

  it('makes an interface, a record and an address, and detach takes them away', async () => {
    const attached = await attachments.attach('a', request);
    if (isRefusal(attached)) throw new Error(attached.message);
    expect(await node.everything()).toEqual(one);
    const { addresses } = attached;
    expect(await attachments.detach('a')).toEqual({ kind: 'detached', id: 'a', addresses });
    expect(await node.everything()).toEqual(nothing);
  });

  it('asked for twice at once plugs in once', async () => {
    const kinds = await Promise.all([attachments.attach('a', request), attachments.attach('a', request)]);
    expect(kinds.map(({ kind }) => kind)).toEqual(['attached', 'already-attached']);
    expect(await node.everything()).toEqual(one);
  });

  it('leaves nothing when the namespace is not there', async () => {
    const refused = await attachments.attach('a', { ...request, netns: '/run/netns/none' });
    expect(refused).toMatchObject({ kind: 'refused', code: 'not-found', object: '/run/netns/none' });
    expect(await node.everything()).toEqual(nothing);
  });

  it('leaves nothing when the record cannot be written', async () => {
    await expect(node.attachments(node.failingOn('create')).attach('a', request)).rejects.toThrow(
      DatastoreError,
    );
    expect(await node.everything()).toEqual(nothing);
  });

  it('leaves nothing, its ports neither, when nobody waits any more at its end', async () => {
    const abandoned = new AbortController();
    const recording = Promise.withResolvers<void>();
    const answering = Promise.withResolvers<void>();
    const slow = node.attachments(
      node.storeWith({
        create: async (resource) => {
          recording.resolve();
          await answering.promise;
          return node.store.create(resource);
        },
      }),
    );
    const web = { ...request, ports: [{ protocol: 'tcp', hostPort: 28_080, containerPort: 80 }] } as const;
    const attaching = slow.attach('a', web, abandoned.signal);
    await recording.promise;
    expect(slow.isUnderWay('a')).toBe(true);
    abandoned.abort();
    answering.resolve();
    await slow.settled('a');
    expect(slow.isUnderWay('a')).toBe(false);
    expect(await node.everything()).toEqual(nothing);
    expect(await attaching).toMatchObject({ kind: 'refused', code: 'unavailable' });
    expect((await slow.attach('b', { ...web, workload: 'other' })).kind).toBe('attached');
  });

  it('succeeds after a try whose record was written though nobody was told', async () => {
    const again = node.attachments(losingAnAnswer());
    await expect(again.attach('a', request)).rejects.toThrow(DatastoreError);
    expect(await again.attach('b', request)).toMatchObject({ kind: 'attached', id: 'b' });
    expect(await node.everything()).toEqual(one);
  });

  it('leaves nothing when one of the named addresses is taken', async () => {
    const named = { ...request, addresses: ['10.0.0.9'] };
    expect((await attachments.attach('a', named)).kind).toBe('attached');
    node.kernel.addNetns('/run/netns/c2');
    const other = { ...named, containerId: 'c2', workload: 'other', netns: '/run/netns/c2' };
    expect(await attachments.attach('b', other)).toMatchObject({ kind: 'refused', code: 'no-address' });
    expect(await node.everything()).toEqual(one);
  });

  it('asked for by two ids at once for one container refuses one, and the other is whole', async () => {
    const answers = await Promise.all([attachments.attach('a', request), attachments.attach('b', request)]);
    expect(answers.map(({ kind }) => kind)).toEqual(['attached', 'refused']);
    expect(await node.everything()).toEqual(one);
  });

  it('refuses a second id for a container, whose interface stays', async () => {
    await attachments.attach('a', request);
    const refused = await attachments.attach('b', request);
    expect(refused).toMatchObject({ kind: 'refused', code: 'conflict', object: 'b' });
    expect(await node.everything()).toEqual(one);
  });
});

describe('detach', () => {
  it('keeps the addresses while the record is there', async () => {
    await attachments.attach('a', request);
    const failing = node.attachments(node.failingOn('delete'));
    await failing.load();
    await expect(failing.detach('a')).rejects.toThrow(DatastoreError);
    expect(await node.everything()).toEqual({ ...one, interfaces: 0 });
    expect((await attachments.detach('a')).kind).toBe('detached');
    expect(await node.everything()).toEqual(nothing);
  });

  it('keeps the addresses while the interface is there', async () => {
    await attachments.attach('a', request);
    node.kernel.failNext('delete-link', 'EBUSY');
    expect(await attachments.detach('a')).toMatchObject({ kind: 'refused', code: 'internal' });
    expect(await node.everything()).toEqual(one);
  });

  it('takes away the interface of an attach that could neither be recorded nor taken back', async () => {
    const failing = node.attachments(node.failingOn('create'));
    node.kernel.failNext('delete-link', 'EBUSY');
    await expect(failing.attach('a', request)).rejects.toThrow(DatastoreError);
    node.kernel.failNext('delete-link', 'EBUSY');
    expect(await failing.detach('a')).toMatchObject({ kind: 'refused', code: 'internal' });
    expect(await node.everything()).toEqual({ interfaces: 1, records: 0, addresses: 1 });
    expect(failing.isPluggedIn('a')).toBe(true);
    expect((await failing.detach('a')).kind).toBe('not-attached');
    expect(failing.isPluggedIn('a')).toBe(false);
    expect(await node.everything()).toEqual(nothing);
  });

  it('leaves alone an interface that another attach has taken over', async () => {
    const again = node.attachments(losingAnAnswer());
    node.kernel.failNext('delete-link', 'EBUSY');
    await expect(again.attach('a', request)).rejects.toThrow(DatastoreError);
    expect((await again.attach('b', request)).kind).toBe('attached');
    expect((await again.detach('a')).kind).toBe('not-attached');
    expect(await node.everything()).toEqual(one);
  });

  it('of an unknown id gives back what a request that died half-way had been assigned', async () => {
    const origin = {
      node: 'node1',
      handle: 'weft.node1.a',
      intendedUse: 'Workload',
      attributes: {},
    } as const;
    await node.ipam.autoAssign({ ...origin, num4: 1, num6: 0 });
    expect(await node.everything()).toEqual({ ...nothing, addresses: 1 });
    expect((await attachments.detach('a')).kind).toBe('not-attached');
    expect(await node.everything()).toEqual(nothing);
  });
});

describe('an endpoint without addresses, such as a Pod that waits', () => {
  it('is not taken for one that is plugged in', async () => {
    await attachments.attach('a', request);
    const [record] = (await node.store.list('WorkloadEndpoint')).items;
    if (!record) throw new Error('no record');
    const { ipNetworks: _, ...spec } = record.spec;
    await node.store.update({ ...record, kind: 'WorkloadEndpoint', spec });
    const restarted = node.attachments();
    await restarted.load();
    expect(restarted.list()).toEqual([]);
  });
});

describe('addresses of an attach that died half-way', () => {
  it('are given back at the next start, those of recorded endpoints are kept', async () => {
    await attachments.attach('whole', request);
    const origin = { node: 'node1', intendedUse: 'Workload', num4: 1 } as const;
    const half = await node.ipam.autoAssign({ ...origin, handle: 'weft.node1.half' });
    if (half.kind !== 'assigned') throw new Error(half.what);
    await node.ipam.autoAssign({ ...origin, handle: 'weft.node2.other', node: 'node1' });
    expect(await node.heldAddresses()).toBe(3);

    const restarted = node.attachments();
    await restarted.load();
    expect(await restarted.reclaim([])).toEqual(['half']);
    expect(await node.heldAddresses()).toBe(2);
    expect(node.forgotten).toEqual([
      { of: half.addresses.map(({ address }) => address), wasPublished: false, ...one, addresses: 2 },
    ]);
  });

  it('are found by what the blocks say where the handle is that of CNI and does not name the node', async () => {
    const containerId = 'ab'.repeat(32);
    const id = `net:${containerId}:eth0`;
    const recording = Promise.withResolvers<void>();
    const never = node.storeWith({
      create: () => {
        recording.resolve();
        return new Promise(() => {});
      },
    });
    void node.attachments(never).attach(id, { ...request, containerId });
    await recording.promise;
    const origin = { node: 'node1', intendedUse: 'Workload', num4: 1 } as const;
    const foreign = { node: 'node1', pod: 'web', namespace: 'default' };
    await node.ipam.autoAssign({ ...origin, handle: `net.${'cd'.repeat(32)}`, attributes: foreign });
    expect(await node.heldAddresses()).toBe(2);

    const restarted = node.attachments();
    await restarted.load();
    const blocks = (await node.store.list('BlockAffinity')).items.map(({ spec }) => prefix(spec.cidr));
    expect(await restarted.reclaim(blocks)).toEqual([id]);
    expect(await node.heldAddresses()).toBe(1);
  });
});

it('labels count also when the store tells them before it has answered that the container is recorded', async () => {
  const create: Datastore['create'] = async (given) => {
    const outcome = await node.store.create(given);
    const record = given as WorkloadEndpoint;
    if (given.kind === 'WorkloadEndpoint')
      telling.relabel({ ...record, metadata: { ...record.metadata, labels: { app: 'router' } } });
    return outcome;
  };
  const telling = node.attachments(node.storeWith({ create }));
  await telling.attach('one', request);
  expect(telling.resources().map(({ metadata }) => metadata.labels)).toEqual([{ app: 'router' }]);
});

import { once } from 'node:events';
import { createServer } from 'node:net';
import { type AttachRequest, isRefusal } from '@weft/control';
import { createMemoryStore, type Datastore, DatastoreError } from '@weft/datastore';
import { prefix } from '@weft/ip';
import { createIpam, type Ipam } from '@weft/ipam';
import { FakeKernel } from '@weft/kernel';
import { parseResource, type Resource, type WorkloadEndpoint } from '@weft/resources';
import { beforeEach, describe, expect, it } from 'vitest';
import { Attachments } from './attachments.ts';

const apiVersion = 'projectcalico.org/v3';
const now = (): number => 1_800_000_000_000;
const request: AttachRequest = {
  containerId: 'c1',
  netns: '/run/netns/c1',
  interfaceName: 'eth0',
  orchestrator: 'cni',
  workload: 'web',
  families: ['ipv4'],
};

let kernel: FakeKernel;
let store: Datastore;
let ipam: Ipam;
let attachments: Attachments;
/** What was to be forgotten, and what was there then. */
let forgotten: object[];
/** Why ports cannot be published. */
let portsFailure: string | undefined;
beforeEach(async () => {
  kernel = new FakeKernel();
  portsFailure = undefined;
  forgotten = [];
  kernel.addNetns('/run/netns/c1');
  store = createMemoryStore({ now, uuid: () => 'uid' });
  await store.create(resource('Node', 'node1', {}));
  await store.create(resource('IPPool', 'pool', { cidr: '10.0.0.0/24' }));
  ipam = createIpam({ store, now });
  attachments = attachmentsOn(store);
});

function resource(kind: string, name: string, spec: object): Resource {
  const parsed = parseResource({ apiVersion, kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.resource;
}

function attachmentsOn(used: Datastore): Attachments {
  return new Attachments({
    nodeName: 'node1',
    store: used,
    ipam: { attach: ipam, detach: ipam, reclaim: ipam },
    kernel,
    mtuBytes: () => 1500,
    interfacePrefix: () => 'cali',
    now,
    hostRouting: () => ({ metric: 1024 }),
    changed: () => {},
    portsPublished: async () => portsFailure,
    flowsForgotten: async (addresses, wasPublished) => {
      forgotten.push({ of: addresses, wasPublished, ...(await everything()) });
    },
    sourcesGuarded: async () => undefined,
    announced: async () => {},
  });
}

/** The store as it is, but for one verb on WorkloadEndpoints. */
function failingOn(verb: 'create' | 'delete'): Datastore {
  return new Proxy(store, {
    get: (target, property) =>
      property === verb
        ? () => Promise.reject(new DatastoreError('unavailable', 'ordered by the test'))
        : Reflect.get(target, property).bind(target),
  });
}

/** The store as it is, but the first WorkloadEndpoint is written and its answer lost. */
function losingAnAnswer(): Datastore {
  let isLost = false;
  const create: Datastore['create'] = async (resource) => {
    const outcome = await store.create(resource);
    if (isLost) return outcome;
    isLost = true;
    throw new DatastoreError('unavailable', 'the answer was lost, as the test wants');
  };
  return new Proxy(store, {
    get: (target, property) => (property === 'create' ? create : Reflect.get(target, property).bind(target)),
  });
}

/** By handle: an address that was given back is not free at once. */
async function heldAddresses(): Promise<number> {
  const { items } = await store.list('IPAMHandle');
  return items.flatMap(({ spec }) => Object.values(spec.block)).reduce((sum, count) => sum + count, 0);
}

async function records(): Promise<number> {
  return (await store.list('WorkloadEndpoint')).items.length;
}

const interfaces = (): string[] => kernel.links().flatMap(({ name }) => (name === 'lo' ? [] : [name]));

/** Interface, record and address of every container. */
async function everything(): Promise<object> {
  return { interfaces: interfaces().length, records: await records(), addresses: await heldAddresses() };
}
const nothing = { interfaces: 0, records: 0, addresses: 0 };
const one = { interfaces: 1, records: 1, addresses: 1 };

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
      expect(forgotten).toEqual([{ of, wasPublished, interfaces: 0, records: 0, addresses: 1 }]);
    },
  );

  it('makes an interface, a record and an address, and detach takes them away', async () => {
    const attached = await attachments.attach('a', request);
    if (isRefusal(attached)) throw new Error(attached.message);
    expect(await everything()).toEqual(one);
    const { addresses } = attached;
    expect(await attachments.detach('a')).toEqual({ kind: 'detached', id: 'a', addresses });
    expect(await everything()).toEqual(nothing);
  });

  it('asked for twice at once plugs in once', async () => {
    const kinds = await Promise.all([attachments.attach('a', request), attachments.attach('a', request)]);
    expect(kinds.map(({ kind }) => kind)).toEqual(['attached', 'already-attached']);
    expect(await everything()).toEqual(one);
  });

  it('leaves nothing when the namespace is not there', async () => {
    const refused = await attachments.attach('a', { ...request, netns: '/run/netns/none' });
    expect(refused).toMatchObject({ kind: 'refused', code: 'not-found', object: '/run/netns/none' });
    expect(await everything()).toEqual(nothing);
  });

  it('leaves nothing when the record cannot be written', async () => {
    await expect(attachmentsOn(failingOn('create')).attach('a', request)).rejects.toThrow(DatastoreError);
    expect(await everything()).toEqual(nothing);
  });

  it('leaves nothing, its ports neither, when nobody waits any more at its end', async () => {
    const abandoned = new AbortController();
    const recording = Promise.withResolvers<void>();
    const answering = Promise.withResolvers<void>();
    const slow = attachmentsOn(
      new Proxy(store, {
        get: (target, property) => {
          if (property !== 'create') return Reflect.get(target, property).bind(target);
          return async (...resource: Parameters<Datastore['create']>) => {
            recording.resolve();
            await answering.promise;
            return store.create(...resource);
          };
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
    expect(await everything()).toEqual(nothing);
    expect(await attaching).toMatchObject({ kind: 'refused', code: 'unavailable' });
    expect((await slow.attach('b', { ...web, workload: 'other' })).kind).toBe('attached');
  });

  it('succeeds after a try whose record was written though nobody was told', async () => {
    const again = attachmentsOn(losingAnAnswer());
    await expect(again.attach('a', request)).rejects.toThrow(DatastoreError);
    expect(await again.attach('b', request)).toMatchObject({ kind: 'attached', id: 'b' });
    expect(await everything()).toEqual(one);
  });

  it('leaves nothing when one of the named addresses is taken', async () => {
    const named = { ...request, addresses: ['10.0.0.9'] };
    expect((await attachments.attach('a', named)).kind).toBe('attached');
    kernel.addNetns('/run/netns/c2');
    const other = { ...named, containerId: 'c2', workload: 'other', netns: '/run/netns/c2' };
    expect(await attachments.attach('b', other)).toMatchObject({ kind: 'refused', code: 'no-address' });
    expect(await everything()).toEqual(one);
  });

  it('asked for by two ids at once for one container refuses one, and the other is whole', async () => {
    const answers = await Promise.all([attachments.attach('a', request), attachments.attach('b', request)]);
    expect(answers.map(({ kind }) => kind)).toEqual(['attached', 'refused']);
    expect(await everything()).toEqual(one);
  });

  it('refuses a second id for a container, whose interface stays', async () => {
    await attachments.attach('a', request);
    const refused = await attachments.attach('b', request);
    expect(refused).toMatchObject({ kind: 'refused', code: 'conflict', object: 'b' });
    expect(await everything()).toEqual(one);
  });
});

describe('published ports', () => {
  const web = { ...request, ports: [{ protocol: 'tcp', hostPort: 28_080, containerPort: 80 }] } as const;
  const other = { ...web, containerId: 'c2', workload: 'other', netns: '/run/netns/c2' };
  beforeEach(() => {
    kernel.addNetns('/run/netns/c2');
  });
  const conflict = {
    kind: 'refused',
    code: 'conflict',
    message: 'port 28080/tcp of the host is published by a',
    object: 'b',
  };

  it('are kept in the record', async () => {
    await attachments.attach('a', web);
    const [record] = (await store.list('WorkloadEndpoint')).items;
    expect(JSON.parse(record?.metadata.annotations?.['weft.dev/ports'] ?? '')).toEqual(web.ports);
  });

  it('belong to one endpoint: the second is refused and leaves nothing', async () => {
    await attachments.attach('a', web);
    expect(await attachments.attach('b', other)).toMatchObject(conflict);
    expect(await everything()).toEqual(one);
  });

  it('belong to the first of two that ask at once', async () => {
    const [first, second] = await Promise.all([attachments.attach('a', web), attachments.attach('b', other)]);
    expect([first.kind, second]).toEqual(['attached', expect.objectContaining(conflict)]);
  });

  it('stay with their endpoint when the daemon starts again', async () => {
    await attachments.attach('a', web);
    const restarted = attachmentsOn(store);
    await restarted.load();
    expect(await restarted.attach('b', other)).toMatchObject(conflict);
  });

  it('are free again after a detach and after an attach that failed', async () => {
    await attachments.attach('a', web);
    await attachments.detach('a');
    const failed = await attachments.attach('c', { ...web, netns: '/run/netns/none' });
    expect(failed).toMatchObject({ code: 'not-found', object: '/run/netns/none' });
    expect((await attachments.attach('b', other)).kind).toBe('attached');
  });

  it('that cannot be published refuse the attach, which leaves nothing', async () => {
    portsFailure = 'there is no program nft';
    const refused = await attachments.attach('a', web);
    expect(refused).toMatchObject({ code: 'internal', message: expect.stringContaining(portsFailure) });
    expect(await everything()).toEqual(nothing);
    expect((await attachments.attach('b', { ...request, containerId: 'c1' })).kind).toBe('attached');
  });

  it('that cannot be published stay with their endpoint while it cannot be taken out', async () => {
    portsFailure = 'there is no program nft';
    const stuck = attachmentsOn(failingOn('delete'));
    await expect(stuck.attach('a', web)).rejects.toThrow(DatastoreError);
    expect(await stuck.attach('b', other)).toMatchObject(conflict);
    expect(await stuck.attach('a', web)).toMatchObject({ message: expect.stringContaining(portsFailure) });
    portsFailure = undefined;
    expect((await stuck.attach('a', web)).kind).toBe('already-attached');
  });

  it('need an address of their family', async () => {
    for (const hostAddress of ['::1', 'fd00::1']) {
      const ports = [{ ...web.ports[0], hostAddress }];
      expect(await attachments.attach('a', { ...web, ports })).toMatchObject({ code: 'invalid-request' });
    }
    const all = [{ ...web.ports[0], hostAddress: '::' }];
    expect((await attachments.attach('a', { ...web, ports: all })).kind).toBe('attached');
  });

  it('are left to a program of the host that listens there', async () => {
    const server = createServer().listen(28_080, '127.0.0.1');
    await once(server, 'listening');
    const refused = await attachments.attach('a', web);
    server.close();
    await once(server, 'close');
    expect(refused).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('a program of the host'),
    });
    expect(await everything()).toEqual(nothing);
    expect((await attachments.attach('a', web)).kind).toBe('attached');
  });

  it('are named once', async () => {
    const ports = [...web.ports, { ...web.ports[0], hostAddress: '10.0.0.1' }];
    expect(await attachments.attach('a', { ...web, ports })).toMatchObject({ code: 'invalid-request' });
  });
});

describe('detach', () => {
  it('keeps the addresses while the record is there', async () => {
    await attachments.attach('a', request);
    const failing = attachmentsOn(failingOn('delete'));
    await failing.load();
    await expect(failing.detach('a')).rejects.toThrow(DatastoreError);
    expect(await everything()).toEqual({ ...one, interfaces: 0 });
    expect((await attachments.detach('a')).kind).toBe('detached');
    expect(await everything()).toEqual(nothing);
  });

  it('keeps the addresses while the interface is there', async () => {
    await attachments.attach('a', request);
    kernel.failNext('delete-link', 'EBUSY');
    expect(await attachments.detach('a')).toMatchObject({ kind: 'refused', code: 'internal' });
    expect(await everything()).toEqual(one);
  });

  it('takes away the interface of an attach that could neither be recorded nor taken back', async () => {
    const failing = attachmentsOn(failingOn('create'));
    kernel.failNext('delete-link', 'EBUSY');
    await expect(failing.attach('a', request)).rejects.toThrow(DatastoreError);
    kernel.failNext('delete-link', 'EBUSY');
    expect(await failing.detach('a')).toMatchObject({ kind: 'refused', code: 'internal' });
    expect(await everything()).toEqual({ interfaces: 1, records: 0, addresses: 1 });
    expect(failing.isPluggedIn('a')).toBe(true);
    expect((await failing.detach('a')).kind).toBe('not-attached');
    expect(failing.isPluggedIn('a')).toBe(false);
    expect(await everything()).toEqual(nothing);
  });

  it('leaves alone an interface that another attach has taken over', async () => {
    const again = attachmentsOn(losingAnAnswer());
    kernel.failNext('delete-link', 'EBUSY');
    await expect(again.attach('a', request)).rejects.toThrow(DatastoreError);
    expect((await again.attach('b', request)).kind).toBe('attached');
    expect((await again.detach('a')).kind).toBe('not-attached');
    expect(await everything()).toEqual(one);
  });

  it('of an unknown id gives back what a request that died half-way had been assigned', async () => {
    const origin = {
      node: 'node1',
      handle: 'weft.node1.a',
      intendedUse: 'Workload',
      attributes: {},
    } as const;
    await ipam.autoAssign({ ...origin, num4: 1, num6: 0 });
    expect(await everything()).toEqual({ ...nothing, addresses: 1 });
    expect((await attachments.detach('a')).kind).toBe('not-attached');
    expect(await everything()).toEqual(nothing);
  });
});

describe('an endpoint without addresses, such as a Pod that waits', () => {
  it('is not taken for one that is plugged in', async () => {
    await attachments.attach('a', request);
    const [record] = (await store.list('WorkloadEndpoint')).items;
    if (!record) throw new Error('no record');
    const { ipNetworks: _, ...spec } = record.spec;
    await store.update({ ...record, kind: 'WorkloadEndpoint', spec });
    const restarted = attachmentsOn(store);
    await restarted.load();
    expect(restarted.list()).toEqual([]);
  });
});

describe('addresses of an attach that died half-way', () => {
  it('are given back at the next start, those of recorded endpoints are kept', async () => {
    await attachments.attach('whole', request);
    const origin = { node: 'node1', intendedUse: 'Workload', num4: 1 } as const;
    const half = await ipam.autoAssign({ ...origin, handle: 'weft.node1.half' });
    if (half.kind !== 'assigned') throw new Error(half.what);
    await ipam.autoAssign({ ...origin, handle: 'weft.node2.other', node: 'node1' });
    expect(await heldAddresses()).toBe(3);

    const restarted = attachmentsOn(store);
    await restarted.load();
    expect(await restarted.reclaim([])).toEqual(['half']);
    expect(await heldAddresses()).toBe(2);
    expect(forgotten).toEqual([
      { of: half.addresses.map(({ address }) => address), wasPublished: false, ...one, addresses: 2 },
    ]);
  });

  it('are found by what the blocks say where the handle is that of CNI and does not name the node', async () => {
    const containerId = 'ab'.repeat(32);
    const id = `net:${containerId}:eth0`;
    const recording = Promise.withResolvers<void>();
    const never = new Proxy(store, {
      get: (target, property) => {
        if (property !== 'create') return Reflect.get(target, property).bind(target);
        return () => {
          recording.resolve();
          return new Promise(() => {});
        };
      },
    });
    void attachmentsOn(never).attach(id, { ...request, containerId });
    await recording.promise;
    const origin = { node: 'node1', intendedUse: 'Workload', num4: 1 } as const;
    const foreign = { node: 'node1', pod: 'web', namespace: 'default' };
    await ipam.autoAssign({ ...origin, handle: `net.${'cd'.repeat(32)}`, attributes: foreign });
    expect(await heldAddresses()).toBe(2);

    const restarted = attachmentsOn(store);
    await restarted.load();
    const blocks = (await store.list('BlockAffinity')).items.map(({ spec }) => prefix(spec.cidr));
    expect(await restarted.reclaim(blocks)).toEqual([id]);
    expect(await heldAddresses()).toBe(1);
  });
});

it('labels count also when the store tells them before it has answered that the container is recorded', async () => {
  const create: Datastore['create'] = async (given) => {
    const outcome = await store.create(given);
    const record = given as WorkloadEndpoint;
    if (given.kind === 'WorkloadEndpoint')
      telling.relabel({ ...record, metadata: { ...record.metadata, labels: { app: 'router' } } });
    return outcome;
  };
  const telling = attachmentsOn(
    new Proxy(store, {
      get: (target, property) =>
        property === 'create' ? create : Reflect.get(target, property).bind(target),
    }),
  );
  await telling.attach('one', request);
  expect(telling.resources().map(({ metadata }) => metadata.labels)).toEqual([{ app: 'router' }]);
});

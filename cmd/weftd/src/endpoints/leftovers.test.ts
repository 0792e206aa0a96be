import { isRefusal } from '@weft/control';
import { createMemoryStore, type Datastore } from '@weft/datastore';
import { createIpam } from '@weft/ipam';
import { FakeKernel } from '@weft/kernel';
import { parseResource, type Resource } from '@weft/resources';
import { createLogger } from '@weft/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { Attachments } from './attachments.ts';
import { UNUSED_HOLD_MS } from './held-addresses.ts';
import { Leftovers } from './leftovers.ts';

let now: number;
let kernel: FakeKernel;
let store: Datastore;
let attachments: Attachments;
let leftovers: Leftovers;
beforeEach(async () => {
  now = 1_800_000_000_000;
  kernel = new FakeKernel();
  store = createMemoryStore({ now: () => now, uuid: () => 'uid' });
  await store.create(resource('Node', 'node1', {}));
  await store.create(resource('IPPool', 'pool', { cidr: '10.0.0.0/16' }));
  const ipam = createIpam({ store, now: () => now });
  attachments = new Attachments({
    nodeName: 'node1',
    store,
    ipam: { attach: ipam, detach: ipam, reclaim: ipam },
    kernel,
    mtuBytes: () => 1500,
    interfacePrefix: () => 'cali',
    now: () => now,
    hostRouting: () => ({ metric: 1024 }),
    changed: () => {},
    portsPublished: async () => undefined,
    flowsForgotten: async () => {},
    sourcesGuarded: async () => undefined,
    announced: async () => {},
  });
  const log = createLogger({ name: 'test', level: 'error' });
  leftovers = new Leftovers({ attachments, kernel, log, now: () => now, mayWrite: () => true });
});

function resource(kind: string, name: string, spec: object): Resource {
  const parsed = parseResource({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.resource;
}

/** An endpoint of Docker; with a namespace as if dockerd had moved its interface there. */
async function endpoint(id: string, netns?: string): Promise<void> {
  const held = await attachments.held.hold(id, { family: 'ipv4' });
  if (isRefusal(held)) throw new Error(held.message);
  const attached = await attachments.attach(id, {
    containerId: `${id}${'0'.repeat(60)}`,
    interfaceName: `tmp${id}`,
    orchestrator: 'libnetwork',
    families: ['ipv4'],
    addresses: [held.address],
    heldAddresses: true,
    ...(netns === undefined ? {} : { netns }),
  });
  if (isRefusal(attached)) throw new Error(attached.message);
}

const endpoints = (): string[] => attachments.list().map(({ id }) => id);
const handles = async (): Promise<number> => (await store.list('IPAMHandle')).items.length;

describe('an endpoint of Docker whose interface is in no container', () => {
  it('goes after a while, and its address after as long again', async () => {
    kernel.addNetns('/run/netns/c1');
    await endpoint('a1', '/run/netns/c1');
    await endpoint('b2');
    await leftovers.sweep();
    now += UNUSED_HOLD_MS - 1;
    await leftovers.sweep();
    expect(endpoints()).toEqual(['a1', 'b2']);
    now += 1;
    await leftovers.sweep();
    expect(endpoints()).toEqual(['a1']);
    expect(await handles()).toBe(2);
    now += UNUSED_HOLD_MS;
    await leftovers.sweep();
    expect(await handles()).toBe(1);
    expect(endpoints()).toEqual(['a1']);
  });

  it('goes too when the interface went with its namespace', async () => {
    await endpoint('b2');
    const link = kernel.links().find(({ name }) => name.startsWith('cali'));
    kernel.apply([{ op: 'delete-link', index: link?.index ?? 0 }]);
    await leftovers.sweep();
    now += UNUSED_HOLD_MS;
    await leftovers.sweep();
    expect(endpoints()).toEqual([]);
  });

  it('stays when dockerd moves the interface in time', async () => {
    await endpoint('b2');
    await leftovers.sweep();
    await attachments.detach('b2');
    kernel.addNetns('/run/netns/c1');
    await attachments.attach('b2', {
      containerId: `b2${'0'.repeat(60)}`,
      interfaceName: 'tmpb2',
      orchestrator: 'libnetwork',
      families: ['ipv4'],
      netns: '/run/netns/c1',
    });
    now += UNUSED_HOLD_MS;
    await leftovers.sweep();
    expect(endpoints()).toEqual(['b2']);
  });
});

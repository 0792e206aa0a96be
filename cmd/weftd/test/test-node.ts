/** A node in memory for tests of its containers: a fake kernel, a datastore and an allocator. */
import type { AttachRequest } from '@weft/control';
import { createMemoryStore, type Datastore, DatastoreError } from '@weft/datastore';
import { createIpam, type Ipam } from '@weft/ipam';
import { FakeKernel } from '@weft/kernel';
import { parseResource, type Resource } from '@weft/resources';
import { Attachments } from '../src/endpoints/attachments.ts';

/** A container of its own namespace, which the node has. */
export const request: AttachRequest = {
  containerId: 'c1',
  netns: '/run/netns/c1',
  interfaceName: 'eth0',
  orchestrator: 'cni',
  workload: 'web',
  families: ['ipv4'],
};

/** How many interfaces, records and held addresses there are. */
export interface Counts {
  readonly interfaces: number;
  readonly records: number;
  readonly addresses: number;
}
export const nothing: Counts = { interfaces: 0, records: 0, addresses: 0 };
export const one: Counts = { interfaces: 1, records: 1, addresses: 1 };

/** The node, with one pool. */
export class TestNode {
  readonly kernel: FakeKernel = new FakeKernel();
  readonly store: Datastore;
  readonly ipam: Ipam;
  /** Milliseconds since the epoch. */
  now = 1_800_000_000_000;
  /** Which flows were to be forgotten, and what was there then. */
  readonly forgotten: object[] = [];
  /** Why ports cannot be published. */
  portsFailure: string | undefined;

  constructor() {
    const now = (): number => this.now;
    this.store = createMemoryStore({ now, uuid: () => 'uid' });
    this.ipam = createIpam({ store: this.store, now });
  }

  /** Makes one. */
  static async withPool(cidr: string): Promise<TestNode> {
    const node = new TestNode();
    node.kernel.addNetns('/run/netns/c1');
    await node.store.create(resource('Node', 'node1', {}));
    await node.store.create(resource('IPPool', 'pool', { cidr }));
    return node;
  }

  /** What a daemon that starts there has, before it has loaded anything. */
  attachments(store: Datastore = this.store, nodeName = 'node1'): Attachments {
    const { ipam, kernel } = this;
    return new Attachments({
      nodeName,
      store,
      ipam: { attach: ipam, detach: ipam, reclaim: ipam },
      kernel,
      mtuBytes: () => 1500,
      interfacePrefix: () => 'cali',
      now: () => this.now,
      hostRouting: () => ({ metric: 1024 }),
      changed: () => {},
      portsPublished: async () => this.portsFailure,
      flowsForgotten: async (addresses, wasPublished) => {
        this.forgotten.push({ of: addresses, wasPublished, ...(await this.everything()) });
      },
      sourcesGuarded: async () => undefined,
      announced: async () => {},
    });
  }

  /** The store as it is, but for some of its verbs. */
  storeWith(verbs: Partial<Datastore>): Datastore {
    const get = (target: Datastore, property: string | symbol): unknown =>
      Reflect.get(verbs, property) ?? Reflect.get(target, property).bind(target);
    return new Proxy(this.store, { get });
  }

  /** The store as it is, but for one verb that fails. */
  failingOn(verb: 'create' | 'delete'): Datastore {
    return this.storeWith({
      [verb]: () => Promise.reject(new DatastoreError('unavailable', 'ordered by the test')),
    });
  }

  /** Every interface of a container on the host, by name. */
  interfaces(): string[] {
    const names = this.kernel.links().map(({ name }) => name);
    return names.filter((name) => name !== 'lo').sort();
  }

  /** By handle: an address that was given back is not free at once. */
  async heldAddresses(): Promise<number> {
    const { items } = await this.store.list('IPAMHandle');
    return items.flatMap(({ spec }) => Object.values(spec.block)).reduce((sum, count) => sum + count, 0);
  }

  /** Interface, record and address of every container. */
  async everything(): Promise<Counts> {
    const { items } = await this.store.list('WorkloadEndpoint');
    const addresses = await this.heldAddresses();
    return { interfaces: this.interfaces().length, records: items.length, addresses };
  }
}

function resource(kind: string, name: string, spec: object): Resource {
  const parsed = parseResource({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.resource;
}

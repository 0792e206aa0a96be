/**
 * A cluster in memory that lives on while a controller looks at old pictures of it: Pods that start, are plugged in, end, move
 * and go with and without a CNI DEL, nodes that go and come back. What happens is data, so a failure is a list to read.
 */
import { createMemoryStore, type Datastore, DatastoreError, type KubernetesObject } from '@weft/datastore';
import { prefix } from '@weft/ip';
import {
  addressAt,
  allocationAt,
  createIpam,
  type Ipam,
  type Leak,
  NO_MEMORY,
  planReclaim,
  type ReclaimMemory,
  type ReclaimSnapshot,
  tunnelAttributes,
  tunnelHandle,
  workloadAttributes,
} from '@weft/ipam';
import { apiVersion, type BlockAffinity, type IPAMBlock } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import { carryOut } from '../src/reclaim/carry-out.ts';
import { type FreshFacts, overlaid } from '../src/reclaim/cluster-state.ts';
import { userOfPod } from '../src/reclaim/pod-users.ts';

/** Something that happens. */
export type Happening =
  | { readonly kind: 'start' | 'move'; readonly pod: number; readonly node: number }
  | { readonly kind: 'plug' | 'report' | 'end' | 'stop' | 'vanish'; readonly pod: number }
  | { readonly kind: 'remove-node' | 'add-node' | 'docker' | 'tunnel' | 'claim'; readonly node: number }
  | { readonly kind: 'tick'; readonly seconds: number }
  /** The controller hears of the newest Pods, nodes or blocks. */
  | { readonly kind: 'hear'; readonly of: keyof Picture }
  /** The controller looks; meanwhile other things happen, and some questions are not answered. */
  | { readonly kind: 'look'; readonly meanwhile: readonly Happening[]; readonly answers: boolean };

/** What the controller knows, each part as old as it likes. */
interface Picture {
  pods: ReadonlyMap<string, KubernetesObject>;
  nodes: ReadonlySet<string>;
  ipam: { readonly blocks: readonly IPAMBlock[]; readonly affinities: readonly BlockAffinity[] };
}

/** The grace period, in milliseconds. */
export const GRACE_MS = 900_000;

const NODES = ['node0', 'node1', 'node2'];
const silent = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

/** A world, and the controller in it. */
export class World {
  readonly store: Datastore;
  readonly ipam: Ipam;
  readonly released: Leak[] = [];
  #now = 1_800_000_000_000;
  #sandboxes = 0;
  readonly #pods = new Map<string, KubernetesObject>();
  /** By Pod: the handle and the addresses of the sandbox that the kubelet knows. */
  readonly #plugged = new Map<string, { handle: string; node: string; addresses: readonly string[] }>();
  #picture: Picture = { pods: new Map(), nodes: new Set(), ipam: { blocks: [], affinities: [] } };
  #memory: ReclaimMemory = NO_MEMORY;

  private constructor() {
    let uids = 0;
    this.store = createMemoryStore({ now: () => this.#now, uuid: () => `uid-${uids++}` });
    this.ipam = createIpam({ store: this.store, now: () => this.#now });
  }

  /** Three nodes, and a pool of eight blocks of four addresses. */
  static async make(): Promise<World> {
    const world = new World();
    await world.store.create({
      apiVersion,
      kind: 'IPPool',
      metadata: { name: 'pods' },
      spec: { cidr: prefix('10.0.0.0/27'), blockSize: 30 },
    } as Parameters<Datastore['create']>[0]);
    for (const node of NODES.keys()) await world.happens({ kind: 'add-node', node });
    return world;
  }

  /** Lets something happen. */
  async happens(happening: Happening): Promise<void> {
    switch (happening.kind) {
      case 'tick':
        this.#now += happening.seconds * 1000;
        return;
      case 'hear':
        return this.#hear(happening.of);
      case 'look':
        return this.#look(happening.meanwhile, happening.answers);
      case 'remove-node':
      case 'add-node':
      case 'docker':
      case 'tunnel':
      case 'claim':
        return this.#toNode(happening.kind, NODES[happening.node] as string);
      default:
        return this.#toPod(happening, `pod${happening.pod}`);
    }
  }

  /** What must hold whatever happened: whoever has an address according to its kubelet still holds it. */
  async check(): Promise<void> {
    const held = await this.#held();
    for (const [pod, { handle, addresses }] of this.#plugged)
      for (const address of addresses)
        if (held.get(address)?.handle !== handle)
          throw new Error(
            `${pod} lives and has lost ${address}: ${JSON.stringify(this.released.map(String))}`,
          );
  }

  /** Lets the kubelets report, and the controller look, with all news, until everything it waits for is over. */
  async settle(): Promise<void> {
    for (const pod of this.#pods.keys())
      await this.#toPod({ kind: 'report', pod: 0 }, pod.slice('shop/'.length));
    for (const _ of [1, 2, 3, 4]) {
      for (const of of ['pods', 'nodes', 'ipam'] as const) await this.#hear(of);
      await this.#look([], true);
      this.#now += GRACE_MS;
    }
  }

  /**
   * Who holds an address and should not: neither a Pod that lives, nor for one whose address nobody knows yet, nor anybody who
   * cannot be judged.
   */
  async leaks(): Promise<string[]> {
    const handles = new Set([...this.#plugged.values()].map(({ handle }) => handle));
    const nodes = await this.#nodes();
    const held = [...(await this.#held()).values()];
    const others = held.filter(({ attributes: { workload } }) => workload !== undefined);
    return held
      .filter(({ handle, attributes: { workload, type, pod, node = '' } }) => {
        if (workload !== undefined || handles.has(handle)) return false;
        const { phase } = this.#pods.get(`shop/${pod}`)?.status ?? {};
        if (phase === 'Pending') return false;
        const isOfDeadNode = !nodes.has(node) && !others.some((other) => other.attributes.node === node);
        return type === undefined || (isOfDeadNode && !this.#isUsed(node));
      })
      .map(({ handle }) => handle);
  }

  /** Nodes that are gone and still own something, although nothing is held there. */
  async deadOwners(): Promise<string[]> {
    const nodes = await this.#nodes();
    const busy = new Set([...(await this.#held()).values()].map(({ attributes }) => attributes.node));
    const { items } = await this.store.list('BlockAffinity');
    return items.map(({ spec }) => spec.node).filter((node) => !nodes.has(node) && !busy.has(node));
  }

  /** How many blocks each node owns. */
  async blockCounts(): Promise<Map<string, number>> {
    const { items } = await this.store.list('BlockAffinity');
    const nodes = await this.#nodes();
    const owned = items.filter(({ spec }) => nodes.has(spec.node));
    return new Map([...Map.groupBy(owned, ({ spec }) => spec.node)].map(([node, all]) => [node, all.length]));
  }

  async #hear(of: keyof Picture): Promise<void> {
    if (of === 'pods') this.#picture = { ...this.#picture, pods: new Map(this.#pods) };
    if (of === 'nodes') this.#picture = { ...this.#picture, nodes: await this.#nodes() };
    if (of !== 'ipam') return;
    const [blocks, affinities] = [await this.store.list('IPAMBlock'), await this.store.list('BlockAffinity')];
    this.#picture = { ...this.#picture, ipam: { blocks: blocks.items, affinities: affinities.items } };
  }

  async #look(meanwhile: readonly Happening[], answers: boolean): Promise<void> {
    const before = await this.blockCounts();
    const policy = { now: this.#now, graceMs: GRACE_MS, mostAddresses: 10_000 };
    const plan = planReclaim(this.#snapshot(), policy, this.#memory);
    this.#memory = plan.memory;
    const rest = meanwhile.values();
    await carryOut(plan.steps, {
      state: { snapshot: (_now, fresh) => this.#snapshot(fresh) },
      cluster: {
        get: async (_type, { name, namespace }) => {
          if (!answers) throw new DatastoreError('unavailable', 'The server failed (500).');
          const pod = this.#pods.get(`${namespace}/${name}`);
          for (const happening of rest.take(1)) await this.happens(happening);
          return pod;
        },
      },
      ipam: this.ipam,
      nodeExists: async (name) => (await this.store.get({ kind: 'Node', name })) !== undefined,
      now: () => this.#now,
      mayAct: () => true,
      onReleased: (leak) => void this.released.push(leak),
      log: silent,
    });
    const after = await this.blockCounts();
    const nodes = await this.#nodes();
    for (const [node, count] of before)
      if (count > 0 && nodes.has(node) && !after.has(node) && meanwhile.length === 0)
        throw new Error(`${node} has lost its last block`);
  }

  #snapshot(fresh: FreshFacts = { pods: new Map(), nodes: new Map() }): ReclaimSnapshot {
    const { pods, nodes, ipam } = this.#picture;
    const users = new Map([...pods].map(([name, pod]) => [name, userOfPod(pod)]));
    const cooldown = { seconds: 60, now: this.#now };
    return { ...ipam, ...overlaid({ pods: users, nodes }, fresh), arePods: true, cooldown };
  }

  async #toNode(
    kind: 'remove-node' | 'add-node' | 'docker' | 'tunnel' | 'claim',
    name: string,
  ): Promise<void> {
    const key = { kind: 'Node', name } as const;
    const isThere = (await this.store.get(key)) !== undefined;
    if (kind === 'add-node' && !isThere)
      await this.store.create({ apiVersion, kind: 'Node', metadata: { name }, spec: {} });
    if (!isThere) return;
    if (kind === 'remove-node') await this.store.delete(key);
    const ask = { node: name, num4: 1 } as const;
    if (kind === 'docker') {
      const attributes = { node: name, workload: 'db' };
      await this.ipam.autoAssign({
        ...ask,
        handle: `docker.${this.#sandboxes++}`,
        attributes,
        intendedUse: 'Workload',
      });
    }
    if (kind === 'tunnel') {
      const handle = tunnelHandle('ipip', name);
      await this.ipam.autoAssign({
        ...ask,
        handle,
        attributes: tunnelAttributes('ipip', name),
        intendedUse: 'Tunnel',
      });
    }
    if (kind === 'claim') {
      const cidr = prefix(`10.0.0.${(this.#sandboxes++ % 8) * 4}/30`);
      await this.ipam.claimAffinity({ cidr, owner: { type: 'host', name } });
    }
  }

  async #toPod(happening: Extract<Happening, { pod: number }>, pod: string): Promise<void> {
    const name = `shop/${pod}`;
    const current = this.#pods.get(name);
    switch (happening.kind) {
      case 'start':
      case 'move': {
        if (current && happening.kind === 'start') return;
        const nodeName = NODES[happening.node] as string;
        this.#plugged.delete(name);
        this.#pods.set(name, {
          metadata: { name: pod, namespace: 'shop', annotations: {} },
          spec: { nodeName },
          status: { phase: 'Pending' },
        });
        return;
      }
      case 'plug':
        return this.#plug(name, pod, current);
      case 'report': {
        const podIP = this.#plugged.get(name)?.addresses[0];
        if (current && podIP !== undefined)
          this.#pods.set(name, { ...current, status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] } });
        return;
      }
      case 'end':
        if (current) this.#pods.set(name, { ...current, status: { ...current.status, phase: 'Succeeded' } });
        this.#plugged.delete(name);
        return;
      case 'stop': {
        const handle = this.#plugged.get(name)?.handle;
        if (handle !== undefined) await this.ipam.releaseByHandle(handle);
      }
    }
    this.#plugged.delete(name);
    this.#pods.delete(name);
  }

  /** What the CNI does for a Pod that is there and has no sandbox; its node must be there, too. */
  async #plug(name: string, pod: string, current: KubernetesObject | undefined): Promise<void> {
    if (!current || this.#plugged.has(name) || current.status?.phase !== 'Pending') return;
    const node = String(current.spec?.nodeName);
    const handle = `k8s-pod-network.${this.#sandboxes++}`;
    const attributes = workloadAttributes({ node, pod, namespace: 'shop', now: this.#now });
    const outcome = await this.ipam.autoAssign({
      node,
      handle,
      attributes,
      num4: 1,
      intendedUse: 'Workload',
    });
    if (outcome.kind !== 'assigned') return;
    this.#plugged.set(name, { handle, node, addresses: outcome.addresses.map(({ address }) => address) });
  }

  #isUsed(node: string): boolean {
    return [...this.#plugged.values()].some((one) => one.node === node);
  }

  async #nodes(): Promise<Set<string>> {
    return new Set((await this.store.list('Node')).items.map(({ metadata }) => metadata.name));
  }

  /** By address, what the blocks say of those that are held. */
  async #held(): Promise<Map<string, { handle: string; attributes: Readonly<Record<string, string>> }>> {
    const { items } = await this.store.list('IPAMBlock');
    return new Map(
      items.flatMap(({ spec }) =>
        [...spec.allocations.keys()].flatMap((ordinal) => {
          const allocation = allocationAt(spec, ordinal);
          if (!allocation || allocation.releasedAt !== undefined) return [];
          return [
            [
              addressAt(spec, ordinal),
              { handle: allocation.handle ?? '', attributes: allocation.attributes },
            ],
          ];
        }),
      ),
    );
  }
}

/**
 * What the leader knows of its cluster: blocks, affinities, nodes, pools and settings from a mirror of the datastore, and the
 * Pods. Nothing is decided from it before all of it was read once, nor while any of it is interrupted.
 */
import {
  type Datastore,
  type KubernetesCluster,
  type Mirror,
  type MirrorChange,
  mirror,
} from '@weft/datastore';
import { type AddressUser, configOf, type IpamView, type ReclaimSnapshot } from '@weft/ipam';
import type { IPPool } from '@weft/resources';
import { PodUsers } from './pod-users.ts';

const KINDS = [
  'IPAMBlock',
  'BlockAffinity',
  'Node',
  'IPPool',
  'IPReservation',
  'IPAMConfiguration',
  'ClusterInformation',
] as const;

type MirroredKind = (typeof KINDS)[number];

/** Facts that were read again, later than everything else. */
export interface FreshFacts {
  /** By name; undefined for Pods that are gone. */
  readonly pods: ReadonlyMap<string, AddressUser | undefined>;
  /** Which of the nodes that were asked for are there. */
  readonly nodes: ReadonlyMap<string, boolean>;
}

/** What the state tells of its changes. */
export interface StateListener {
  /** A Pod or a Node is gone, or everything was read anew: there may be something to take back. */
  readonly onLoss: () => void;
  /** Something cannot be followed just now. */
  readonly onInterruption: (error: Error) => void;
}

/** The live state; begins to follow at once. */
export class ClusterState {
  readonly #mirror: Mirror<MirroredKind>;
  readonly #pods = new PodUsers();
  readonly #stop = new AbortController();
  /** Rejects with a failure that will not pass by itself; resolves after `close`. */
  readonly finished: Promise<unknown>;

  constructor(store: Datastore, cluster: KubernetesCluster, listener: StateListener) {
    this.#mirror = mirror(store, KINDS, (change) => tell(change, listener));
    const pods = this.#pods.follow(cluster, this.#stop.signal, (event) => {
      if (event.kind === 'interrupted') listener.onInterruption(event.error);
      else if (event.kind !== 'put') listener.onLoss();
    });
    this.finished = Promise.all([this.#mirror.finished, pods]);
    this.finished.catch(() => undefined);
  }

  /** Why nothing can be decided now; undefined when all is known. */
  get whyNotReady(): string | undefined {
    const { inSync, interruptions } = this.#mirror;
    const [kind] = interruptions.keys();
    if (!inSync || !this.#pods.isCurrent) return 'the objects of the cluster are being read';
    if (kind !== undefined) return `${kind} objects cannot be followed just now`;
    const information = this.#mirror.objects('ClusterInformation').get('default');
    if (information?.spec.datastoreReady === false)
      return 'the datastore is locked (ClusterInformation default: datastoreReady is false)';
    return undefined;
  }

  /** What the allocator asks for, answered from here. */
  get view(): Partial<IpamView> {
    return {
      pools: () => this.pools,
      reservations: () => [...this.#mirror.objects('IPReservation').values()],
      configuration: () => this.#mirror.objects('IPAMConfiguration').get('default'),
      node: (name) => this.#mirror.objects('Node').get(name),
    };
  }

  /** All pools. */
  get pools(): readonly IPPool[] {
    return [...this.#mirror.objects('IPPool').values()];
  }

  /** The names of all nodes. */
  get nodes(): ReadonlySet<string> {
    return new Set(this.#mirror.objects('Node').keys());
  }

  /** The ranges that nobody is given by himself. */
  get reserved(): readonly string[] {
    return [...this.#mirror.objects('IPReservation').values()].flatMap(
      ({ spec }) => spec.reservedCIDRs ?? [],
    );
  }

  /** Everything a plan is made from, with what was read again in the place of what was known. */
  snapshot(now: number, fresh?: FreshFacts): ReclaimSnapshot {
    const users = new Map(this.#pods.all);
    for (const [name, user] of fresh?.pods ?? []) {
      if (user) users.set(name, user);
      else users.delete(name);
    }
    const nodes = new Set(this.nodes);
    for (const [node, isThere] of fresh?.nodes ?? []) {
      if (isThere) nodes.add(node);
      else nodes.delete(node);
    }
    const configuration = this.#mirror.objects('IPAMConfiguration').get('default');
    return {
      blocks: [...this.#mirror.objects('IPAMBlock').values()],
      affinities: [...this.#mirror.objects('BlockAffinity').values()],
      nodes,
      users: [...users.values()],
      arePods: true,
      cooldown: { seconds: configOf(configuration).cooldownSeconds, now },
    };
  }

  /** Stops following. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#mirror.close();
    await this.finished.catch(() => undefined);
  }
}

function tell({ resourceKind, event }: MirrorChange<MirroredKind>, listener: StateListener): void {
  if (event.kind === 'interrupted') listener.onInterruption(event.error);
  else if (event.kind === 'snapshot' || (resourceKind === 'Node' && event.kind === 'delete'))
    listener.onLoss();
}

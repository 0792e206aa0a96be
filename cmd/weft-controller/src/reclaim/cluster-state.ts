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

const NOTHING_FRESH: FreshFacts = { pods: new Map(), nodes: new Map() };

/** Pods and nodes as they are known, but for those that were asked for again. */
export function overlaid(
  known: { readonly pods: ReadonlyMap<string, AddressUser>; readonly nodes: ReadonlySet<string> },
  fresh: FreshFacts,
): Pick<ReclaimSnapshot, 'users' | 'nodes'> {
  const users = [...new Map([...known.pods, ...fresh.pods]).values()].filter((user) => user !== undefined);
  const others = [...known.nodes].filter((node) => !fresh.nodes.has(node));
  const asked = [...fresh.nodes].flatMap(([node, isThere]) => (isThere ? [node] : []));
  return { users, nodes: new Set([...others, ...asked]) };
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
  snapshot(now: number, fresh: FreshFacts = NOTHING_FRESH): ReclaimSnapshot {
    const configuration = this.#mirror.objects('IPAMConfiguration').get('default');
    return {
      blocks: [...this.#mirror.objects('IPAMBlock').values()],
      affinities: [...this.#mirror.objects('BlockAffinity').values()],
      ...overlaid({ pods: this.#pods.all, nodes: this.nodes }, fresh),
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

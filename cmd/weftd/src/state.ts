/**
 * The daemon's picture of the datastore: the kinds it follows, as `calculate` and the allocator want them.
 */
import { createHash } from 'node:crypto';
import {
  announcesServices,
  type CalcInput,
  type EffectiveFelixSettings,
  effectiveFelixSettings,
  encapsulationOf,
  type LocalFacts,
  type WorkloadRouting,
  workloadRouting,
} from '@weft/calc';
import { type Datastore, type Mirror, type MirrorChange, mirror } from '@weft/datastore';
import { type Family, familyOf } from '@weft/ip';
import { type IpamView, isSameOwner, ownerOfAffinity } from '@weft/ipam';
import {
  type BgpSettings,
  type BlockAffinity,
  effectiveBgpSettings,
  type FelixConfiguration,
  type Kind,
  type Node,
  type ResourceOf,
  type WorkloadEndpoint,
} from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import type { Options } from './options.ts';
import { passwordNames } from './secrets/password-names.ts';
import { PasswordWatch } from './secrets/password-watch.ts';
import { ServiceWatch } from './services/service-watch.ts';
import { LateCluster } from './store/cluster.ts';
import { isLocked } from './store/cluster-information.ts';
import type { StoreHealth } from './store/store-health.ts';
import { PlaceWatch } from './tunnels/place-watch.ts';

const kinds = [
  'Node',
  'IPPool',
  'IPReservation',
  'IPAMConfiguration',
  'BlockAffinity',
  'BGPConfiguration',
  'BGPPeer',
  'BGPFilter',
  'ClusterInformation',
  'FelixConfiguration',
  'CalicoNodeStatus',
] as const;
type MirroredKind = (typeof kinds)[number];

/** A store outside Kubernetes has nowhere to keep them. */
const NO_PASSWORDS: ReadonlyMap<string, string> = new Map();

/** A live copy of what this daemon needs of the datastore. */
export class State {
  readonly mirror: Mirror<MirroredKind>;
  readonly health: StoreHealth;
  /** Undefined where the store is in none. */
  readonly cluster: LateCluster | undefined;
  /** Only a Kubernetes cluster has Services. */
  readonly #services: ServiceWatch | undefined;
  /** Where the addresses of encapsulated pools are. */
  readonly #places: PlaceWatch;
  /** And Secrets. */
  readonly #passwords: PasswordWatch | undefined;
  readonly #nodeName: string;
  readonly #nodeKnown = Promise.withResolvers<void>();
  #constant: Pick<CalcInput, 'nodeName' | 'nodeNameDigest' | 'settings'>;
  /** Lists handed out before, the same object until their kind changes: the calculator goes by that. */
  readonly #lists = new Map<MirroredKind, unknown>();
  #ownBlocks: readonly BlockAffinity[] | undefined;
  /** What the settings of FelixConfiguration were last decided from. */
  #felix:
    | {
        readonly node: Node | undefined;
        readonly configurations: readonly FelixConfiguration[];
        readonly effective: EffectiveFelixSettings;
      }
    | undefined;

  /** @param onChange told of every change but those of other nodes' affinities: their blocks are learned by BGP, or by `places` */
  constructor(
    store: Datastore,
    options: Options,
    health: StoreHealth,
    log: Logger,
    onChange: (kind: Kind | 'Service' | 'Secret') => void,
  ) {
    const { datastore, nodeName } = options;
    const cluster = LateCluster.of(datastore);
    if (cluster !== undefined) {
      this.#services = new ServiceWatch({
        nodeName,
        log,
        cluster: () => cluster.open(),
        changed: () => onChange('Service'),
      });
      this.#passwords = new PasswordWatch({
        log,
        namespace: options.secretsNamespace,
        cluster: () => cluster.open(),
        changed: () => onChange('Secret'),
      });
    }
    this.cluster = cluster;
    this.#places = new PlaceWatch({ store, log, changed: () => onChange('IPAMBlock') });
    this.#nodeName = nodeName;
    this.#constant = constantInput(options);
    this.health = health;
    this.mirror = mirror(store, kinds, (change) => {
      this.#hearHealth(change.event);
      if (change.event.kind === 'interrupted') return;
      this.#lists.delete(change.resourceKind);
      if (this.mirror.objects('Node').has(nodeName)) this.#nodeKnown.resolve();
      if (isBlockOfAnother(change, this.#nodeName)) return;
      if (change.resourceKind === 'BlockAffinity') this.#ownBlocks = undefined;
      if (change.resourceKind === 'BGPConfiguration')
        this.#services?.want(announcesServices(this.#bgpSettings()));
      this.#wantPasswords(change.resourceKind);
      if (change.resourceKind === 'IPPool')
        this.#places.want(this.all('IPPool').some((pool) => encapsulationOf(pool) !== undefined));
      onChange(change.resourceKind);
    });
  }

  /**
   * Resolves when everything is read, the Node of this daemon among it: it was written a moment ago, maybe after Nodes were
   * listed. Rejects as the mirror does.
   */
  async whenInSync(): Promise<void> {
    await this.mirror.whenInSync();
    await Promise.race([this.#nodeKnown.promise, this.mirror.finished]);
    await this.#services?.whenRead();
    await this.#passwords?.whenRead();
    await this.#places.whenRead();
  }

  async close(): Promise<void> {
    this.#services?.close();
    this.#passwords?.close();
    this.#places.close();
    this.cluster?.close();
    await this.mirror.close();
  }

  /** True while all that is mirrored is known and its watches run: what is decided rests on the present. */
  get isCurrent(): boolean {
    return this.mirror.inSync && this.mirror.interruptions.size === 0 && this.trouble === undefined;
  }

  /** Why what is known is not all, or old: in one sentence; undefined while nothing has failed. */
  get trouble(): string | undefined {
    return this.health.describe() ?? this.#places.trouble;
  }

  #wantPasswords(changed: Kind): void {
    if (changed !== 'BGPPeer' && changed !== 'BGPConfiguration') return;
    const configuration = this.mirror.objects('BGPConfiguration').get('default');
    this.#passwords?.want(passwordNames(this.mirror.objects('BGPPeer').values(), configuration));
  }

  #hearHealth(event: MirrorChange<MirroredKind>['event']): void {
    if (event.kind === 'interrupted') this.health.failed(event.error);
    if (event.kind === 'snapshot' && this.mirror.interruptions.size === 0) this.health.answered();
  }

  /** Every object of a kind, in no order. */
  all<K extends MirroredKind>(kind: K): readonly ResourceOf<K>[] {
    const known = this.#lists.get(kind) as readonly ResourceOf<K>[] | undefined;
    if (known !== undefined) return known;
    const list = [...this.mirror.objects(kind).values()];
    this.#lists.set(kind, list);
    return list;
  }

  /** True while somebody has locked the datastore. */
  get isLocked(): boolean {
    return isLocked(this.mirror.objects('ClusterInformation').get('default'));
  }

  /** The blocks of this node, in any state of their affinity. */
  ownBlocks(): readonly BlockAffinity[] {
    this.#ownBlocks ??= this.all('BlockAffinity').filter(({ spec }) => spec.node === this.#nodeName);
    return this.#ownBlocks;
  }

  /** How many blocks of a family this node holds. */
  ownBlockCount(family: Family): number {
    return this.ownBlocks().filter(({ spec }) => familyOf(spec.cidr) === family).length;
  }

  /** What `calculate` decides from. */
  calcInput(endpoints: readonly WorkloadEndpoint[], facts: LocalFacts): CalcInput {
    return {
      ...this.#constant,
      nodes: this.all('Node'),
      pools: this.all('IPPool'),
      bgpConfigurations: this.all('BGPConfiguration'),
      bgpPeers: this.all('BGPPeer'),
      bgpFilters: this.all('BGPFilter'),
      blockAffinities: this.ownBlocks(),
      places: this.#places.places(),
      services: this.#services?.services() ?? [],
      secrets: this.#passwords?.values() ?? NO_PASSWORDS,
      endpoints,
      felix: this.felix().settings,
      facts,
    };
  }

  /** From now on peers are to avoid this node, or no longer. */
  setDraining(isDraining: boolean): void {
    this.#constant = { ...this.#constant, settings: { ...this.#constant.settings, isDraining } };
  }

  /** What FelixConfiguration and the environment say on this node. */
  felix(): EffectiveFelixSettings {
    const node = this.mirror.objects('Node').get(this.#nodeName);
    const configurations = this.all('FelixConfiguration');
    const known = this.#felix;
    if (known?.node === node && known?.configurations === configurations) return known.effective;
    const nodeName = this.#nodeName;
    const effective = effectiveFelixSettings({ nodeName, node, configurations, environment: process.env });
    this.#felix = { node, configurations, effective };
    return effective;
  }

  /** The metric and the source of routes to the workloads of a family. */
  workloadRouting(family: Family): WorkloadRouting {
    return workloadRouting(family, this.felix().settings, this.#bgpSettings());
  }

  #bgpSettings(): BgpSettings {
    const configurations = this.mirror.objects('BGPConfiguration');
    const own = configurations.get(`node.${this.#nodeName}`);
    return effectiveBgpSettings(configurations.get('default'), own);
  }

  /** The allocator's facts without a round trip; being a moment behind costs it an attempt, never correctness. */
  ipamView(): IpamView {
    return {
      pools: () => this.all('IPPool'),
      reservations: () => this.all('IPReservation'),
      configuration: () => this.mirror.objects('IPAMConfiguration').get('default'),
      node: (name) => this.mirror.objects('Node').get(name),
      affinities: (owner) =>
        this.all('BlockAffinity').filter((affinity) => isSameOwner(ownerOfAffinity(affinity), owner)),
    };
  }
}

function constantInput({
  nodeName,
  holdTimeSeconds,
  restartTimeSeconds,
  routerId,
  withoutBgp,
}: Options): Pick<CalcInput, 'nodeName' | 'nodeNameDigest' | 'settings'> {
  return {
    nodeName,
    nodeNameDigest: createHash('sha256').update(nodeName).digest(),
    settings: {
      holdTimeSeconds,
      gracefulRestartTimeSeconds: restartTimeSeconds,
      routerId,
      isDraining: false,
      ...(withoutBgp ? { withoutBgp } : {}),
    },
  };
}

// A deletion does not say whose block it was.
function isBlockOfAnother({ resourceKind, event }: MirrorChange<MirroredKind>, nodeName: string): boolean {
  return resourceKind === 'BlockAffinity' && event.kind === 'put' && event.resource.spec.node !== nodeName;
}

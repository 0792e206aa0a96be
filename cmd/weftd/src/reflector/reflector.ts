/**
 * weftd as a route reflector: sessions with every node, and nothing else. It reads Nodes, BGPConfigurations and BGPPeers, believes
 * them gone only while the datastore is that of the first cluster it saw (`FirstCluster`), writes nothing but its record, and needs
 * no right on its host.
 *
 *     datastore ─▶ Nodes, BGPConfigurations, BGPPeers ─┬─▶ calculateReflector ─▶ Speaking
 *     Kubernetes ─▶ Secrets with their passwords ──────┘
 */
import { createHash } from 'node:crypto';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { calculateReflector, type ReflectorInput } from '@weft/calc';
import { type ControlServer, type Health, startControlServer } from '@weft/control';
import { type Mirror, mirror, openDatastore } from '@weft/datastore';
import { type Address, type Prefix, parseAddress, parseInterfaceAddress } from '@weft/ip';
import type { Logger } from '@weft/telemetry';
import { type Followed, Speaking } from '../bgp/speaking.ts';
import { Audit } from '../control/audit.ts';
import { listeningOptions } from '../control/listening.ts';
import { isElsewhere } from '../joining.ts';
import { Metrics } from '../monitoring/metrics.ts';
import { readiness } from '../monitoring/readiness.ts';
import type { Options } from '../options.ts';
import { NodeRecord } from '../recording/node-record.ts';
import { RecordAnswers } from '../recording/record-answers.ts';
import { passwordNames } from '../secrets/password-names.ts';
import { PasswordWatch } from '../secrets/password-watch.ts';
import { LateCluster } from '../store/cluster.ts';
import { FirstCluster } from '../store/first-cluster.ts';
import { GuardedStore } from '../store/guarded-store.ts';
import { LateStore } from '../store/late-store.ts';
import { locationOf } from '../store/location.ts';
import { StoreHealth } from '../store/store-health.ts';
import { reflectorBackend } from './reflector-backend.ts';

const kinds = ['Node', 'BGPConfiguration', 'BGPPeer'] as const;

/** Makes a reflector; nothing runs before `start`. Throws DatastoreError when a datastore of this machine is not there. */
export async function createReflector(options: Options, log: Logger): Promise<Reflector> {
  const store = new LateStore(() => openDatastore(options.datastore));
  if (!isElsewhere(options)) await store.open();
  return new Reflector(options, log, store);
}

/** A running reflector. */
export class Reflector {
  readonly #options: Options;
  readonly #store: LateStore;
  readonly #health: StoreHealth;
  readonly #mirror: Mirror<(typeof kinds)[number]>;
  readonly #cluster: LateCluster | undefined;
  /** Only in Kubernetes are there Secrets. */
  readonly #passwords: PasswordWatch | undefined;
  readonly #metrics = new Metrics('route-reflector');
  readonly #speaking: Speaking;
  readonly #record: NodeRecord;
  readonly #nameDigest: Uint8Array;
  readonly #log: Logger;
  readonly #audit: Audit;
  #control: ControlServer | undefined;
  #scheduled = false;
  #running = false;

  constructor(options: Options, log: Logger, store: LateStore) {
    this.#options = options;
    this.#store = store;
    this.#log = log;
    this.#audit = new Audit(log);
    this.#nameDigest = createHash('sha256').update(options.nodeName).digest();
    this.#health = new StoreHealth(locationOf(options.datastore), log);
    this.#mirror = mirror(new GuardedStore(store, new FirstCluster()), kinds, ({ event, resourceKind }) => {
      if (event.kind === 'interrupted') return this.#health.failed(event.error);
      if (event.kind === 'snapshot' && this.#mirror.interruptions.size === 0) this.#health.answered();
      this.#metrics.datastoreEvent(resourceKind);
      this.#wantPasswords();
      this.#schedule();
    });
    const cluster = LateCluster.of(options.datastore);
    this.#cluster = cluster;
    this.#passwords =
      cluster &&
      new PasswordWatch({
        log,
        namespace: options.secretsNamespace,
        cluster: () => cluster.open(),
        changed: () => this.#schedule(),
      });
    this.#record = new NodeRecord({
      options,
      log,
      bgp: () => this.#speaking.bgp,
      awaitsRoutes: () => this.#speaking.awaitsRoutes,
      // It writes no routes.
      inKernel: () => [],
    });
    this.#speaking = new Speaking({
      log,
      record: this.#record,
      // Nodes forward whatever becomes of the reflector: it may always be one that was here before.
      restarting: () => true,
      routesChanged: () => undefined,
      initialRoutesComplete: () => undefined,
      tryAgain: () => this.#schedule(),
    });
  }

  /** Opens the control socket, waits for the datastore, then for the nodes. */
  async start(): Promise<void> {
    this.#metrics.watchPeers({
      inSync: () => this.#isCurrent,
      bgp: () => this.#speaking.bgp,
      sessions: () => this.#speaking.sessions,
      ready: () => this.#readiness().ok,
    });
    this.#control = await startControlServer({
      backend: reflectorBackend({
        options: this.#options,
        bgp: () => this.#speaking.bgp,
        sessions: () => this.#speaking.sessions,
        metrics: () => this.#metrics.render(),
        readiness: () => this.#readiness(),
        inSync: () => this.#isCurrent,
        nodes: () => [...this.#mirror.objects('Node').values()],
        storeAway: () => this.#health.describe(),
        recorded: new RecordAnswers(this.#options, this.#record.recorder),
      }),
      onRequest: (record) => {
        this.#metrics.answered(record);
        this.#audit.heard(record);
      },
      ...listeningOptions(this.#options, this.#log),
    });
    await this.#mirror.whenInSync();
    this.#record.start();
    this.#running = true;
    this.#apply();
  }

  /** Rejects when the datastore fails for good. */
  get finished(): Promise<never> {
    // A mirror that ends without an error was closed by us.
    return this.#mirror.finished.then(() => Promise.withResolvers<never>().promise);
  }

  /** Closes sessions so that nodes keep the routes, and lets go of the datastore. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#control?.close();
    // As with a node, the end of the process is not that of its routes: what follows is not recorded.
    const recorded = this.#record.close();
    await this.#speaking.stop();
    await recorded;
    this.#passwords?.want(new Set());
    this.#cluster?.close();
    await this.#mirror.close();
    await this.#store.close();
  }

  get #isCurrent(): boolean {
    return this.#mirror.inSync && this.#mirror.interruptions.size === 0 && this.#health.away === undefined;
  }

  #readiness(): Health {
    return readiness({
      inSync: this.#isCurrent,
      storeAway: this.#health.describe(),
      awaited: this.#running ? undefined : 'it reads the datastore',
      tunnels: [],
      noBgpReason: undefined,
      listenError: this.#speaking.error?.message,
      peers: this.#speaking.bgp?.peers() ?? [],
      isSettling: this.#speaking.isSettling,
      awaitsRoutes: this.#speaking.awaitsRoutes,
      dataplane: undefined,
      natFailure: undefined,
    });
  }

  #wantPasswords(): void {
    const configuration = this.#mirror.objects('BGPConfiguration').get('default');
    this.#passwords?.want(passwordNames(this.#mirror.objects('BGPPeer').values(), configuration));
  }

  /** Many changes at once cost one computation. */
  #schedule(): void {
    if (!this.#running || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#apply());
  }

  #apply(): void {
    this.#scheduled = false;
    if (!this.#running) return;
    const start = performance.now();
    const input = this.#input();
    this.#record.decidesReflector(input);
    const { config, sessions } = calculateReflector(input);
    this.#metrics.calculated((performance.now() - start) / 1000);
    const wanted: Followed = {
      speaker: { kind: 'bgp', config },
      announcements: [],
      nodeAddresses: [],
      sessions,
    };
    this.#record.decided(wanted, wanted.announcements);
    this.#speaking.follow(wanted);
  }

  #input(): ReflectorInput {
    const { holdTimeSeconds, listenPort, nodeName, restartTimeSeconds, routerId } = this.#options;
    return {
      name: nodeName,
      nameDigest: this.#nameDigest,
      listenPort,
      nodes: [...this.#mirror.objects('Node').values()],
      bgpConfigurations: [...this.#mirror.objects('BGPConfiguration').values()],
      bgpPeers: [...this.#mirror.objects('BGPPeer').values()],
      secrets: this.#passwords?.values() ?? new Map(),
      addresses: hostAddresses(),
      subnets: hostSubnets(),
      settings: { holdTimeSeconds, gracefulRestartTimeSeconds: restartTimeSeconds, routerId },
    };
  }
}

/** The addresses by which nodes may name the host. */
function hostAddresses(): Address[] {
  return interfaceAddresses().flatMap(({ address }) => {
    const parsed = parseAddress(address);
    return parsed.ok ? [parsed.value] : [];
  });
}

/** The subnets of the host. */
function hostSubnets(): Prefix[] {
  return interfaceAddresses().flatMap(({ cidr, internal }) => {
    const parsed = parseInterfaceAddress(cidr ?? '');
    return !internal && parsed.ok ? [parsed.value.prefix] : [];
  });
}

/** What the interfaces of the host have, as it is now: a reflector has no door to the kernel. */
function interfaceAddresses(): NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces()).flatMap((list = []) => list);
}

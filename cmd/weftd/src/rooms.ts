/**
 * The rooms of a node's daemon, put together: who gives what to whom. Nothing is decided here, and nothing begins.
 *
 *     datastore ─▶ State ──┐                 ┌─▶ Speaking ─┐
 *     kernel ─▶ facts ─────┼─▶ calculate ────┤             ├─▶ Forwarding ─▶ kernel
 *     Attachments ─────────┘                 └─────────────┘
 */
import { type Health, type Refusal, refuse } from '@weft/control';
import { FactsWatcher } from '@weft/dataplane';
import { type Address, containsAddress } from '@weft/ip';
import { createIpam } from '@weft/ipam';
import { type Kernel, MAIN_TABLE, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import { nodeAddresses } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import { Announcing } from './bgp/announcing.ts';
import { bgpPeers } from './bgp/bgp-answers.ts';
import { Speaking } from './bgp/speaking.ts';
import { CniPlugin } from './cni/plugin.ts';
import { weftdHost } from './cni/weftd-host.ts';
import { Audit } from './control/audit.ts';
import { type BackendSources, controlBackend, routeStatuses, since } from './control-backend.ts';
import { Deciding } from './deciding.ts';
import { Draining } from './draining/draining.ts';
import { Attaching } from './endpoints/attaching.ts';
import { Attachments } from './endpoints/attachments.ts';
import { LabelWatch } from './endpoints/label-watch.ts';
import { Leftovers } from './endpoints/leftovers.ts';
import { type NodeSources, notCurrent } from './explain/sources.ts';
import { Forwarding } from './forwarding.ts';
import { Joining } from './joining.ts';
import { BatchedJournal, journaledUses } from './journal.ts';
import { LinkRouters } from './links/link-routers.ts';
import { Metrics } from './monitoring/metrics.ts';
import { Monitoring, type MonitoringAnswers } from './monitoring/monitoring.ts';
import { readiness } from './monitoring/readiness.ts';
import type { NodeFacts } from './node-status/report.ts';
import { NodeStatusReporter } from './node-status/reporter.ts';
import type { Options } from './options.ts';
import { routesInKernel } from './recording/kernel-routes.ts';
import { NodeRecord } from './recording/node-record.ts';
import { RecordAnswers } from './recording/record-answers.ts';
import { NodeStartup } from './startup/node-startup.ts';
import { State } from './state.ts';
import { ClusterIdentity } from './store/cluster-identity.ts';
import { LOCKED, LOCKED_HINT } from './store/cluster-information.ts';
import { GuardedStore } from './store/guarded-store.ts';
import type { LateStore } from './store/late-store.ts';
import { locationOf } from './store/location.ts';
import { StoreHealth } from './store/store-health.ts';
import type { Unreadable } from './store/unreadable.ts';
import { TunnelAddresses } from './tunnels/tunnel-addresses.ts';
import { version } from './version.ts';

/** All rooms of a node's daemon; nothing runs before the daemon starts them. */
export class Rooms {
  readonly options: Options;
  readonly log: Logger;
  readonly store: GuardedStore;
  readonly kernel: Kernel;
  readonly metrics: Metrics = new Metrics('node');
  readonly state: State;
  readonly facts: FactsWatcher;
  readonly record: NodeRecord;
  readonly forwarding: Forwarding;
  readonly deciding: Deciding;
  readonly draining: Draining;
  readonly links: LinkRouters;
  readonly speaking: Speaking;
  readonly announcing: Announcing;
  readonly tunnelAddresses: TunnelAddresses;
  readonly attachments: Attachments;
  readonly labels: LabelWatch;
  readonly journal: BatchedJournal;
  readonly startup: NodeStartup;
  readonly joining: Joining;
  readonly unreadable: Unreadable;
  readonly attaching: Attaching;
  readonly cni: CniPlugin;
  readonly answering: MonitoringAnswers;
  readonly monitoring: Monitoring;
  readonly reporter: NodeStatusReporter;
  readonly leftovers: Leftovers;
  /** An earlier weftd's routes are in the kernel and still forward. */
  restarting: boolean;

  /** @param delayed the start may take long: whoever asks should be told. May be called more than once */
  constructor(
    options: Options,
    log: Logger,
    late: LateStore,
    kernel: Kernel,
    unreadable: Unreadable,
    delayed: () => Promise<void>,
  ) {
    this.options = options;
    this.log = log;
    const earlier = kernel.routes({ table: MAIN_TABLE, protocol: WEFT_ROUTE_PROTOCOL });
    this.restarting = earlier.length > 0;
    const identity = new ClusterIdentity(options.nodenameFile, () => this.restarting);
    this.unreadable = unreadable;
    const store = new GuardedStore(late, identity, (key, reason) => unreadable.found(key, reason));
    this.store = store;
    this.kernel = kernel;
    const health = new StoreHealth(locationOf(options.datastore), log);
    this.state = new State(store, options, health, log, (kind) => {
      this.metrics.datastoreEvent(kind);
      if (kind === 'Node') this.startup.hearNodes(this.state.all('Node'));
      if (kind === 'CalicoNodeStatus') this.followRequests();
      else this.deciding.schedule('everything');
    });
    const changed = (): void => this.deciding.schedule('everything');
    this.facts = new FactsWatcher({
      kernel,
      workloadPrefixes: () => this.state.felix().settings.interfacePrefixes,
      changed,
      failed: ({ message, code }) => log.error('facts-unreadable', message, { code }),
    });
    this.record = new NodeRecord({
      options,
      log,
      bgp: () => this.speaking.bgp,
      awaitsRoutes: () => this.speaking.awaitsRoutes,
      inKernel: () => routesInKernel(this.forwarding.dataplane),
    });
    this.forwarding = new Forwarding({
      kernel,
      nodeName: options.nodeName,
      log,
      record: this.record,
      metrics: this.metrics,
      limits: options.fuse,
      workloadPrefixes: () => this.state.felix().settings.interfacePrefixes,
      decideAnew: () => this.deciding.schedule('everything'),
      isOfPool: (address) => this.#isOfPool(address),
    });
    this.links = new LinkRouters({
      kernel,
      log,
      changed,
      hasSession: (router) => this.speaking.hasSessionWith(router),
    });
    this.speaking = new Speaking({
      log,
      record: this.record,
      restarting: () => this.restarting,
      routesChanged: (changes) => this.forwarding.take(changes),
      initialRoutesComplete: () => this.forwarding.fuses.sweep(),
      tryAgain: changed,
    });
    this.journal = new BatchedJournal(options.ipamJournal, log);
    this.announcing = new Announcing({
      timeoutMilliseconds: options.announceTimeoutMilliseconds,
      log,
      speaker: () => (this.speaking.noBgpReason === undefined ? this.speaking.bgp : undefined),
      isAnnounceable: (address) => this.#isOfPool(address),
      waited: (outcome, seconds) => this.metrics.announced(outcome, seconds),
    });
    const ipam = createIpam({ store, now: Date.now, view: this.state.ipamView() });
    this.tunnelAddresses = new TunnelAddresses({
      nodeName: options.nodeName,
      ipam,
      log,
      node: () => this.state.mirror.objects('Node').get(options.nodeName),
      pools: () => this.state.all('IPPool'),
      isLeaving: () => this.forwarding.tunnels.isLeaving,
      unsupported: () => this.forwarding.tunnels.unsupported,
      mayWrite: () => !this.state.isLocked,
    });
    this.attachments = new Attachments({
      nodeName: options.nodeName,
      store,
      ipam: journaledUses(ipam, this.journal, options.nodeName),
      kernel,
      mtuBytes: (addresses) => this.deciding.mtuOf(addresses),
      interfacePrefix: () => this.state.felix().settings.interfacePrefixes[0],
      now: Date.now,
      hostRouting: (family) => this.state.workloadRouting(family),
      changed: () => this.deciding.schedule('endpoints'),
      portsPublished: () => this.forwarding.portsPublished(),
      sourcesGuarded: () => this.forwarding.sourcesGuarded(),
      flowsForgotten: (addresses, wasPublished) => this.forwarding.forgetFlows(addresses, wasPublished),
      announced: (addresses) => this.announcing.wait(addresses),
    });
    this.labels = new LabelWatch({
      nodeName: options.nodeName,
      // Not the guarded one, which looks at the cluster's identity whenever a Pod of any node has gone.
      store: late,
      log,
      seen: (endpoint) => this.attachments.relabel(endpoint),
    });
    this.draining = new Draining({
      nodeName: options.nodeName,
      log,
      endpoints: () => this.attachments.list(),
      peers: () => this.speaking.networkPeers,
      changed: (isDraining) => {
        this.state.setDraining(isDraining);
        this.deciding.schedule('everything');
      },
    });
    this.attaching = new Attaching({
      options,
      state: this.state,
      store,
      attachments: this.attachments,
      metrics: this.metrics,
      whyNotNow: (id) => this.#whyNotNow(id),
      whyNoMore: (id) => this.draining.refusal(id),
    });
    const host = weftdHost({
      log,
      nodeName: options.nodeName,
      attaching: this.attaching,
      attachments: this.attachments,
      // Sessions that have had no time yet: a restart must not make the node unfit for Pods.
      readiness: () => this.readiness(false),
      cluster: this.state.cluster,
    });
    this.cni = new CniPlugin(host, options.cniSpool, Date.now);
    const audit = new Audit(log);
    this.answering = {
      backend: controlBackend(this.#backendSources()),
      onRequest: (record) => {
        this.metrics.answered(record);
        audit.heard(record);
      },
    };
    this.monitoring = new Monitoring(this.answering, log);
    this.deciding = new Deciding({
      state: this.state,
      facts: this.facts,
      attachments: this.attachments,
      labels: this.labels,
      forwarding: this.forwarding,
      speaking: this.speaking,
      announcing: this.announcing,
      tunnelAddresses: this.tunnelAddresses,
      monitoring: this.monitoring,
      links: this.links,
      metrics: this.metrics,
      record: this.record,
      log,
    });
    this.leftovers = new Leftovers({
      attachments: this.attachments,
      kernel,
      log,
      now: Date.now,
      mayWrite: () => !this.state.isLocked,
    });
    this.reporter = new NodeStatusReporter({
      nodeName: options.nodeName,
      store,
      log,
      facts: () => this.#nodeFacts(),
      mayWrite: () => !this.state.isLocked,
    });
    this.startup = new NodeStartup({
      options,
      store,
      cluster: this.state.cluster,
      kernel,
      facts: () => this.facts.facts,
      log,
      isReady: () => this.readiness().ok,
      isLocked: () => this.state.isLocked,
    });
    this.joining = new Joining({
      options,
      log,
      store,
      identity,
      state: this.state,
      attachments: this.attachments,
      journal: this.journal,
      startup: this.startup,
      delayed,
    });
  }

  #backendSources(): BackendSources {
    return {
      options: this.options,
      state: this.state,
      dataplane: this.forwarding.dataplane,
      store: this.store,
      fuses: this.forwarding.fuses,
      draining: this.draining,
      attachments: this.attachments,
      metrics: this.metrics,
      journal: this.journal,
      bgp: () => this.speaking.bgp,
      sessions: () => this.speaking.sessions,
      readiness: () => this.readiness(),
      addresses: () => this.startup.addresses,
      attaching: this.attaching,
      cni: this.cni,
      explaining: this.#explaining(),
      unreadable: this.unreadable,
      recorded: new RecordAnswers(this.options, this.record.recorder),
    };
  }

  #explaining(): NodeSources {
    const { nodeName } = this.options;
    const nodes = () => this.state.all('Node');
    return {
      nodeName,
      bgp: () => this.speaking.bgp,
      sessions: () => this.speaking.sessions,
      nodes,
      addresses: () =>
        nodes()
          .filter(({ metadata }) => metadata.name === nodeName)
          .flatMap(nodeAddresses),
      notCurrent: () => notCurrent(this.state.isCurrent, this.state.trouble),
      state: this.state,
      endpoints: () => this.attachments.resources(),
      routes: () => routeStatuses(this.forwarding.dataplane),
      kernel: this.kernel,
      natFailure: () => this.forwarding.nat.failure,
      desired: () => this.deciding.desired,
      announced: () => this.deciding.announced,
      routing: () => this.deciding.routing,
      rejected: () => this.forwarding.fib.rejected,
    };
  }

  /** Why nothing can be attached or detached just now. */
  #whyNotNow(id: string): Refusal | undefined {
    if (this.state.isLocked) return refuse('unavailable', LOCKED, id, LOCKED_HINT);
    return this.joining.whyNotNow(id);
  }

  /** Whether the node is fit for work, and why not. */
  readiness(isSettling: boolean = this.speaking.isSettling): Health {
    return readiness({
      inSync: this.state.isCurrent,
      storeAway: this.state.trouble,
      awaited: this.joining.awaited,
      noBgpReason: this.speaking.isSilentByChoice ? undefined : this.speaking.noBgpReason,
      listenError: this.speaking.error?.message,
      peers: this.speaking.networkPeers,
      isSettling,
      awaitsRoutes: this.speaking.awaitsRoutes,
      dataplane: this.forwarding.dataplane.status(),
      natFailure: this.forwarding.nat.failure,
      tunnels: this.forwarding.tunnels.status,
    });
  }

  /** Reports go to whoever asks for them, from the first computation on. */
  followRequests(): void {
    if (this.deciding.isRunning) this.reporter.follow(this.state.all('CalicoNodeStatus'));
  }

  #nodeFacts(): NodeFacts {
    const { bgpIdentifier, peers } = bgpPeers(this.speaking.bgp, this.speaking.sessions, since);
    const learned = (this.speaking.bgp?.locRib() ?? []).flatMap(({ best, prefix }) =>
      best?.peer === undefined ? [] : ([[prefix, best.peer]] as const),
    );
    return {
      now: new Date().toISOString(),
      startedAt: since,
      version,
      bgpIdentifier: this.speaking.bgp === undefined ? undefined : bgpIdentifier,
      peers,
      routes: routeStatuses(this.forwarding.dataplane),
      learnedFrom: new Map(learned),
    };
  }

  #isOfPool(address: Address): boolean {
    return this.state.all('IPPool').some(({ spec }) => containsAddress(spec.cidr, address));
  }
}

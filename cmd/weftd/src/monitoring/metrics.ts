/**
 * The daemon's numbers: what rooms report as it happens, and what is read off them at each scrape.
 */

import type { SessionDecision } from '@weft/calc';
import { FUSE_TABLES, type RequestRecord } from '@weft/control';
import type { Dataplane, DataplaneEvent, NatEvent, NatTable, TunnelDevices } from '@weft/dataplane';
import { familyOf } from '@weft/ip';
import { collectProcessMetrics, METRICS, MetricRegistry } from '@weft/telemetry';
import type { AnnouncingOutcome } from '../bgp/announcing.ts';
import type { Bgp } from '../bgp/bgp.ts';
import type { Attachments } from '../endpoints/attachments.ts';
import type { Fuses } from '../fuse/fuses.ts';
import type { Options } from '../options.ts';
import type { State } from '../state.ts';
import { version } from '../version.ts';

/** What every weftd has to tell at each scrape. */
export interface PeerMetricSources {
  /** What is known of the datastore is complete and up to date. */
  readonly inSync: () => boolean;
  readonly bgp: () => Bgp | undefined;
  /** What every peer is, and why. */
  readonly sessions: () => readonly SessionDecision[];
  readonly ready: () => boolean;
}

/** The rooms of a node whose numbers are read at each scrape. */
export interface MetricSources extends Omit<PeerMetricSources, 'inSync'> {
  readonly state: State;
  readonly dataplane: Dataplane;
  readonly nat: NatTable;
  readonly tunnels: Pick<TunnelDevices, 'status'>;
  readonly fuses: Fuses;
  readonly attachments: Attachments;
}

/** All metrics of one daemon. */
export class Metrics {
  readonly #registry = new MetricRegistry();
  readonly #datastoreEvents = this.#registry.counter(METRICS.datastoreEvents);
  readonly #calc = this.#registry.histogram(METRICS.calcSeconds);
  readonly #attach = this.#registry.histogram(METRICS.endpointAttachSeconds);
  readonly #detach = this.#registry.histogram(METRICS.endpointDetachSeconds);
  readonly #repairs = this.#registry.counter(METRICS.routeRepairs);
  readonly #failures = this.#registry.counter(METRICS.routeFailures);
  readonly #resyncs = this.#registry.histogram(METRICS.routeResyncSeconds);
  readonly #announce = this.#registry.histogram(METRICS.announceSeconds);
  readonly #announceTimeouts = this.#registry.counter(METRICS.announceTimeouts);
  readonly #dropped = {
    'spoofed-sources-dropped': this.#registry.counter(METRICS.spoofedPackets),
    'workload-tunnels-dropped': this.#registry.counter(METRICS.workloadTunnelPackets),
    'foreign-vxlan-dropped': this.#registry.counter(METRICS.foreignVxlanPackets),
  };
  readonly #natRepairs = this.#registry.counter(METRICS.natRepairs);
  readonly #natFailures = this.#registry.counter(METRICS.natFailures);
  readonly #requests = this.#registry.counter(METRICS.controlRequests);
  readonly #requestSeconds = this.#registry.histogram(METRICS.controlRequestSeconds);

  constructor(role: Options['role']) {
    this.#registry.gauge(METRICS.buildInfo).with({ version, node_version: process.version, role }).set(1);
    collectProcessMetrics(this.#registry);
  }

  /** The page Prometheus scrapes. */
  render(): string {
    return this.#registry.render();
  }

  /** A change came from the datastore. */
  datastoreEvent(kind: string): void {
    this.#datastoreEvents.with({ kind }).inc();
  }

  /** The desired state was computed. */
  calculated(seconds: number): void {
    this.#calc.with().observe(seconds);
  }

  /** A container was attached, or not. */
  attached(outcome: string, seconds: number): void {
    this.#attach.with({ outcome }).observe(seconds);
  }

  /** A container was detached, or not. */
  detached(outcome: string, seconds: number): void {
    this.#detach.with({ outcome }).observe(seconds);
  }

  /** A container has waited for its block to be announced and acknowledged. */
  announced(outcome: AnnouncingOutcome, seconds: number): void {
    this.#announce.with({ outcome }).observe(seconds);
    if (outcome === 'aborted' || outcome === 'not-announced') this.#announceTimeouts.with().inc();
  }

  /** The control API answered. */
  answered({ operation, status, seconds }: RequestRecord): void {
    this.#requests.with({ operation, status: String(status) }).inc();
    this.#requestSeconds.with({ operation }).observe(seconds);
  }

  /** The data plane tells of its doings. */
  dataplaneEvent(event: DataplaneEvent): void {
    if (event.kind === 'resynced') this.#resyncs.with().observe(event.durationMilliseconds / 1000);
    if (event.kind === 'route-failed') this.#failures.with({ errno: event.failure.errno }).inc();
    if (event.kind !== 'routes-repaired') return;
    for (const destination of event.destinations) {
      this.#repairs.with({ family: `ipv${familyOf(destination)}` }).inc();
    }
  }

  /** The table of nftables tells of its doings. */
  natEvent(event: NatEvent): void {
    const { kind } = event;
    if ('packets' in event) this.#dropped[event.kind].with().inc(event.packets);
    if (kind === 'nat-repaired') this.#natRepairs.with().inc();
    if (kind === 'nat-failed') this.#natFailures.with().inc();
  }

  /** Reads the rooms of a node at each scrape from now on. */
  watch({ state, dataplane, fuses, nat, tunnels, attachments, bgp, sessions, ready }: MetricSources): void {
    const held = this.#registry.gauge(METRICS.fuseHeldRoutes);
    const endpoints = this.#registry.gauge(METRICS.endpoints);
    const blocks = this.#registry.gauge(METRICS.ipamBlocks);
    const routes = this.#registry.gauge(METRICS.routes);
    const calicoRoutes = this.#registry.gauge(METRICS.calicoRoutes);
    const hosts = this.#registry.gauge(METRICS.clusterHosts);
    const tunnelInSync = this.#registry.gauge(METRICS.tunnelInSync);
    const natInSync = this.#registry.gauge(METRICS.natInSync);
    this.watchPeers({ inSync: () => state.isCurrent, bgp, sessions, ready });
    this.#registry.onScrape(() => {
      endpoints.with().set(attachments.resources().length);
      for (const family of [4, 6] as const) {
        blocks.with({ family: `ipv${family}` }).set(state.ownBlockCount(family));
      }
      const { desired, inKernel } = dataplane.status();
      routes.with({ state: 'wanted' }).set(desired);
      routes.with({ state: 'in-kernel' }).set(inKernel);
      calicoRoutes.with({ table: 'main' }).set(inKernel);
      hosts.with().set(state.all('Node').length);
      for (const table of FUSE_TABLES) held.with({ table }).set(fuses.heldRoutes(table));
      natInSync.with().set(nat.failure === undefined ? 1 : 0);
      tunnelInSync.clear();
      for (const { failure, name: device } of tunnels.status)
        tunnelInSync.with({ device }).set(failure === undefined ? 1 : 0);
    });
  }

  /** Reads what every weftd has to tell at each scrape from now on. */
  watchPeers({ bgp, inSync, ready, sessions }: PeerMetricSources): void {
    const isReady = this.#registry.gauge(METRICS.ready);
    const isInSync = this.#registry.gauge(METRICS.datastoreInSync);
    const resyncState = this.#registry.gauge(METRICS.calicoResyncState);
    const peers = new PeerMetrics(this.#registry);
    this.#registry.onScrape(() => {
      isReady.with().set(ready() ? 1 : 0);
      isInSync.with().set(inSync() ? 1 : 0);
      resyncState.with().set(inSync() ? 3 : 2);
      peers.collect(bgp(), sessions());
    });
  }
}

/** What each peer is about; a peer that is gone has no series any more. */
class PeerMetrics {
  readonly #up;
  readonly #established;
  readonly #updates;
  readonly #prefixes;
  readonly #bfdUp;
  readonly #bfdUps;

  constructor(registry: MetricRegistry) {
    this.#up = registry.gauge(METRICS.bgpPeerUp);
    this.#established = registry.counter(METRICS.bgpSessionsEstablished);
    this.#updates = registry.counter(METRICS.bgpUpdatesReceived);
    this.#prefixes = registry.gauge(METRICS.bgpPrefixes);
    this.#bfdUp = registry.gauge(METRICS.bfdUp);
    this.#bfdUps = registry.counter(METRICS.bfdUps);
  }

  collect(bgp: Bgp | undefined, sessions: readonly SessionDecision[]): void {
    const types = new Map<string, SessionDecision['type']>(
      sessions.flatMap(({ kind, peer, type }) => (kind === 'session' ? [[peer, type]] : [])),
    );
    for (const family of [this.#up, this.#established, this.#updates, this.#prefixes]) family.clear();
    for (const family of [this.#bfdUp, this.#bfdUps]) family.clear();
    for (const status of bgp?.peers() ?? []) {
      const { address: peer, bfd, state, establishedCount, updatesReceived, families } = status;
      const type = types.get(peer) ?? 'global';
      this.#up.with({ peer, type }).set(state === 'Established' ? 1 : 0);
      this.#established.with({ peer, type }).setTotal(establishedCount);
      this.#updates.with({ peer }).setTotal(updatesReceived);
      if (bfd !== undefined) {
        this.#bfdUp.with({ peer }).set(bfd.state === 'Up' ? 1 : 0);
        this.#bfdUps.with({ peer }).setTotal(bfd.counts?.ups ?? 0);
      }
      for (const { family, received, advertised } of families) {
        this.#prefixes.with({ peer, table: 'adj-rib-in', family }).set(received);
        this.#prefixes.with({ peer, table: 'adj-rib-out', family }).set(advertised);
      }
    }
  }
}

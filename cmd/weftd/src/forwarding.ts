/**
 * What the kernel does for this node: routes, the switches they need, and its table of nftables; and what the log and the
 * metrics hear of them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DesiredState,
  type FelixSettings,
  LOCAL_ROUTE_CLASSES,
  type PortForward,
  type RoutingContext,
} from '@weft/calc';
import {
  Dataplane,
  type DataplaneEvent,
  type FlowEvent,
  type NatEvent,
  NatTable,
  StaleFlows,
  TunnelDevices,
  type TunnelEvent,
  type WorkloadAddressEvent,
  WorkloadAddresses,
} from '@weft/dataplane';
import type { Address } from '@weft/ip';
import type { Kernel } from '@weft/kernel';
import type { Logger } from '@weft/telemetry';
import type { LocRibChange } from 'bgp-speaker-ts';
import { Fib } from './bgp/fib.ts';
import type { FuseLimits } from './fuse/fuse.ts';
import { Fuses } from './fuse/fuses.ts';
import type { Metrics } from './monitoring/metrics.ts';
import type { NodeRecord } from './recording/node-record.ts';

/** What it is given. */
export interface ForwardingOptions {
  readonly kernel: Kernel;
  readonly nodeName: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly record: Pick<NodeRecord, 'refusedByKernel' | 'wrote'>;
  readonly limits: FuseLimits;
  /** What the names of workload interfaces begin with. */
  readonly workloadPrefixes: () => readonly string[];
  /** What a fuse held is to go. */
  readonly decideAnew: () => void;
  /** Whether an address is of a pool. */
  readonly isOfPool: (address: Address) => boolean;
}

const whatWasDropped = {
  'spoofed-sources-dropped': 'containers sent from addresses that are not theirs',
  'workload-tunnels-dropped':
    'containers sent VXLAN or IPIP; if they may, say so by allowVXLANPacketsFromWorkloads or allowIPIPPacketsFromWorkloads of FelixConfiguration',
  'foreign-vxlan-dropped':
    'hosts that are no nodes sent VXLAN to this one; if they may, name them in externalNodesList of FelixConfiguration',
};

/** Writes what is wanted, and keeps it so. */
export class Forwarding {
  readonly dataplane: Dataplane;
  readonly nat: NatTable;
  readonly tunnels: TunnelDevices;
  readonly #workloadAddresses: WorkloadAddresses;
  readonly fib: Fib;
  readonly fuses: Fuses;
  readonly #flows: StaleFlows;
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #record: ForwardingOptions['record'];
  #guarded: Promise<unknown> | undefined;
  #portForwards: readonly PortForward[] = [];

  constructor(options: ForwardingOptions) {
    const { decideAnew, isOfPool, kernel, limits, log, metrics, nodeName, record, workloadPrefixes } =
      options;
    this.#log = log;
    this.#metrics = metrics;
    this.#record = record;
    this.dataplane = new Dataplane({
      kernel,
      report: (event) => this.#hearDataplane(event),
      wrote: (routes) => record.wrote(routes),
    });
    this.nat = new NatTable({ report: (event) => this.#hearNat(event) });
    this.#flows = new StaleFlows({ kernel, isOfPool, report: (event) => this.#hearFlows(event) });
    this.tunnels = new TunnelDevices({ kernel, nodeName, report: (event) => this.#hearTunnel(event) });
    this.#workloadAddresses = new WorkloadAddresses({
      kernel,
      workloadPrefixes,
      report: (event) => this.#hearWorkloadAddress(event),
    });
    this.fuses = new Fuses({
      limits,
      dataplane: this.dataplane,
      log,
      giveUp: (withdrawals) => this.fib.giveUp(withdrawals),
      nodeName,
      decideAnew,
    });
    this.fib = new Fib(this.dataplane, this.fuses);
  }

  /** Takes over what was calculated. */
  want({ nat, routes, tunnels }: DesiredState): void {
    // Before the routes that lead there.
    this.tunnels.want(tunnels);
    this.dataplane.wantAll(LOCAL_ROUTE_CLASSES, routes);
    this.#portForwards = nat.portForwards;
    this.nat.want(nat);
    this.fuses.reconsider();
  }

  /** Has the addresses that these workloads peer with. To be told after the speaker, whose last word goes out from them. */
  peerWith(workloads: DesiredState['peeringWorkloads']): void {
    this.#workloadAddresses.want(workloads);
  }

  /** Best paths changed. */
  take(changes: readonly LocRibChange[]): void {
    this.fib.take(changes);
    this.fuses.reconsider();
  }

  /** Next hops resolve in another way now. */
  reconsider(context: RoutingContext): void {
    this.fib.reconsider(context);
  }

  /** What FelixConfiguration says of how the kernel is kept. */
  configure(settings: FelixSettings): void {
    this.dataplane.configure({
      resyncMilliseconds: settings.routeRefreshIntervalMs,
      forwarding: settings.ipForwarding,
      writesRoutes: !settings.routeSyncDisabled,
    });
  }

  /** Resolves when the sources of containers have been checked for the first time, or cannot be. Costs nothing after that. */
  sourcesGuarded(): Promise<unknown> {
    this.#guarded ??= this.portsPublished();
    return this.#guarded;
  }

  /** In the kernel, or why not: for an attach whose ports are to be there when it is answered. */
  async portsPublished(): Promise<string | undefined> {
    // The computation that an attach asked for comes first.
    await nextTurn();
    return this.nat.settled();
  }

  /**
   * Resolves when nothing is tracked any more that leads to addresses which lost their container.
   *
   * @param wasPublished ports led there: as long as rules say so, what is forgotten comes back with the next packet
   */
  async forgetFlows(addresses: readonly Address[], wasPublished: boolean): Promise<void> {
    if (wasPublished) await this.portsPublished();
    this.#flows.forget(addresses);
  }

  /** Leaves everything as it is. */
  close(): void {
    this.dataplane.close();
    this.nat.close();
    this.tunnels.close();
    this.#workloadAddresses.close();
  }

  #hearNat(event: NatEvent): void {
    this.#metrics.natEvent(event);
    // A table that is older than what is wanted is followed by another.
    if (event.kind === 'nat-written') this.#flows.follow(this.#portForwards);
    const { kind, ...fields } = event;
    if (kind === 'nat-written') this.#log.info(kind, 'the table of nftables is as wanted', fields);
    if (kind === 'nat-repaired')
      this.#log.warn(kind, 'the table of nftables somebody had removed or changed is back');
    if ('packets' in event) this.#log.warn(event.kind, whatWasDropped[event.kind], fields);
    if (event.kind === 'nat-failed') this.#log.error(kind, `the table of nftables: ${event.reason}`);
  }

  #hearFlows(event: FlowEvent): void {
    const { kind, ...fields } = event;
    if (kind === 'flows-forgotten')
      this.#log.info(kind, 'tracked connections to what is no more are forgotten', fields);
    else this.#log.warn(kind, 'tracked connections may lead to what is no more', fields);
  }

  #hearTunnel(event: TunnelEvent): void {
    const { kind, name } = event;
    if (kind === 'tunnel-failed') this.#log.error(kind, event.reason, { device: name, errno: event.errno });
    else if (kind === 'tunnel-changed')
      this.#log.info(kind, `${name} is as wanted`, { changes: event.changes });
    else
      this.#log.warn(kind, `what somebody had removed or changed of ${name} is back`, {
        changes: event.changes,
      });
  }

  #hearWorkloadAddress({ kind, ...fields }: WorkloadAddressEvent): void {
    const { address, interface: name } = fields;
    if (kind === 'workload-address-failed')
      this.#log.error(
        kind,
        `the kernel refuses ${address} on ${name}; its workload finds nobody to peer with`,
        fields,
      );
    else this.#log.info(kind, `${address} on ${name}, for its workload to peer with`, fields);
  }

  #hearDataplane(event: DataplaneEvent): void {
    this.#metrics.dataplaneEvent(event);
    if (event.kind === 'routes-repaired')
      this.#log.warn('routes-repaired', 'routes somebody had removed or changed are back', {
        destinations: event.destinations,
      });
    if (event.kind === 'route-failed') {
      this.#record.refusedByKernel(event.destination, event.metric, event.failure.reason);
      this.#log.error('route-failed', event.failure.reason, {
        destination: event.destination,
        errno: event.failure.errno,
      });
    }
    if (event.kind === 'resync-failed')
      this.#log.error('route-resync-failed', event.message, { cause: event.cause });
    if (event.kind === 'sysctl-written')
      this.#log.info('sysctl-written', `${event.key} is ${event.to} now`, {
        key: event.key,
        from: event.from,
      });
    if (event.kind === 'sysctl-failed')
      this.#log.error('sysctl-failed', event.failure.reason, { key: event.failure.key });
  }
}

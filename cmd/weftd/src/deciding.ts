/**
 * From the state as it is now to what the rooms are to do: the one place where `calculate` is called.
 */
import {
  type Announcement,
  createCalculator,
  type DesiredState,
  type FelixSettings,
  mtuOfWorkload,
  needsWorkloadLabels,
  type RoutingContext,
  routingContext,
  type WorkloadMtu,
  workloadMtu,
} from '@weft/calc';
import type { FactsWatcher } from '@weft/dataplane';
import type { Address } from '@weft/ip';
import type { Logger } from '@weft/telemetry';
import type { Announcing } from './bgp/announcing.ts';
import type { Speaking } from './bgp/speaking.ts';
import type { Attachments } from './endpoints/attachments.ts';
import type { LabelWatch } from './endpoints/label-watch.ts';
import type { Forwarding } from './forwarding.ts';
import type { LinkRouters } from './links/link-routers.ts';
import type { Metrics } from './monitoring/metrics.ts';
import { type Monitoring, monitoringAddresses } from './monitoring/monitoring.ts';
import type { NodeRecord } from './recording/node-record.ts';
import type { State } from './state.ts';
import type { TunnelAddresses } from './tunnels/tunnel-addresses.ts';

/** What is decided from, and who is told. */
export interface DecidingOptions {
  readonly state: State;
  readonly facts: FactsWatcher;
  readonly attachments: Attachments;
  readonly labels: LabelWatch;
  readonly forwarding: Forwarding;
  readonly speaking: Speaking;
  readonly announcing: Announcing;
  readonly tunnelAddresses: TunnelAddresses;
  readonly monitoring: Monitoring;
  readonly links: LinkRouters;
  readonly metrics: Metrics;
  readonly record: Pick<NodeRecord, 'decided' | 'decides'>;
  readonly log: Logger;
}

/** Computes the desired state of the node anew whenever something it depends on has changed. */
export class Deciding {
  readonly #with: DecidingOptions;
  readonly #calculate = createCalculator();
  #felix: FelixSettings | undefined;
  #mtuProblems = '';
  #context: RoutingContext | undefined;
  #desired: DesiredState | undefined;
  #announced: readonly Announcement[] = [];
  #scheduled: 'nothing' | 'endpoints' | 'everything' = 'nothing';
  #running = false;

  constructor(options: DecidingOptions) {
    this.#with = options;
  }

  /** From the first computation on. Before it something is not read yet, and what is not read must not look gone. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** All that was decided last. */
  get desired(): DesiredState | undefined {
    return this.#desired;
  }

  /** What is announced as of then: what is wanted, and what the fuse holds. */
  get announced(): readonly Announcement[] {
    return this.#announced;
  }

  /** What remote routes were last decided from. */
  get routing(): RoutingContext | undefined {
    return this.#context;
  }

  /** The MTU of a workload with these addresses, as last decided. */
  mtuOf(addresses: readonly Address[]): number {
    const { facts, state } = this.#with;
    const mtu = this.#desired?.mtu ?? workloadMtu(state.calcInput([], facts.facts));
    return mtuOfWorkload(mtu, addresses);
  }

  /** Computes for the first time; all that is decided from has to be read by now. */
  start(): void {
    this.#running = true;
    this.#decide();
  }

  /** Leaves everybody with what was decided last. */
  close(): void {
    this.#running = false;
  }

  /** Many changes at once cost one computation, in the turn of the event loop after them. */
  schedule(what: 'endpoints' | 'everything'): void {
    if (!this.#running) return;
    const idle = this.#scheduled === 'nothing';
    if (this.#scheduled !== 'everything') this.#scheduled = what;
    if (idle) setImmediate(() => this.#decide());
  }

  #decide(): void {
    const { announcing, attachments, facts, forwarding, links, metrics, record, speaking, state } =
      this.#with;
    const onlyEndpoints = this.#scheduled === 'endpoints';
    this.#scheduled = 'nothing';
    // Scheduled before it was closed.
    if (!this.#running) return;
    const start = performance.now();
    this.#obeyFelix();
    const current = state.calcInput(attachments.resources(), facts.facts);
    const input = {
      ...current,
      places: forwarding.fuses.places(current),
      linkRouters: links.routers,
      waysInUse: speaking.waysInUse,
    };
    record.decides(input, onlyEndpoints && this.#context !== undefined ? 'endpoints' : 'everything');
    const desired = this.#calculate(input);
    const sameWays = desired.peeringWorkloads === this.#desired?.peeringWorkloads;
    metrics.calculated((performance.now() - start) / 1000);
    this.#desired = desired;
    forwarding.want(desired);
    links.want(desired.interfaces);
    this.#with.labels.want(needsWorkloadLabels(input));
    this.#with.tunnelAddresses.follow();
    this.#tellMtu(desired.mtu);
    if (!onlyEndpoints || !sameWays || this.#context === undefined) {
      this.#context = routingContext(input, desired);
      forwarding.reconsider(this.#context);
      speaking.resolveBy(this.#context);
    }
    const announcements = forwarding.fuses.announcements(desired);
    this.#announced = announcements;
    record.decided(desired, announcements);
    speaking.follow({ ...desired, announcements });
    forwarding.peerWith(desired.peeringWorkloads);
    announcing.follow(announcements.map(({ prefix }) => prefix));
  }

  #tellMtu({ problems }: WorkloadMtu): void {
    const told = problems.join('\n');
    if (told === this.#mtuProblems) return;
    this.#mtuProblems = told;
    for (const problem of problems) this.#with.log.warn('mtu-ignored', problem);
  }

  /** What FelixConfiguration says beyond what is calculated from it. */
  #obeyFelix(): void {
    const { facts, forwarding, log, monitoring, state } = this.#with;
    const { problems, settings } = state.felix();
    const before = this.#felix;
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(settings)) return;
    this.#felix = settings;
    for (const problem of problems) log.warn('felix-variable-ignored', problem);
    forwarding.configure(settings);
    monitoring.want(monitoringAddresses(settings));
    if (`${before?.interfacePrefixes}` !== `${settings.interfacePrefixes}`) facts.reread();
  }
}

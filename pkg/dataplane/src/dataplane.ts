/**
 * The loop that makes the kernel's routes what they should be.
 *
 *   want, unwant, wantAll ──┐                        ┌─ writes, then deletes, a slice a turn
 *   kernel events ──────────┼─▶ RouteTable ──▶ pass ─┼─ failures: again later
 *   resync (start, overrun, │                        └─ nothing left: sleep until the next deadline
 *   conflict, every 90 s) ──┘
 *
 * Intake only marks; the kernel is written in the pass that follows. A route of weft's that somebody deletes or changes
 * is back one turn of the event loop after the kernel told of it.
 */
import type { DesiredRoute, RouteClass } from '@weft/calc';
import type { Prefix } from '@weft/ip';
import {
  type Change,
  type ChangeResult,
  type Kernel,
  KernelError,
  type KernelEvent,
  type Link,
  MAIN_TABLE,
  type Refusal,
  type Route,
  WEFT_ROUTE_PROTOCOL,
} from '@weft/kernel';
import { Deadlines } from './deadlines.ts';
import { KernelIntake } from './kernel-intake.ts';
import { type RouteListing, routeListings } from './listing.ts';
import { contentionReason, refusalReason } from './refusal-reason.ts';
import { Repairs } from './repairs.ts';
import type { DataplaneEvent, ResyncCause, RoutesWritten } from './report.ts';
import { type Failure, Retries } from './retries.ts';
import {
  type PresentRoute,
  type RouteCounts,
  RouteTable,
  type SlotKey,
  slotKey,
  type Work,
} from './route-table.ts';
import { type Scheduler, systemScheduler } from './scheduler.ts';
import { applyHostSysctls, type SysctlFailure } from './sysctls.ts';

/** What a data plane is given. */
export interface DataplaneOptions {
  readonly kernel: Kernel;
  readonly scheduler?: Scheduler;
  /** Told what happens, for logs and metrics. */
  readonly report?: (event: DataplaneEvent) => void;
  /** Told every route that was written or removed. */
  readonly wrote?: (routes: RoutesWritten) => void;
}

/** What may change while it runs. */
export interface DataplaneSettings {
  /** How often the tables are read again although no event asked for it; 0 for never. */
  readonly resyncMilliseconds: number;
  /** Turn the host's forwarding on. False leaves it as it is. */
  readonly forwarding: boolean;
  /** False: nothing is written to the routes and nothing deleted. */
  readonly writesRoutes: boolean;
}

/** The settings until others are given. Source: Felix. */
export const DEFAULT_DATAPLANE_SETTINGS: DataplaneSettings = {
  resyncMilliseconds: 90_000,
  forwarding: true,
  writesRoutes: true,
};

/** A route that could not be written. */
export interface FailedRoute extends Failure {
  readonly destination: Prefix;
  readonly metric: number;
}

/** How things stand. */
export interface DataplaneStatus extends RouteCounts {
  /** Every wanted route is in the kernel as it is wanted. */
  readonly inSync: boolean;
  readonly deletesAllowed: boolean;
  readonly failed: readonly FailedRoute[];
  readonly failedSysctls: readonly SysctlFailure[];
}

const resyncRetryMilliseconds = 1_000;
/** At some 6 µs a route a slice takes one to two milliseconds. Not fewer than events are read in a turn: see DESIGN.md. */
const sliceRoutes = 512;
/** So long writing waits for events to end. */
const floodMilliseconds = 100;
/** A workload's route is written while it is plugged in; the desired state may learn of it a moment later. */
const strangerGraceMilliseconds = 10_000;

/** See the head of this file. */
export class Dataplane {
  readonly #kernel: Kernel;
  readonly #scheduler: Scheduler;
  readonly #report: (event: DataplaneEvent) => void;
  readonly #wrote: ((routes: RoutesWritten) => void) | undefined;
  readonly #table = new RouteTable();
  readonly #intake = new KernelIntake(this.#table);
  readonly #retries = new Retries();
  readonly #repairs = new Repairs();
  /** Routes of weft's protocol that nobody wants, and until when they are left alone. */
  readonly #strangers = new Deadlines();
  /** Writes the kernel answered with "exists": no failure before the table has shown whose route that is. */
  readonly #conflicts = new Map<SlotKey, Work>();
  #failedSysctls: readonly SysctlFailure[] = [];
  #deletesAllowed = false;
  #settings = DEFAULT_DATAPLANE_SETTINGS;
  #resyncCause: ResyncCause | undefined;
  #resyncAt = 0;
  /** The last pass left something to write. */
  #isWriting = false;
  /** Since when there are more events at each pass than one reads. */
  #floodedSince: number | undefined;
  #unsubscribe: (() => void) | undefined;
  #cancelPass: (() => void) | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor({ kernel, scheduler = systemScheduler, report = () => {}, wrote }: DataplaneOptions) {
    this.#kernel = kernel;
    this.#scheduler = scheduler;
    this.#report = report;
    this.#wrote = wrote;
  }

  /** Adopts what an earlier weftd left, sets the host's sysctls and begins to write. Throws KernelError. */
  start(): void {
    // Events first: what changes while the tables are read is told again.
    this.#unsubscribe = this.#kernel.subscribe((event) => this.#take(event));
    try {
      this.#resync('start');
    } catch (error) {
      this.close();
      throw error;
    }
    this.#wake();
  }

  /** Takes over settings; those that are the same already cost nothing. */
  configure(settings: DataplaneSettings): void {
    const before = this.#settings;
    if (JSON.stringify(before) === JSON.stringify(settings)) return;
    this.#settings = settings;
    // Also where only the interval is another one: it counts from now.
    this.#resyncCause ??= 'interval';
    this.#wake();
  }

  /** Wants exactly these routes of the classes. */
  wantAll(classes: readonly RouteClass[], routes: readonly DesiredRoute[]): void {
    for (const route of routes) this.#strangers.delete(slotKey(route));
    this.#table.wantAll(classes, routes);
    this.#wake();
  }

  /** Wants a route in place of the one its class wanted to that destination before. */
  want(route: DesiredRoute): void {
    this.#strangers.delete(slotKey(route));
    this.#table.want(route);
    this.#wake();
  }

  /** Wants a class's route to a destination no longer. */
  unwant(routeClass: RouteClass, destination: Prefix): void {
    this.#table.unwant(routeClass, destination);
    this.#wake();
  }

  /**
   * From now on routes of weft's protocol that nobody wants are deleted. Call it when the datastore is in sync and every
   * peer has sent End-of-RIB or its time is over; until then what an earlier weftd wrote stays.
   */
  allowDeletes(): void {
    this.#deletesAllowed = true;
    this.#wake();
  }

  /** How things stand now. */
  status(): DataplaneStatus {
    const counts = this.#table.counts();
    return {
      ...counts,
      inSync: counts.toWrite === 0 && counts.waiting === 0,
      deletesAllowed: this.#deletesAllowed,
      failed: [...this.#retries.entries()].flatMap(([key, failure]) => {
        const difference = this.#table.difference(key);
        if (difference === undefined || difference.kind === 'waiting') return [];
        const { destination, metric } = difference.route;
        return [{ ...failure, destination, metric }];
      }),
      failedSysctls: this.#failedSysctls,
    };
  }

  /** Every route that is wanted or there, with its reason, sorted. */
  routes(): RouteListing[] {
    return routeListings(this.#table.slots(), (key) => this.#retries.get(key), this.#intake.interfaceNames);
  }

  /** What of weft's is in the kernel, in no order: far cheaper than `routes`. */
  present(): Iterable<PresentRoute> {
    return this.#table.present();
  }

  /** Stops. The routes stay in the kernel: they outlive the daemon. */
  close(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#cancelPass?.();
    this.#cancelTimer?.();
  }

  #take(event: KernelEvent): void {
    const { resync, retry, disturbed, stranger } = this.#intake.take(event);
    if (resync !== undefined) this.#resyncCause ??= resync;
    if (retry === 'all') for (const [key] of this.#retries.entries()) this.#table.retry(key);
    else if (retry !== undefined) this.#table.retry(retry);
    if (disturbed !== undefined) this.#repairs.disturbed(disturbed, this.#scheduler.now());
    if (stranger !== undefined) this.#spare(stranger);
    this.#wake();
  }

  #spare(stranger: SlotKey): void {
    this.#strangers.set(stranger, this.#scheduler.now() + strangerGraceMilliseconds);
  }

  #wake(): void {
    if (this.#unsubscribe === undefined) return;
    this.#cancelPass ??= this.#scheduler.soon(() => this.#pass());
  }

  #pass(): void {
    // In the middle of a big write what waits is mostly the echo of the slices before.
    const isMoreToRead = !this.#isWriting && this.#kernel.readEvents();
    this.#cancelPass = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#isFlooded(isMoreToRead)) {
      this.#wake();
      return;
    }
    if (this.#resyncCause !== undefined) this.#tryResync(this.#resyncCause);
    this.#queueDue();
    const deletes = { deletes: this.#deletesAllowed };
    if (this.#settings.writesRoutes) this.#write(this.#table.take(sliceRoutes, deletes));
    this.#isWriting = this.#settings.writesRoutes && this.#table.hasWork(deletes);
    if (this.#isWriting || this.#resyncCause !== undefined) this.#wake();
    else this.#sleep();
  }

  /** Whoever deletes routes by the thousand deletes those again that are written before he is through. */
  #isFlooded(isMoreToRead: boolean): boolean {
    if (!isMoreToRead) {
      this.#floodedSince = undefined;
      return false;
    }
    this.#floodedSince ??= this.#scheduler.now();
    return this.#scheduler.now() - this.#floodedSince < floodMilliseconds;
  }

  #queueDue(): void {
    const now = this.#scheduler.now();
    for (const key of this.#retries.due(now)) {
      const difference = this.#table.difference(key);
      if (difference === undefined || difference.kind === 'waiting') this.#retries.clear(key);
      else this.#table.retry(key);
    }
    for (const key of this.#strangers.due(now)) {
      this.#strangers.delete(key);
      this.#table.retry(key);
    }
  }

  /** Until a failure is worth a try, a stranger's time is over, or the tables are to be read again. */
  #sleep(): void {
    const now = this.#scheduler.now();
    const next = Math.min(
      this.#retries.nextAt(now) ?? Number.POSITIVE_INFINITY,
      this.#strangers.nextAt(now) ?? Number.POSITIVE_INFINITY,
      this.#resyncAt,
    );
    if (next === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#scheduler.after(Math.max(0, next - now), () => {
      if (this.#scheduler.now() >= this.#resyncAt) this.#resyncCause ??= 'interval';
      this.#wake();
    });
  }

  #write(taken: readonly Work[]): void {
    const work = taken.filter((item) => !this.#isHeldBack(item));
    if (work.length === 0) return;
    const results = this.#kernel.apply(work.map(toChange));
    const done = work.filter((item, index) => this.#settle(item, results[index] ?? null));
    if (this.#conflicts.size > 0) this.#tryResync('conflict');
    const repaired = done.filter(({ key }) => this.#repairs.repaired(key));
    this.#tell(done, new Set(repaired));
    if (repaired.length > 0)
      this.#report({ kind: 'routes-repaired', destinations: repaired.map(({ route }) => route.destination) });
  }

  #tell(done: readonly Work[], repaired: ReadonlySet<Work>): void {
    if (this.#wrote === undefined || done.length === 0) return;
    const routes = { written: [] as DesiredRoute[], repaired: [] as DesiredRoute[], removed: [] as Route[] };
    for (const item of done) {
      const wanted = this.#table.wanted(item.key);
      if (item.op === 'delete' || wanted === undefined) routes.removed.push(item.route);
      else if (repaired.has(item)) routes.repaired.push(wanted);
      else routes.written.push(wanted);
    }
    this.#wrote(routes);
  }

  #isHeldBack(item: Work): boolean {
    const now = this.#scheduler.now();
    if (item.op === 'delete') return this.#strangers.isBefore(item.key, now);
    if (!this.#repairs.isExhausted(item.key, now)) return false;
    this.#fail(item, 'ECONTENDED', contentionReason(item.route));
    return true;
  }

  /** Notes what became of one change; true when the slot is as it should be. */
  #settle(item: Work, result: ChangeResult): boolean {
    // ESRCH: it is gone already, which is what was wanted.
    if (result !== null && !(item.op === 'delete' && result.errno === 'ESRCH')) {
      this.#refused(item, result);
      return false;
    }
    this.#retries.clear(item.key);
    this.#table.applied(item);
    return true;
  }

  #refused(item: Work, refusal: Refusal): void {
    const isNewConflict = refusal.errno === 'EEXIST' && this.#retries.get(item.key)?.errno !== 'EEXIST';
    if (isNewConflict) this.#conflicts.set(item.key, item);
    else this.#fail(item, refusal.errno, refusalReason(item.route, refusal));
  }

  /** The table was read: where it shows no route of weft's, somebody else's is in the way. */
  #judgeConflicts(): void {
    for (const [key, item] of this.#conflicts)
      if (this.#table.difference(key)?.kind === 'add')
        this.#fail(item, 'EEXIST', refusalReason(item.route, { errno: 'EEXIST' }));
    this.#conflicts.clear();
  }

  #fail({ key, route }: Work, errno: string, reason: string): void {
    const failure = this.#retries.failed(key, errno, reason, this.#scheduler.now());
    const { destination, metric } = route;
    if (failure.attempts === 1) this.#report({ kind: 'route-failed', destination, metric, failure });
  }

  #tryResync(cause: ResyncCause): void {
    this.#resyncCause = undefined;
    try {
      for (const stranger of this.#resync(cause)) this.#spare(stranger);
      this.#judgeConflicts();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      this.#resyncAt = this.#scheduler.now() + resyncRetryMilliseconds;
      this.#report({ kind: 'resync-failed', cause, code: error.code, message: error.message });
    }
  }

  #resync(cause: ResyncCause): SlotKey[] {
    const start = this.#scheduler.now();
    const links = this.#kernel.links();
    const routes = this.#kernel.routes({ table: MAIN_TABLE, protocol: WEFT_ROUTE_PROTOCOL });
    const strangers = this.#intake.takeAll(links, routes);
    this.#applySysctls(links);
    const end = this.#scheduler.now();
    const { resyncMilliseconds } = this.#settings;
    this.#resyncAt = resyncMilliseconds === 0 ? Number.POSITIVE_INFINITY : end + resyncMilliseconds;
    this.#report({ kind: 'resynced', cause, routes: routes.length, durationMilliseconds: end - start });
    return strangers;
  }

  #applySysctls(links: readonly Link[]): void {
    if (!this.#settings.forwarding) {
      this.#failedSysctls = [];
      return;
    }
    const { written, failed } = applyHostSysctls(this.#kernel, links);
    for (const { key, from, to } of written) this.#report({ kind: 'sysctl-written', key, from, to });
    const known = new Set(this.#failedSysctls.map(({ key }) => key));
    for (const failure of failed)
      if (!known.has(failure.key)) this.#report({ kind: 'sysctl-failed', failure });
    this.#failedSysctls = failed;
  }
}

function toChange({ op, route }: Work): Change {
  return { op: `${op}-route`, route };
}

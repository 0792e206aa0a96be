/**
 * Desired routes, routes in the kernel, and the difference: a data structure without I/O and without time.
 *
 *        desired                      in the kernel, protocol weft
 *     ┌──────────────────────────┬───────────────────────┬──────────────────────────┐
 *     │  add (or wait for an     │  nothing to do, or    │  delete (held back until │
 *     │  interface)              │  replace              │  deletes are allowed)    │
 *     └──────────────────────────┴───────────────────────┴──────────────────────────┘
 *                                       both
 *
 * A slot is a destination with a metric, which is what the kernel tells routes apart by. Several classes may want a
 * slot; the first of `ROUTE_CLASSES` has it. Each change of a desired route, of an interface or of the kernel decides
 * the slots it touches anew and puts those that differ into a work queue; whoever applies takes from the queue.
 *
 * What a caller must not do: tell it of routes as being in the kernel that the kernel did not show or acknowledge;
 * take work and not report what became of it (`applied`, or `retry` later).
 */
import { type DesiredRoute, ROUTE_CLASSES, type RouteClass } from '@weft/calc';
import type { Prefix } from '@weft/ip';
import { MAIN_TABLE, type Route, routeKey, routeSatisfies, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import { type InterfaceState, type Interfaces, kernelRoute } from './kernel-route.ts';

/** A destination with a metric, in the kernel's spelling. */
export type SlotKey = string;

/** What has to happen to a slot. */
export type Difference =
  | { readonly kind: 'add' | 'replace' | 'delete'; readonly route: Route }
  | { readonly kind: 'waiting'; readonly reason: string };

/** One thing to do, and where. */
export interface Work {
  readonly key: SlotKey;
  readonly op: 'add' | 'replace' | 'delete';
  readonly route: Route;
}

/** A slot as it is now. At least one of `winner` and `inKernel` is there. */
export interface SlotView {
  readonly key: SlotKey;
  readonly winner?: DesiredRoute;
  /** Routes of other classes that want the same slot. */
  readonly losers: readonly DesiredRoute[];
  /** What the kernel has there, of weft's. */
  readonly inKernel?: Route;
  readonly difference?: Difference;
}

interface Slot {
  /** By class, the winner first. */
  readonly candidates: DesiredRoute[];
  inKernel: Route | undefined;
  difference: Difference | undefined;
}

/** A route of weft's that is in the kernel. */
export interface PresentRoute {
  readonly destination: Prefix;
  readonly metric: number;
  /** As it is wanted; undefined when nobody wants it. */
  readonly wanted: DesiredRoute | undefined;
}

/** How many routes are wanted, there, and different. */
export interface RouteCounts {
  readonly desired: number;
  readonly inKernel: number;
  readonly toWrite: number;
  readonly waiting: number;
  /** Those of `waiting` that lead to a workload whose interface is gone: it has ended, and its runtime has yet to say so. */
  readonly ended: number;
  /** In the kernel, and nobody wants them. */
  readonly toDelete: number;
}

const deleteQueue = ROUTE_CLASSES.length;

/** True for a route this table may know: weft's, in the main table. Weft writes none that expires. */
export function isWeftRoute(route: Route): boolean {
  return route.protocol === WEFT_ROUTE_PROTOCOL && route.table === MAIN_TABLE && route.expires === undefined;
}

/** See the head of this file. */
export class RouteTable {
  readonly #desired = new Map<RouteClass, Map<Prefix, DesiredRoute>>(
    ROUTE_CLASSES.map((name) => [name, new Map()]),
  );
  readonly #slots = new Map<SlotKey, Slot>();
  /** Slots with a candidate that names the interface. */
  readonly #slotsOfInterface = new Map<string, Set<SlotKey>>();
  /** Slots to write, one queue for each class in its order, so that gateways come before what they lead to; then deletes. */
  readonly #queues: readonly Set<SlotKey>[] = [...ROUTE_CLASSES, 'delete'].map(() => new Set<SlotKey>());
  readonly #interfaces = new Map<string, InterfaceState>();

  /** Wants a route in place of the one its class wanted to that destination before. The same route again costs little. */
  want(route: DesiredRoute): void {
    const former = this.#desiredOf(route.class).get(route.destination);
    if (former === route || (former !== undefined && sameRoute(former, route))) return;
    this.unwant(route.class, route.destination);
    this.#desiredOf(route.class).set(route.destination, route);
    const key = slotKey(route);
    const { candidates } = this.#slotAt(key);
    candidates.push(route);
    candidates.sort((left, right) => rank(left.class) - rank(right.class));
    for (const { interface: name } of route.via) this.#slotsNaming(name).add(key);
    this.#decide(key);
  }

  /** Wants a class's route to a destination no longer. */
  unwant(routeClass: RouteClass, destination: Prefix): void {
    const former = this.#desiredOf(routeClass).get(destination);
    if (former === undefined) return;
    this.#desiredOf(routeClass).delete(destination);
    const key = slotKey(former);
    const { candidates } = this.#slotAt(key);
    candidates.splice(candidates.indexOf(former), 1);
    for (const { interface: name } of former.via) this.#stopNaming(name, key);
    this.#decide(key);
  }

  /** Wants exactly these routes of the classes. */
  wantAll(classes: readonly RouteClass[], routes: readonly DesiredRoute[]): void {
    const wanted = new Set(routes.map((route) => `${route.class} ${route.destination}`));
    for (const name of classes)
      for (const destination of [...this.#desiredOf(name).keys()])
        if (!wanted.has(`${name} ${destination}`)) this.unwant(name, destination);
    for (const route of routes) this.want(route);
  }

  /** Learns of all interfaces at once: those that are not among them are not there. */
  setInterfaces(interfaces: Interfaces): void {
    for (const name of [...this.#interfaces.keys()])
      if (!interfaces.has(name)) this.setInterface(name, undefined);
    for (const [name, state] of interfaces) this.setInterface(name, state);
  }

  /** Learns of an interface, or with `undefined` that it is gone. */
  setInterface(name: string, state: InterfaceState | undefined): void {
    const former = this.#interfaces.get(name);
    if (former?.index === state?.index && former?.up === state?.up) return;
    if (state === undefined) this.#interfaces.delete(name);
    else this.#interfaces.set(name, state);
    for (const key of this.#slotsOfInterface.get(name) ?? []) this.#decide(key);
  }

  /**
   * Learns of all routes in the kernel at once: those that are not among them are not there.
   *
   * @returns slots that nobody wants and that were not known to be in the kernel
   */
  setInKernel(routes: readonly Route[]): SlotKey[] {
    const seen = new Set<SlotKey>();
    const strangers: SlotKey[] = [];
    for (const route of routes.filter(isWeftRoute)) {
      const key = routeKey(route);
      // By hand two can be appended under one key; the kernel uses the first.
      if (seen.has(key)) continue;
      seen.add(key);
      if (!this.#slots.has(key)) strangers.push(key);
      this.#setInKernel(key, route);
    }
    for (const [key, slot] of this.#slots)
      if (slot.inKernel !== undefined && !seen.has(key)) this.#setInKernel(key, undefined);
    return strangers;
  }

  /**
   * Learns of a route that appeared in the kernel or took the place of another there, or of one that is gone.
   *
   * @returns `unclear` when somebody else's route came to a slot of ours: it may have replaced ours or stand beside it,
   * and only reading the table tells
   */
  observe(op: 'new' | 'delete', route: Route): 'clear' | 'unclear' {
    const key = routeKey(route);
    if (isWeftRoute(route)) this.#setInKernel(key, op === 'new' ? route : undefined);
    else if (op === 'new' && this.#slots.get(key)?.inKernel !== undefined) return 'unclear';
    return 'clear';
  }

  /**
   * Forgets what the kernel drops without a word: IPv4 routes out of an interface that went down or away.
   *
   * @returns `unclear` when a route with several ways out is among them: it may have survived with the others
   */
  forgetInterface(index: number): 'clear' | 'unclear' {
    let answer: 'clear' | 'unclear' = 'clear';
    for (const [key, { inKernel }] of this.#slots) {
      if (!inKernel?.nextHops.some((hop) => hop.interfaceIndex === index)) continue;
      if (inKernel.nextHops.length > 1) answer = 'unclear';
      else this.#setInKernel(key, undefined);
    }
    return answer;
  }

  /** The route that is wanted at a place, the one that wins; undefined when nobody wants one. */
  wanted(key: SlotKey): DesiredRoute | undefined {
    return this.#slots.get(key)?.candidates[0];
  }

  /** Takes up to `limit` things to do out of the queue, writes before deletes. */
  take(limit: number, options: { readonly deletes: boolean }): Work[] {
    const taken: Work[] = [];
    for (const queue of options.deletes ? this.#queues : this.#queues.slice(0, deleteQueue))
      for (const key of queue) {
        if (taken.length === limit) return taken;
        queue.delete(key);
        const difference = this.#slots.get(key)?.difference;
        if (difference !== undefined && difference.kind !== 'waiting')
          taken.push({ key, op: difference.kind, route: difference.route });
      }
    return taken;
  }

  /** True when `take` would give something. */
  hasWork(options: { readonly deletes: boolean }): boolean {
    return this.#queues.some((queue, index) => queue.size > 0 && (options.deletes || index !== deleteQueue));
  }

  /** The kernel acknowledged it. */
  applied({ key, op, route }: Work): void {
    this.#setInKernel(key, op === 'delete' ? undefined : route);
  }

  /** Puts a slot that still differs back into the queue. */
  retry(key: SlotKey): void {
    const slot = this.#slots.get(key);
    if (slot !== undefined) this.#enqueue(key, slot);
  }

  /** What has to happen to a slot; undefined when nothing does. */
  difference(key: SlotKey): Difference | undefined {
    return this.#slots.get(key)?.difference;
  }

  /** How a slot stands; undefined when nobody wants it and the kernel has nothing of weft's there. */
  standing(key: SlotKey): 'right' | 'different' | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    return slot.difference === undefined ? 'right' : 'different';
  }

  /** One slot, if there is any. */
  slot(key: SlotKey): SlotView | undefined {
    const slot = this.#slots.get(key);
    return slot && view(key, slot);
  }

  /** All slots, in no order. */
  *slots(): Generator<SlotView> {
    for (const [key, slot] of this.#slots) yield view(key, slot);
  }

  /** What is in the kernel, in no order. */
  *present(): Generator<PresentRoute> {
    for (const { candidates, difference, inKernel } of this.#slots.values()) {
      const [wanted] = candidates;
      const there = wanted ?? inKernel;
      if (there === undefined || (wanted !== undefined && difference !== undefined)) continue;
      yield { destination: there.destination, metric: there.metric, wanted };
    }
  }

  /** Counts slots. */
  counts(): RouteCounts {
    const counts = { desired: 0, inKernel: 0, toWrite: 0, waiting: 0, ended: 0, toDelete: 0 };
    for (const { candidates, inKernel, difference } of this.#slots.values()) {
      const [winner] = candidates;
      if (candidates.length > 0) counts.desired += 1;
      if (inKernel !== undefined) counts.inKernel += 1;
      if (difference?.kind === 'waiting' && winner !== undefined && this.#hasEnded(winner)) counts.ended += 1;
      if (difference?.kind === 'waiting') counts.waiting += 1;
      else if (difference?.kind === 'delete') counts.toDelete += 1;
      else if (difference !== undefined) counts.toWrite += 1;
    }
    return counts;
  }

  #hasEnded({ class: routeClass, via }: DesiredRoute): boolean {
    return routeClass === 'local-workload' && via.some((hop) => !this.#interfaces.has(hop.interface));
  }

  #setInKernel(key: SlotKey, route: Route | undefined): void {
    if (route === undefined && !this.#slots.has(key)) return;
    this.#slotAt(key).inKernel = route;
    this.#decide(key);
  }

  /** Decides what has to happen to a slot, and forgets slots nobody wants and the kernel does not have. */
  #decide(key: SlotKey): void {
    const slot = this.#slotAt(key);
    // What is right waits in no queue.
    if (slot.difference !== undefined) for (const queue of this.#queues) queue.delete(key);
    slot.difference = differenceOf(slot, this.#interfaces);
    if (slot.candidates.length === 0 && slot.inKernel === undefined) this.#slots.delete(key);
    else this.#enqueue(key, slot);
  }

  #enqueue(key: SlotKey, { candidates, difference }: Slot): void {
    if (difference === undefined || difference.kind === 'waiting') return;
    const winner = candidates[0];
    this.#queues[winner === undefined ? deleteQueue : rank(winner.class)]?.add(key);
  }

  #slotAt(key: SlotKey): Slot {
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = { candidates: [], inKernel: undefined, difference: undefined };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  #desiredOf(name: RouteClass): Map<Prefix, DesiredRoute> {
    return this.#desired.get(name) as Map<Prefix, DesiredRoute>;
  }

  #slotsNaming(name: string): Set<SlotKey> {
    let keys = this.#slotsOfInterface.get(name);
    if (keys === undefined) {
      keys = new Set();
      this.#slotsOfInterface.set(name, keys);
    }
    return keys;
  }

  #stopNaming(name: string, key: SlotKey): void {
    const stillNamed = this.#slots
      .get(key)
      ?.candidates.some(({ via }) => via.some((hop) => hop.interface === name));
    if (stillNamed) return;
    const keys = this.#slotsNaming(name);
    keys.delete(key);
    if (keys.size === 0) this.#slotsOfInterface.delete(name);
  }
}

function differenceOf({ candidates, inKernel }: Slot, interfaces: Interfaces): Difference | undefined {
  const winner = candidates[0];
  if (winner === undefined) return inKernel && { kind: 'delete', route: inKernel };
  const wanted = kernelRoute(winner, interfaces);
  if (wanted.kind === 'waiting') return wanted;
  if (inKernel === undefined) return { kind: 'add', route: wanted.route };
  return routeSatisfies(inKernel, wanted.route) ? undefined : { kind: 'replace', route: wanted.route };
}

/** The slot a desired route wants. */
export function slotKey({ destination, metric }: DesiredRoute): SlotKey {
  return `${MAIN_TABLE} ${destination} ${metric}`;
}

function rank(name: RouteClass): number {
  return ROUTE_CLASSES.indexOf(name);
}

function view(key: SlotKey, { candidates, inKernel, difference }: Slot): SlotView {
  const [winner, ...losers] = candidates;
  return {
    key,
    losers,
    ...(winner === undefined ? {} : { winner }),
    ...(inKernel === undefined ? {} : { inKernel }),
    ...(difference === undefined ? {} : { difference }),
  };
}

function sameRoute(left: DesiredRoute, right: DesiredRoute): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

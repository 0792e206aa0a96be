/**
 * Routes as `weftctl routes` shows them: wanted and present joined, each with its state and its reason.
 */
import type { DesiredRoute, RouteClass } from '@weft/calc';
import { type Address, comparePrefixes, type Prefix } from '@weft/ip';
import type { InterfaceIndex, Route } from '@weft/kernel';
import type { Failure } from './retries.ts';
import type { SlotKey, SlotView } from './route-table.ts';

/** Where a route stands. */
export type RouteState =
  | 'in-kernel'
  /** Written in the pass to come. */
  | 'pending'
  /** Waits for its interface. */
  | 'waiting'
  | 'failed'
  /** A route of another class has the destination and metric. */
  | 'shadowed'
  /** In the kernel and not wanted: kept until deletes are allowed. */
  | 'stale';

/** One way out, for display. */
export interface ListedNextHop {
  readonly gateway?: Address;
  readonly interface: string;
}

/** One line of the listing. */
export interface RouteListing {
  readonly destination: Prefix;
  readonly type: string;
  readonly via: readonly ListedNextHop[];
  readonly metric: number;
  /** Absent for a stale route. */
  readonly class?: RouteClass;
  readonly state: RouteState;
  /** Why it is wanted; for a stale route, that nobody does. */
  readonly reason: string;
  /** Why it is not in the kernel. */
  readonly detail?: string;
}

/** The listing, sorted by destination, metric and class. */
export function routeListings(
  slots: Iterable<SlotView>,
  failureOf: (key: SlotKey) => Failure | undefined,
  interfaceNames: ReadonlyMap<InterfaceIndex, string>,
): RouteListing[] {
  return [...slots]
    .flatMap((slot) => listSlot(slot, failureOf(slot.key), interfaceNames))
    .sort(
      (left, right) => comparePrefixes(left.destination, right.destination) || left.metric - right.metric,
    );
}

function listSlot(
  { winner, losers, inKernel, difference }: SlotView,
  failure: Failure | undefined,
  interfaceNames: ReadonlyMap<InterfaceIndex, string>,
): RouteListing[] {
  if (winner === undefined) return inKernel === undefined ? [] : [stale(inKernel, interfaceNames)];
  const shadowed = losers.map((route) =>
    listed(route, 'shadowed', `a route of class ${winner.class} comes first`),
  );
  if (difference === undefined) return [listed(winner, 'in-kernel'), ...shadowed];
  if (difference.kind === 'waiting') return [listed(winner, 'waiting', difference.reason), ...shadowed];
  const first = failure === undefined ? listed(winner, 'pending') : listed(winner, 'failed', failure.reason);
  return [first, ...shadowed];
}

function listed(route: DesiredRoute, state: RouteState, detail?: string): RouteListing {
  const { destination, type, metric, reason } = route;
  return {
    destination,
    type,
    via: route.via.map(({ gateway, interface: name }) => ({ ...(gateway && { gateway }), interface: name })),
    metric,
    class: route.class,
    state,
    reason,
    ...(detail === undefined ? {} : { detail }),
  };
}

function stale(
  { destination, type, metric, nextHops }: Route,
  interfaceNames: ReadonlyMap<InterfaceIndex, string>,
): RouteListing {
  const via = nextHops.map(({ gateway, interfaceIndex = 0 }) => ({
    ...(gateway && { gateway }),
    interface: interfaceNames.get(interfaceIndex) ?? `if${interfaceIndex}`,
  }));
  return { destination, type, via, metric, state: 'stale', reason: 'nothing wants it any more' };
}

/**
 * A desired route in the kernel's terms: interface indexes for names, scope, table, protocol.
 */
import type { DesiredNextHop, DesiredRoute } from '@weft/calc';
import {
  type InterfaceIndex,
  MAIN_TABLE,
  type NextHop,
  normalizeRoute,
  type Route,
  WEFT_ROUTE_PROTOCOL,
} from '@weft/kernel';

/** What routes need to know of an interface. */
export interface InterfaceState {
  readonly index: InterfaceIndex;
  readonly up: boolean;
}

/** The interfaces that exist, by name. */
export type Interfaces = ReadonlyMap<string, InterfaceState>;

/** The route to write, or what it waits for before the kernel can take it. */
export type KernelRoute =
  | { readonly kind: 'ready'; readonly route: Route }
  | { readonly kind: 'waiting'; readonly reason: string };

/** Puts a desired route into the kernel's terms. */
export function kernelRoute(desired: DesiredRoute, interfaces: Interfaces): KernelRoute {
  const obstacle = desired.via
    .map((hop) => whyNotYet(hop, interfaces))
    .find((reason) => reason !== undefined);
  if (obstacle !== undefined) return { kind: 'waiting', reason: obstacle };
  const { destination, metric, preferredSource, type, via } = desired;
  return {
    kind: 'ready',
    // As the kernel will show it, so that what was written and what is read back compare equal.
    route: normalizeRoute({
      table: MAIN_TABLE,
      destination,
      metric,
      type,
      protocol: WEFT_ROUTE_PROTOCOL,
      scope: isOnLink(desired) ? 'link' : 'global',
      nextHops: via.map((hop) => nextHop(hop, interfaces)),
      ...(preferredSource === undefined ? {} : { preferredSource }),
    }),
  };
}

function isOnLink({ via }: DesiredRoute): boolean {
  return via.length > 0 && via.every((hop) => hop.gateway === undefined);
}

/** The kernel answers ENODEV and ENETDOWN to these; a link event tells when to try. */
function whyNotYet({ interface: name }: DesiredNextHop, interfaces: Interfaces): string | undefined {
  const state = interfaces.get(name);
  if (state === undefined) return `waits for the interface ${name} to appear`;
  return state.up ? undefined : `waits for the interface ${name} to be set up`;
}

function nextHop({ gateway, interface: name, onlink }: DesiredNextHop, interfaces: Interfaces): NextHop {
  const index = interfaces.get(name)?.index;
  return {
    ...(gateway === undefined ? {} : { gateway }),
    ...(index === undefined ? {} : { interfaceIndex: index }),
    ...(onlink ? { onlink } : {}),
  };
}

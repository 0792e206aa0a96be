/**
 * Routes as rtnetlink messages (`struct rtmsg`, RTA_* attributes).
 */
import {
  type Address,
  addressBytes,
  addressFromBytes,
  bitsOf,
  type Family,
  familyOf,
  type Prefix,
  prefixBytes,
  prefixFromBytes,
  prefixLength,
} from '@weft/ip';
import type { Route, RouteFilter, RouteType } from '../kernel.ts';
import { dropsPackets, normalizeRoute } from '../route.ts';
import {
  AF,
  NLM_F,
  RT_SCOPE,
  RTA,
  RTM,
  RTM_F_CLONED,
  RTM_F_FIB_MATCH,
  RTM_F_LOOKUP_TABLE,
  routeTypeNumbers,
} from './constants.ts';
import { familyNumber } from './family.ts';
import { Attributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { decodeNextHops, encodeMultipath, encodeNextHop, nextHopFlags } from './next-hop.ts';
import { decodeScope, encodeScope } from './scope.ts';

const rtmsgBytes = 12;
const routeTypes = new Map<number, RouteType>(
  Object.entries(routeTypeNumbers).map(([name, number]) => [number, name as RouteType]),
);

/** Writes a request for the routes of one family; the kernel filters (NETLINK_GET_STRICT_CHK). */
export function encodeRouteDump(
  writer: MessageWriter,
  sequence: number,
  family: Family,
  filter: RouteFilter,
): void {
  writer.beginMessage(RTM.GETROUTE, NLM_F.DUMP, sequence);
  encodeHeader(writer, {
    family: familyNumber(family),
    protocol: filter.protocol ?? 0,
    table: filter.table ?? 0,
  });
  writer.endMessage();
}

/** Writes the question which route packets to an address take. */
export function encodeRouteLookup(writer: MessageWriter, sequence: number, destination: Address): void {
  const family = familyOf(destination);
  const header = { family: familyNumber(family), destinationLength: bitsOf(family), table: 0, protocol: 0 };
  writer.beginMessage(RTM.GETROUTE, 0, sequence);
  // IPv6 names the table without being asked, and refuses the flag.
  const askTable = family === 4 ? RTM_F_LOOKUP_TABLE : 0;
  encodeHeader(writer, { ...header, flags: RTM_F_FIB_MATCH | askTable });
  writer.attribute(RTA.DST, addressBytes(destination));
  writer.endMessage();
}

/** Writes a route that is not there yet; one with its table, destination and metric is refused with EEXIST. */
export function encodeAddRoute(writer: MessageWriter, sequence: number, route: Route): void {
  encodeNewRoute(writer, sequence, route, NLM_F.CREATE | NLM_F.EXCL);
}

/** Writes a route in place of the one with its table, destination and metric, if there is one. */
export function encodeReplaceRoute(writer: MessageWriter, sequence: number, route: Route): void {
  encodeNewRoute(writer, sequence, route, NLM_F.CREATE | NLM_F.REPLACE);
}

function encodeNewRoute(writer: MessageWriter, sequence: number, given: Route, flags: number): void {
  const route = normalizeRoute(given);
  const family = familyOf(route.destination);
  const [first, ...others] = route.nextHops;
  writer.beginMessage(RTM.NEWROUTE, flags, sequence);
  encodeHeader(writer, {
    family: familyNumber(family),
    destinationLength: prefixLength(route.destination),
    table: route.table,
    protocol: route.protocol,
    scope: encodeScope(route.scope),
    type: routeTypeNumbers[route.type],
    flags: first === undefined || others.length > 0 ? 0 : nextHopFlags(first),
  });
  encodeIdentity(writer, route);
  if (route.preferredSource !== undefined) writer.attribute(RTA.PREFSRC, addressBytes(route.preferredSource));
  if (others.length > 0) encodeMultipath(writer, family, route.nextHops);
  else if (first !== undefined) encodeNextHop(writer, family, first);
  writer.endMessage();
}

/**
 * Writes the deletion of the route with this table, destination, metric and protocol, whatever its type, scope and
 * next hops. IPv4 takes metric 0 as "any metric" (`fib_nh_match`), and then deletes the lowest.
 */
export function encodeDeleteRoute(writer: MessageWriter, sequence: number, given: Route): void {
  const route = normalizeRoute(given);
  writer.beginMessage(RTM.DELROUTE, 0, sequence);
  encodeHeader(writer, {
    family: familyNumber(familyOf(route.destination)),
    destinationLength: prefixLength(route.destination),
    table: route.table,
    protocol: route.protocol,
    scope: RT_SCOPE.NOWHERE,
  });
  encodeIdentity(writer, route);
  writer.endMessage();
}

function encodeIdentity(writer: MessageWriter, route: Route): void {
  writer.attribute(RTA.DST, prefixBytes(route.destination));
  if (route.metric !== 0) writer.attributeU32(RTA.PRIORITY, route.metric);
}

interface Header {
  readonly family: number;
  readonly destinationLength?: number;
  readonly table: number;
  readonly protocol: number;
  readonly scope?: number;
  readonly type?: number;
  readonly flags?: number;
}

/** A table above 255 does not fit its byte and goes into an attribute, the first one. */
function encodeHeader(writer: MessageWriter, header: Header): void {
  writer.u8(header.family);
  writer.u8(header.destinationLength ?? 0);
  writer.u16(0);
  writer.u8(header.table > 255 ? 0 : header.table);
  writer.u8(header.protocol);
  writer.u8(header.scope ?? 0);
  writer.u8(header.type ?? 0);
  writer.u32(header.flags ?? 0);
  if (header.table > 255) writer.attributeU32(RTA.TABLE, header.table);
}

/**
 * Reads the payload of RTM_NEWROUTE or RTM_DELROUTE.
 *
 * @returns undefined for what is no route of a table that `Route` can name: clones, routes for one TOS or one source
 * prefix, anycast, multicast routing
 */
export function decodeRoute(payload: Buffer): Route | undefined {
  if (payload.length < rtmsgBytes) return undefined;
  const family = decodeFamily(payload.readUInt8(0));
  const type = routeTypes.get(payload.readUInt8(7));
  const flags = payload.readUInt32LE(8);
  const forSomePackets = payload.readUInt8(2) !== 0 || payload.readUInt8(3) !== 0;
  if (family === undefined || type === undefined || forSomePackets) return undefined;
  const attributes = new Attributes(payload, rtmsgBytes);
  const destination = decodeDestination(attributes.bytes(RTA.DST), family, payload.readUInt8(1));
  if (destination === undefined || (flags & RTM_F_CLONED) !== 0) return undefined;
  return {
    table: attributes.u32(RTA.TABLE) ?? payload.readUInt8(4),
    destination,
    metric: attributes.u32(RTA.PRIORITY) ?? 0,
    type,
    protocol: payload.readUInt8(5),
    scope: decodeScope(payload.readUInt8(6)),
    // IPv6 shows the loopback as the next hop of a route that drops packets.
    nextHops: dropsPackets(type) ? [] : decodeNextHops(attributes, flags),
    ...decodePreferredSource(attributes.bytes(RTA.PREFSRC)),
    ...(expires(attributes) ? { expires: true } : {}),
  };
}

/** A default route has no RTA_DST. */
function decodeDestination(bytes: Buffer | undefined, family: Family, length: number): Prefix | undefined {
  const network = bytes ?? Buffer.alloc(bitsOf(family) / 8);
  if (network.length * 8 !== bitsOf(family) || length > bitsOf(family)) return undefined;
  return prefixFromBytes(network, length);
}

function decodePreferredSource(bytes: Buffer | undefined): { preferredSource?: Address } {
  return bytes?.length === 4 || bytes?.length === 16 ? { preferredSource: addressFromBytes(bytes) } : {};
}

function decodeFamily(family: number): Family | undefined {
  if (family === AF.INET) return 4;
  return family === AF.INET6 ? 6 : undefined;
}

/** IPv6 always sends RTA_CACHEINFO (`struct rta_cacheinfo`); only `rta_expires`, its third word, tells. */
function expires(attributes: Attributes): boolean {
  const cacheInfo = attributes.bytes(RTA.CACHEINFO);
  return cacheInfo !== undefined && cacheInfo.length >= 12 && cacheInfo.readInt32LE(8) !== 0;
}

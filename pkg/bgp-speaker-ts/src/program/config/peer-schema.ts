/**
 * A neighbour in the file: every key of `PeerConfig`. The types see to it that none is forgotten.
 */

import type { z } from 'zod';
import type { BfdConfig, MaxPrefix, NextHopAddresses, PeerConfig } from '../../speaker/config.ts';
import { BGP_PORT } from '../../transport/dial.ts';
import type { Family } from '../../wire/family.ts';
import {
  addressOf,
  asn,
  family,
  flag,
  holdTime,
  identifier,
  integer,
  ipAddress,
  ipPrefix,
  oneOf,
  password,
  peerAddress,
  peerAsn,
  port,
  text,
} from './fields.ts';
import { policySchema } from './policy-schema.ts';
import {
  type Complete,
  field,
  list,
  object,
  optional,
  optionalPart,
  required,
  withDefault,
} from './schema.ts';

/** A neighbour as the file has it. */
export interface PeerValues extends Complete<Omit<PeerConfig, 'families' | 'nextHopAddresses'>> {
  /** Default: that of the address. */
  readonly families: readonly Family[] | undefined;
  readonly nextHopAddresses: NextHopAddresses | undefined;
  /** A file whose first line is the TCP MD5 key. */
  readonly passwordFile: string | undefined;
}

const nextHopAddressesSchema: z.ZodType<Complete<NextHopAddresses>> = object({
  ipv4: optional(addressOf(4), 'next hop of IPv4 routes'),
  ipv6: optional(addressOf(6), 'next hop of IPv6 routes'),
  linkLocal: optional(addressOf(6), 'link-local address on the link we share, sent behind that of IPv6'),
});

const maxPrefixSchema: z.ZodType<Complete<MaxPrefix>> = object({
  prefixes: required(integer(1, 2 ** 32 - 1), 'most prefixes of one family'),
  action: required(oneOf('warn', 'restart', 'stop'), 'what follows when there are more'),
  restartSeconds: optional(integer(1, 86_400), 'wait before the next attempt, for restart; 60 without'),
});

const bfdSchema: z.ZodType<Complete<BfdConfig>> = object({
  minTransmitIntervalMs: optional(integer(10, 60_000), 'least interval between our packets; 300 without'),
  minReceiveIntervalMs: optional(integer(10, 60_000), 'least interval between packets we take; 300 without'),
  multiplier: optional(integer(1, 255), 'how many of our packets in a row may be lost; 3 without'),
  multihop: optional(flag, 'the peer is behind routers (RFC 5883); as multihop of the peer without'),
  interface: optional(text, 'interface of a link-local peer; that of the peer without'),
});

/** A neighbour. */
export const peerSchema: z.ZodType<PeerValues> = object({
  address: required(peerAddress, 'address of the neighbour, or the prefix of dynamic neighbours'),
  interface: optional(text, 'interface a link-local address is on; needed with one'),
  port: withDefault(port, BGP_PORT, 'port to connect to'),
  maxPeers: optional(integer(1, 65_534), 'most dynamic neighbours of a prefix at a time; 100 without'),
  asn: required(peerAsn, 'AS number of the neighbour; also internal, external, any, or a list with ranges'),
  description: optional(text, 'shown in the status'),
  localAddress: optional(ipAddress, 'source address of connections we open'),
  localAsn: optional(asn, 'AS number shown to this peer instead of our own (RFC 7705)'),
  localAsnNoPrepend: optional(flag, 'do not put localAsn in front of AS_PATHs received'),
  localAsnReplaceAs: optional(flag, 'send localAsn in place of our own AS number, not in front of it'),
  localAsnDual: optional(flag, 'internal peer that may know us by our own AS number or by localAsn'),
  passive: withDefault(flag, false, 'wait for the peer to connect'),
  families: optionalPart(
    list(field(family)).min(1, 'must name at least one family'),
    'address families; that of the address without',
  ),
  holdTimeSeconds: optional(holdTime, 'hold time; that of the speaker without'),
  keepaliveTimeSeconds: optional(
    integer(1, 21_845),
    'time between two KEEPALIVEs; a third of the hold time without, and at most',
  ),
  restartTimeSeconds: optional(
    integer(0, 4095),
    'how long this peer is asked to keep our routes; that of the speaker without',
  ),
  connectRetryTimeSeconds: optional(integer(1, 65_535), 'wait between attempts to connect; 5 without'),
  nextHop: withDefault(
    oneOf('auto', 'self', 'keep'),
    'auto',
    'next hop of routes sent: our own for external peers (auto), always our own (self), unchanged (keep)',
  ),
  nextHopAddresses: optionalPart(nextHopAddressesSchema, 'our own address of each family'),
  sharedSubnets: optionalPart(
    list(field(ipPrefix)),
    'subnets of the link we share: for nextHop auto, next hops in them stay as they are (RFC 4271 §5.1.3)',
  ),
  behindUs: optional(
    flag,
    'packets reach this peer through us alone: others are told our own next hop for its routes',
  ),
  routeReflectorClient: withDefault(flag, false, 'reflect routes to and from this peer (RFC 4456)'),
  clusterId: optional(identifier, 'cluster of this client; that of the speaker without'),
  password: optional(password, 'TCP MD5 key (RFC 2385)'),
  passwordFile: optional(text, 'file whose first line is the TCP MD5 key; relative to this file'),
  ttlSecurityHops: optional(
    integer(1, 254),
    'take only packets from at most this many hops away (RFC 5082); 1 for a neighbour on the same link',
  ),
  multihop: optional(integer(1, 255), 'TTL of packets to a peer several hops away'),
  allowLocalAsn: optional(integer(0, 255), 'how often our AS number may stand in an AS_PATH received'),
  role: optional(
    oneOf('provider', 'customer', 'route-server', 'route-server-client', 'peer'),
    'what we are to this external peer; keeps routes from leaking (RFC 9234)',
  ),
  strictRole: optional(flag, 'refuse a peer that announces no role'),
  importPolicy: policySchema.describe('rules for routes received'),
  exportPolicy: policySchema.describe('rules for routes sent'),
  addPath: optional(oneOf('send', 'receive', 'both'), 'several paths of a prefix (RFC 7911), from our side'),
  addPathBestOnly: optional(flag, 'send no more than the selected path, though ADD-PATH is in use'),
  maxPrefix: optionalPart(maxPrefixSchema, 'limit on the prefixes received, for each family'),
  bfd: optionalPart(bfdSchema, 'end the session when BFD says that the way to the peer is broken (RFC 5882)'),
});

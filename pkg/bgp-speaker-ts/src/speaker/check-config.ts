/**
 * What is wrong with a configuration: values out of range, and values that contradict each other.
 *
 * A speaker takes a configuration as it is; whoever makes one by hand or by program has it checked here first.
 * All mistakes are found, each with its place, and none depends on another.
 */

import {
  type Address,
  containsAddress,
  containsPrefix,
  familyOf,
  isLinkLocal,
  type Prefix,
  parseAddress,
  parsePrefix,
} from '@weft/ip';
import type { PeerAsn } from '../fsm/types.ts';
import { MAX_PEERS } from '../rib/peer-table.ts';
import type {
  BmpCollector,
  GracefulRestartConfig,
  ListenAddress,
  LongLivedConfig,
  PeerConfig,
  SpeakerConfig,
} from './config.ts';
import { DEFAULT_MAX_PEERS, isTemplate } from './peer-book.ts';
import { isInternal } from './session-config.ts';

/** Something wrong, and where: `['peers', 3, 'asn']`. */
export interface ConfigMistake {
  readonly path: readonly (string | number)[];
  /** Goes on where the path ends: `must be a whole number from 1 to 4294967295, and is 0`. */
  readonly reason: string;
}

type Path = ConfigMistake['path'];

const MAX_ASN = 2 ** 32 - 1;
const MAX_SECONDS = 65_535;
/** The field of RFC 9494 §3.1 has 24 bits. */
const MAX_STALE_SECONDS = 2 ** 24 - 1;
/** Longest TCP MD5 key Linux takes, in octets. */
const MAX_KEY_BYTES = 80;

/** Finds everything that is wrong with a configuration. */
export function checkSpeakerConfig(config: SpeakerConfig): ConfigMistake[] {
  const { asn, identifier, clusterId, holdTimeSeconds, gracefulRestart, listen, peers } = config;
  const keyed = peers.filter((peer) => isTemplate(peer) && peer.password !== undefined);
  return [
    ...integer(['asn'], asn, 1, MAX_ASN),
    ...identity(['identifier'], identifier),
    ...identity(['clusterId'], clusterId),
    ...holdTime(['holdTimeSeconds'], holdTimeSeconds),
    ...checkGracefulRestart(gracefulRestart),
    ...checkListen(listen),
    ...checkBmp(config.bmp ?? []),
    ...repeated('peers', peers, ({ address }) => address),
    ...checkPeerCount(peers),
    ...peers.flatMap((peer, index) => [
      ...checkPeer(config, peer, ['peers', index]),
      ...checkKey(peer, keyed, ['peers', index, 'password']),
    ]),
  ];
}

function checkGracefulRestart(offer: GracefulRestartConfig | undefined): ConfigMistake[] {
  if (offer === undefined) return [];
  const at = (key: keyof GracefulRestartConfig): Path => ['gracefulRestart', key];
  return [
    ...integer(at('restartTimeSeconds'), offer.restartTimeSeconds, 0, 4095),
    ...integer(at('staleTimeSeconds'), offer.staleTimeSeconds, 0, MAX_ASN),
    ...integer(at('selectionDeferralSeconds'), offer.selectionDeferralSeconds, 0, MAX_ASN),
    ...checkLongLived(offer.longLived ?? [], at('longLived')),
  ];
}

function checkLongLived(offers: readonly LongLivedConfig[], path: Path): ConfigMistake[] {
  const twice = new Set(offers.map(({ family }) => family)).size < offers.length;
  return [
    ...(twice ? [{ path, reason: 'names a family twice' }] : []),
    ...offers.flatMap(({ staleTimeSeconds, maxStaleTimeSeconds }, index) => [
      ...integer([...path, index, 'staleTimeSeconds'], staleTimeSeconds, 0, MAX_STALE_SECONDS),
      ...integer([...path, index, 'maxStaleTimeSeconds'], maxStaleTimeSeconds, 0, MAX_STALE_SECONDS),
    ]),
  ];
}

function checkListen(listen: readonly ListenAddress[]): ConfigMistake[] {
  return [
    ...repeated('listen', listen, ({ address, port }) => `${address} port ${port}`),
    ...listen.flatMap(({ address, port }, index) => [
      ...ipAddress(['listen', index, 'address'], address),
      ...integer(['listen', index, 'port'], port, 1, 65_535),
    ]),
  ];
}

function checkBmp(collectors: readonly BmpCollector[]): ConfigMistake[] {
  return [
    ...repeated('bmp', collectors, ({ address, port }) => `${address} port ${port}`),
    ...collectors.flatMap(({ address, port, statisticsSeconds }, index) => [
      ...ipAddress(['bmp', index, 'address'], address),
      ...integer(['bmp', index, 'port'], port, 1, 65_535),
      ...integer(['bmp', index, 'statisticsSeconds'], statisticsSeconds, 1, 86_400),
    ]),
  ];
}

/** A peer has an index of two octets; dynamic neighbours count as many as there may be. */
function checkPeerCount(peers: readonly PeerConfig[]): ConfigMistake[] {
  const most = peers.reduce(
    (sum, peer) => sum + (isTemplate(peer) ? (peer.maxPeers ?? DEFAULT_MAX_PEERS) : 1),
    0,
  );
  if (most <= MAX_PEERS) return [];
  return [
    { path: ['peers'], reason: `may become ${most} neighbours, and a speaker has at most ${MAX_PEERS}` },
  ];
}

function checkPeer(config: SpeakerConfig, peer: PeerConfig, path: Path): ConfigMistake[] {
  const at = (key: keyof PeerConfig): Path => [...path, key];
  return [
    ...checkName(peer, at('address')),
    ...checkAsn(peer.asn, at('asn')),
    ...integer(at('localAsn'), peer.localAsn, 1, MAX_ASN),
    ...checkLocalAs(peer, path),
    ...checkRole(config, peer, path),
    ...integer(at('port'), peer.port, 1, 65_535),
    ...holdTime(at('holdTimeSeconds'), peer.holdTimeSeconds),
    ...integer(at('keepaliveTimeSeconds'), peer.keepaliveTimeSeconds, 1, MAX_SECONDS),
    ...integer(at('restartTimeSeconds'), peer.restartTimeSeconds, 0, 4095),
    ...integer(at('connectRetryTimeSeconds'), peer.connectRetryTimeSeconds, 1, MAX_SECONDS),
    ...integer(at('ttlSecurityHops'), peer.ttlSecurityHops, 1, 254),
    ...integer(at('multihop'), peer.multihop, 1, 255),
    ...integer(at('allowLocalAsn'), peer.allowLocalAsn, 0, 255),
    ...identity(at('clusterId'), peer.clusterId),
    ...checkInterface(peer, at('interface')),
    ...checkFamilies(peer, at('families')),
    ...checkAddresses(peer, path),
    ...checkReflection(config, peer, at('routeReflectorClient')),
    ...checkLimits(peer, path),
    ...checkBfd(peer, at('bfd')),
  ];
}

function checkName(peer: PeerConfig, path: Path): ConfigMistake[] {
  if (!isTemplate(peer)) return ipAddress(path, peer.address as Address);
  const parsed = parsePrefix(peer.address);
  return parsed.ok ? [] : [{ path, reason: parsed.reason }];
}

function checkAsn(asn: PeerAsn, path: Path): ConfigMistake[] {
  if (typeof asn === 'number') return integer(path, asn, 1, MAX_ASN);
  if (typeof asn === 'string') return [];
  if (asn.length === 0) return [{ path, reason: 'names no AS number' }];
  return asn.flatMap(({ first, last }, index) => [
    ...integer([...path, index, 'first'], first, 1, MAX_ASN),
    ...integer([...path, index, 'last'], last, first, MAX_ASN),
  ]);
}

function checkFamilies({ families }: PeerConfig, path: Path): ConfigMistake[] {
  if (families.length === 0) return [{ path, reason: 'must name at least one family' }];
  return new Set(families).size === families.length ? [] : [{ path, reason: 'names a family twice' }];
}

/** Details of a local AS that is not there. */
function checkLocalAs(peer: PeerConfig, path: Path): ConfigMistake[] {
  if (peer.localAsn !== undefined) return [];
  const details = ['localAsnNoPrepend', 'localAsnReplaceAs', 'localAsnDual'] as const;
  return details.flatMap((key) =>
    peer[key] === true ? [{ path: [...path, key], reason: 'is about localAsn, and there is none' }] : [],
  );
}

/** RFC 9234 §4: roles are between ASes. */
function checkRole(config: SpeakerConfig, peer: PeerConfig, path: Path): ConfigMistake[] {
  const { role, strictRole } = peer;
  if (role !== undefined && isInternal(config, peer))
    return [
      { path: [...path, 'role'], reason: 'is for external peers, and this one is internal (RFC 9234)' },
    ];
  if (role !== undefined || strictRole !== true) return [];
  return [{ path: [...path, 'strictRole'], reason: 'needs a role of ours, and there is none' }];
}

function checkAddresses(peer: PeerConfig, path: Path): ConfigMistake[] {
  const { address, localAddress, nextHopAddresses, sharedSubnets = [] } = peer;
  const { ipv4, ipv6, linkLocal } = nextHopAddresses;
  return [
    ...ipAddress([...path, 'localAddress'], localAddress, familyOf(address)),
    ...ipAddress([...path, 'nextHopAddresses', 'ipv4'], ipv4, 4),
    ...ipAddress([...path, 'nextHopAddresses', 'ipv6'], ipv6, 6),
    ...linkLocalAddress([...path, 'nextHopAddresses', 'linkLocal'], linkLocal),
    ...sharedSubnets.flatMap((subnet, index) => subnetMistakes([...path, 'sharedSubnets', index], subnet)),
  ];
}

/** A client is in the AS of its reflector: RFC 4456 §1. */
function checkReflection(config: SpeakerConfig, peer: PeerConfig, path: Path): ConfigMistake[] {
  const { asn, localAsn = config.asn, routeReflectorClient = false } = peer;
  const external = asn === 'external' || (typeof asn === 'number' && !isInternal(config, peer));
  if (!routeReflectorClient || !external) return [];
  return [{ path, reason: `is for peers of AS ${localAsn}, and this one is in another AS (RFC 4456)` }];
}

function checkLimits(peer: PeerConfig, path: Path): ConfigMistake[] {
  const { maxPrefix, maxPeers } = peer;
  const misplaced = maxPeers !== undefined && !isTemplate(peer);
  return [
    ...integer([...path, 'maxPrefix', 'prefixes'], maxPrefix?.prefixes, 1, MAX_ASN),
    ...integer([...path, 'maxPrefix', 'restartSeconds'], maxPrefix?.restartSeconds, 1, MAX_ASN),
    ...integer([...path, 'maxPeers'], maxPeers, 1, MAX_PEERS),
    ...(misplaced ? [{ path: [...path, 'maxPeers'], reason: 'is for the neighbours of a prefix' }] : []),
  ];
}

/** A link-local address means nothing without its link; of any other the routes say where it is. */
function checkInterface({ address, interface: name }: PeerConfig, path: Path): ConfigMistake[] {
  const parsed = parseAddress(address);
  const isLocal = parsed.ok && familyOf(parsed.value) === 6 && isLinkLocal(parsed.value);
  if (isLocal === (name !== undefined)) return [];
  const reason = isLocal
    ? 'is missing, and the address of the peer is link-local'
    : 'is for peers with a link-local address';
  return [{ path, reason }];
}

/** Faster than 10 ms is for hardware. */
function checkBfd({ bfd }: PeerConfig, path: Path): ConfigMistake[] {
  if (bfd === undefined) return [];
  return [
    ...integer([...path, 'minTransmitIntervalMs'], bfd.minTransmitIntervalMs, 10, 60_000),
    ...integer([...path, 'minReceiveIntervalMs'], bfd.minReceiveIntervalMs, 10, 60_000),
    ...integer([...path, 'multiplier'], bfd.multiplier, 1, 255),
  ];
}

/** The kernel knows keys of prefixes, and no exceptions from them. */
function checkKey(peer: PeerConfig, keyed: readonly PeerConfig[], path: Path): ConfigMistake[] {
  const { password } = peer;
  if (password === undefined) {
    const around = keyed.find((other) => isAround(other, peer));
    if (around === undefined) return [];
    return [{ path, reason: `is missing: the key of ${around.address} would be asked of this peer, too` }];
  }
  const { length } = new TextEncoder().encode(password);
  if (length >= 1 && length <= MAX_KEY_BYTES) return [];
  return [{ path, reason: `must have 1 to ${MAX_KEY_BYTES} octets, and has ${length}` }];
}

function isAround(outer: PeerConfig, inner: PeerConfig): boolean {
  if (!isTemplate(outer) || outer === inner || familyOf(outer.address) !== familyOf(inner.address))
    return false;
  if (isTemplate(inner)) return containsPrefix(outer.address, inner.address);
  return containsAddress(outer.address, inner.address as Address);
}

function integer(path: Path, value: number | undefined, min: number, max: number): ConfigMistake[] {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return [];
  return [{ path, reason: `must be a whole number from ${min} to ${max}, and is ${value}` }];
}

/** RFC 4271 §4.2: 0 for none, or at least 3 s. */
function holdTime(path: Path, value: number | undefined): ConfigMistake[] {
  if (value === 1 || value === 2) {
    return [{ path, reason: `must be 0 or from 3 to ${MAX_SECONDS}, and is ${value} (RFC 4271 §4.2)` }];
  }
  return integer(path, value, 0, MAX_SECONDS);
}

/** RFC 6286 §2.1, RFC 4456 §7: four octets that are not zero, written as an IPv4 address. */
function identity(path: Path, value: Address | undefined): ConfigMistake[] {
  if (value === '0.0.0.0') return [{ path, reason: 'must not be 0.0.0.0 (RFC 6286)' }];
  return ipAddress(path, value, 4);
}

function ipAddress(path: Path, value: Address | undefined, family?: 4 | 6): ConfigMistake[] {
  if (value === undefined) return [];
  const parsed = parseAddress(value);
  if (!parsed.ok) return [{ path, reason: parsed.reason }];
  if (parsed.value !== value) return [{ path, reason: `must be written as ${parsed.value}` }];
  if (family === undefined || familyOf(value) === family) return [];
  return [{ path, reason: `must be an IPv${family} address, and is ${value}` }];
}

function linkLocalAddress(path: Path, value: Address | undefined): ConfigMistake[] {
  const mistakes = ipAddress(path, value, 6);
  if (value === undefined || mistakes.length > 0 || isLinkLocal(value)) return mistakes;
  return [{ path, reason: `must be a link-local address, and is ${value}` }];
}

function subnetMistakes(path: Path, value: Prefix): ConfigMistake[] {
  const parsed = parsePrefix(value);
  return parsed.ok ? [] : [{ path, reason: parsed.reason }];
}

function repeated<T>(room: string, items: readonly T[], nameOf: (item: T) => string): ConfigMistake[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const name = nameOf(item);
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ path: [room, index], reason: `stands there twice: ${name}` }];
  });
}

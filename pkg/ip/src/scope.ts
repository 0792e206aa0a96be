/**
 * Special-purpose ranges (RFC 6890, RFC 4291) that routing treats apart.
 */
import type { Address } from './address.ts';
import { containsAddress, type Prefix, prefix } from './prefix.ts';

const linkLocal = [prefix('169.254.0.0/16'), prefix('fe80::/10')];
const loopback = [prefix('127.0.0.0/8'), prefix('::1/128')];
const multicast = [prefix('224.0.0.0/4'), prefix('ff00::/8')];
const unspecified = [prefix('0.0.0.0/32'), prefix('::/128')];
const limitedBroadcast = [prefix('255.255.255.255/32')];

/** 169.254.0.0/16 and fe80::/10. */
export function isLinkLocal(address: Address): boolean {
  return inAny(linkLocal, address);
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: Address): boolean {
  return inAny(loopback, address);
}

/** 224.0.0.0/4 and ff00::/8. */
export function isMulticast(address: Address): boolean {
  return inAny(multicast, address);
}

/** 0.0.0.0 and ::. */
export function isUnspecified(address: Address): boolean {
  return inAny(unspecified, address);
}

/** An address one host can be reached at beyond its own link, private ranges included. */
export function isGlobalUnicast(address: Address): boolean {
  return !inAny([...linkLocal, ...loopback, ...multicast, ...unspecified, ...limitedBroadcast], address);
}

function inAny(ranges: readonly Prefix[], address: Address): boolean {
  return ranges.some((range) => containsAddress(range, address));
}

/**
 * The order in which a host tries the blocks of a pool: from a starting point of its own, once around.
 *
 * A host always starts at the same place, so that two requests at the same time meet in one block instead of
 * claiming two; different hosts start far apart, so that they seldom meet at all. Calico draws the start from Go's
 * generator seeded with FNV-1; only those two properties matter to others, not the sequence.
 */
import { networkAddress, nthSubnet, ordinalOf, type Prefix, prefixLength, subnetCount } from '@weft/ip';
import type { Reservations } from './reservations.ts';

/** A block-sized piece of a pool and its place in it. */
export interface WalkedBlock {
  readonly cidr: Prefix;
  readonly index: bigint;
}

/** FNV-1, 32 bits, over the UTF-8 bytes of the text. */
export function fnv1(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash, 0x01000193) ^ byte;
  return hash >>> 0;
}

/** A number in [0, count), spread evenly over seeds that differ in one bit only. */
export function startIndex(seed: number, count: bigint): bigint {
  let value = 0n;
  for (let bits = 0n, word = 1; count >> bits > 0n; bits += 32n, word++) {
    value = (value << 32n) | BigInt(mix(seed + Math.imul(word, 0x9e3779b9)));
  }
  return value % count;
}

/** Lets every bit of a word decide every bit of the result. */
function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/**
 * Walks the blocks of a pool once around from `start`. Wholly reserved stretches are jumped over in one step, or a
 * reservation of half an IPv6 pool would never end.
 */
export function* walkBlocks(
  pool: Prefix,
  blockSize: number,
  start: bigint,
  reservations: Reservations,
): Generator<WalkedBlock, void, undefined> {
  const count = subnetCount(pool, blockSize);
  for (let walked = 0n; walked < count; walked++) {
    const index = (start + walked) % count;
    const cidr = nthSubnet(pool, blockSize, index);
    const reserved = reservations.covering(cidr);
    if (reserved) walked += lastIndexIn(reserved, pool, blockSize) - index;
    else yield { cidr, index };
  }
}

/** The index of the last block of the pool that lies in `reserved`, which covers at least one. */
function lastIndexIn(reserved: Prefix, pool: Prefix, blockSize: number): bigint {
  if (prefixLength(reserved) <= prefixLength(pool)) return subnetCount(pool, blockSize) - 1n;
  return blockIndex(reserved, pool, blockSize) + subnetCount(reserved, blockSize) - 1n;
}

/** The place of a block (or of the block that begins where `inner` does) in its pool. */
export function blockIndex(inner: Prefix, pool: Prefix, blockSize: number): bigint {
  const addressBits = BigInt((pool.includes(':') ? 128 : 32) - blockSize);
  return ordinalOf(pool, networkAddress(inner)) >> addressBits;
}

/**
 * Compiles the prefix part of a rule into a test on address words.
 *
 * In Calico's terms (its BGPFilter): `in` is the prefix and all below it; lengths narrow that to a range which starts
 * at the prefix's own length at the earliest; `equal` with lengths means the same pattern.
 */

import { prefixBytes, prefixLength } from '@weft/ip';
import type { RouteFacts } from './facts.ts';
import type { PrefixMatch } from './rule.ts';

/** A test on one route. */
export type Condition = (route: Readonly<RouteFacts>) => boolean;

/** Compiles a prefix match. A pattern of the other family holds for no route, its negation for every one. */
export function compilePrefixMatch(match: PrefixMatch): Condition {
  const negated = match.operator === 'not-in' || match.operator === 'not-equal';
  const inside = compilePattern(match);
  return negated ? (route) => !inside(route) : inside;
}

function compilePattern(match: PrefixMatch): Condition {
  const bytes = prefixBytes(match.prefix);
  const own = prefixLength(match.prefix);
  const hasLengths = match.minLength !== undefined || match.maxLength !== undefined;
  const exact = (match.operator === 'equal' || match.operator === 'not-equal') && !hasLengths;
  const min = exact ? own : Math.max(own, match.minLength ?? own);
  const max = exact ? own : Math.min(bytes.length * 8, match.maxLength ?? bytes.length * 8);
  return bytes.length === 4 ? compileIpv4(bytes, own, min, max) : compileIpv6(bytes, own, min, max);
}

function compileIpv4(bytes: Uint8Array, own: number, min: number, max: number): Condition {
  const network = readWord(bytes, 0);
  const mask = toMask(own);
  return (route) =>
    route.family === 'ipv4-unicast' &&
    route.length >= min &&
    route.length <= max &&
    (route.word0 & mask) >>> 0 === network;
}

function compileIpv6(bytes: Uint8Array, own: number, min: number, max: number): Condition {
  const [network0, network1, network2, network3] = [0, 4, 8, 12].map((offset) => readWord(bytes, offset));
  const [mask0, mask1, mask2, mask3] = [0, 32, 64, 96].map((before) => toMask(own - before));
  return (route) =>
    route.family === 'ipv6-unicast' &&
    route.length >= min &&
    route.length <= max &&
    (route.word0 & (mask0 as number)) >>> 0 === network0 &&
    (route.word1 & (mask1 as number)) >>> 0 === network1 &&
    (route.word2 & (mask2 as number)) >>> 0 === network2 &&
    (route.word3 & (mask3 as number)) >>> 0 === network3;
}

/** The mask of one word of which `ones` leading bits belong to the network. */
function toMask(ones: number): number {
  if (ones >= 32) return -1;
  return ones <= 0 ? 0 : -1 << (32 - ones);
}

function readWord(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
}

/**
 * The address families this speaker routes, between their numbers on the wire and their names in configuration.
 *
 * Source: RFC 4760 §3, §6. A family that is not listed here can be named by a peer (capabilities keep the numbers)
 * but is never negotiated.
 */

import { Afi, Safi } from './iana.ts';

/** A family this speaker can exchange routes of. */
export type Family = 'ipv4-unicast' | 'ipv6-unicast';

/** A family as it stands on the wire, known to this speaker or not. */
export interface AfiSafi {
  readonly afi: number;
  readonly safi: number;
}

/** All supported families, in the order in which they are announced and reported. */
export const FAMILIES: readonly Family[] = ['ipv4-unicast', 'ipv6-unicast'];

/** Gives the numbers of a family. */
export function toAfiSafi(family: Family): AfiSafi {
  return { afi: family === 'ipv4-unicast' ? Afi.ipv4 : Afi.ipv6, safi: Safi.unicast };
}

/** Gives the family of two numbers, or undefined when this speaker does not route it. */
export function toFamily(afi: number, safi: number): Family | undefined {
  if (safi !== Safi.unicast) return undefined;
  if (afi === Afi.ipv4) return 'ipv4-unicast';
  return afi === Afi.ipv6 ? 'ipv6-unicast' : undefined;
}

/** Gives the longest prefix length of a family, in bits. */
export function maxPrefixLength(family: Family): 32 | 128 {
  return family === 'ipv4-unicast' ? 32 : 128;
}

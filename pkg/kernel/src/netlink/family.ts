/**
 * Address families, between 4 and 6 and the kernel's numbers.
 */
import { type Address, type Family, familyOf, type Prefix } from '@weft/ip';
import { AF } from './constants.ts';

/** AF_INET or AF_INET6 of an address or prefix. */
export function netlinkFamily(text: Address | Prefix): number {
  return familyNumber(familyOf(text));
}

/** AF_INET or AF_INET6. */
export function familyNumber(family: Family): number {
  return family === 4 ? AF.INET : AF.INET6;
}

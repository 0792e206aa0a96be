/** What is asked about: an address, or a prefix. */
import type { Refusal } from '@weft/control';
import { refuse } from '@weft/control';
import {
  type Address,
  address,
  familyOf,
  hostPrefix,
  networkAddress,
  type Prefix,
  parsePrefix,
  prefixLength,
  prefixOf,
} from '@weft/ip';

/** A destination as its prefix; an address is one of full length. */
export interface Destination {
  readonly prefix: Prefix;
  /** The address, or the first of the prefix. */
  readonly address: Address;
  readonly family: 4 | 6;
}

/** Reads what was asked; a prefix with host bits is refused by name of the one that is meant. */
export function destinationOf(text: string): Destination | Refusal {
  if (!text.includes('/')) return ofPrefix(hostPrefix(address(text)));
  const parsed = parsePrefix(text);
  if (parsed.ok) return ofPrefix(parsed.value);
  return refuse('invalid-request', parsed.reason, text, 'Ask for the network, or for one address.');
}

function ofPrefix(prefix: Prefix): Destination {
  const first = networkAddress(prefix);
  return { prefix, address: first, family: familyOf(first) };
}

/** Every prefix that holds the destination, the shortest first. */
export function coveringPrefixes({ address: first, prefix }: Destination): Prefix[] {
  return Array.from({ length: prefixLength(prefix) + 1 }, (_, length) => prefixOf(first, length));
}

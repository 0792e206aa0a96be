/**
 * The addresses by which a Node takes part in BGP, read from `spec.bgp`.
 *
 * A resource that came through `parseResource` or `readResource` has them in canonical form, so an address alone is cut off
 * without being parsed: a large cluster has many.
 */
import { type Address, type Family, type InterfaceAddress, parseInterfaceAddress } from '@weft/ip';
import type { Node } from './generated/types.ts';

type NodeWithAddresses = Pick<Node, 'spec'>;

const families: readonly Family[] = [4, 6];

/** The node's address of a family, without the length of its subnet. */
export function nodeAddress(node: NodeWithAddresses, family: Family): Address | undefined {
  return text(node, family)?.split('/', 1)[0] as Address | undefined;
}

/** Of both families, IPv4 first. */
export function nodeAddresses(node: NodeWithAddresses): Address[] {
  return families.flatMap((family) => nodeAddress(node, family) ?? []);
}

/** The node's address of a family with its subnet; undefined where the Node names no length. */
export function nodeInterfaceAddress(node: NodeWithAddresses, family: Family): InterfaceAddress | undefined {
  const parsed = parseInterfaceAddress(text(node, family) ?? '');
  return parsed.ok ? parsed.value : undefined;
}

/** Of both families, IPv4 first. */
export function nodeInterfaceAddresses(node: NodeWithAddresses): InterfaceAddress[] {
  return families.flatMap((family) => nodeInterfaceAddress(node, family) ?? []);
}

function text({ spec }: NodeWithAddresses, family: Family): string | undefined {
  return family === 4 ? spec.bgp?.ipv4Address : spec.bgp?.ipv6Address;
}

/**
 * Addresses between their text and the kernel's `struct sockaddr`, and the text Node gives for a peer.
 *
 * Node runs on little-endian machines only where this package does (x64, arm64), so the family is written so.
 */

import { type Address, addressBytes, familyOf, parseAddress } from '@weft/ip';

/** Address families of socket(2) on Linux. */
export const AddressFamily = { inet: 2, inet6: 10 } as const;

const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;

/** Gives the socket domain of an address. */
export function domainOf(address: Address): number {
  return familyOf(address) === 4 ? AddressFamily.inet : AddressFamily.inet6;
}

/** Builds a `struct sockaddr_in` or `sockaddr_in6`. */
export function socketAddress(address: Address, port: number): Uint8Array {
  const ipv4 = familyOf(address) === 4;
  const bytes = new Uint8Array(ipv4 ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, domainOf(address), true);
  view.setUint16(2, port);
  bytes.set(addressBytes(address), ipv4 ? 4 : 8);
  return bytes;
}

/** Reads the address Node gives for one end of a connection: without a zone, in canonical form. */
export function fromNodeAddress(text: string | undefined): Address | undefined {
  const parsed = parseAddress((text ?? '').replace(/%.*$/, ''));
  return parsed.ok ? parsed.value : undefined;
}

/**
 * Addresses between their text and the kernel's `struct sockaddr`, and the text Node gives for a peer.
 *
 * Node runs on little-endian machines only where this package does (x64, arm64), so the family is written so.
 */

import { type Address, addressBytes, addressFromBytes, familyOf, parseAddress } from '@weft/ip';

/** Address families of socket(2) on Linux. */
export const AddressFamily = { inet: 2, inet6: 10 } as const;

const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;

/** Gives the socket domain of an address. */
export function domainOf(address: Address): number {
  return familyOf(address) === 4 ? AddressFamily.inet : AddressFamily.inet6;
}

/**
 * Builds a `struct sockaddr_in` or `sockaddr_in6`.
 *
 * @param interfaceIndex where a link-local address is; 0 for all others
 */
export function socketAddress(address: Address, port: number, interfaceIndex = 0): Uint8Array {
  const ipv4 = familyOf(address) === 4;
  const bytes = new Uint8Array(ipv4 ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, domainOf(address), true);
  view.setUint16(2, port);
  bytes.set(addressBytes(address), ipv4 ? 4 : 8);
  if (!ipv4) view.setUint32(24, interfaceIndex, true);
  return bytes;
}

/** Reads the address out of a `struct sockaddr_in` or `sockaddr_in6`. */
export function fromSocketAddress(bytes: Uint8Array): Address {
  return bytes[0] === AddressFamily.inet
    ? addressFromBytes(bytes.subarray(4, 8))
    : addressFromBytes(bytes.subarray(8, 24));
}

/** Reads the interface behind a link-local address as Node gives it, if it is there. */
export function zoneOf(text: string | undefined): string | undefined {
  return /%(.*)$/.exec(text ?? '')?.[1];
}

/** Reads the address Node gives for one end of a connection: without a zone, in canonical form. */
export function fromNodeAddress(text: string | undefined): Address | undefined {
  const parsed = parseAddress((text ?? '').replace(/%.*$/, ''));
  return parsed.ok ? parsed.value : undefined;
}

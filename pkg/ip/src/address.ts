/**
 * IP addresses as canonical text: the one form that serves as map key, JSON value and log field.
 *
 * Text from outside enters through `parseAddress`; bytes from the kernel or the wire through `addressFromBytes`. Both
 * give the same string for the same address, so `===` compares addresses.
 */
import { ipv4Bytes, ipv4Text } from './ipv4-text.ts';
import { ipv6Bytes, ipv6Text } from './ipv6-text.ts';
import { type Parsed, quote, unwrap } from './parsed.ts';
import type { Prefix } from './prefix.ts';

/** The IP version. */
export type Family = 4 | 6;

declare const addressBrand: unique symbol;

/** An IP address in canonical text: dotted decimal, or RFC 5952 for IPv6. */
export type Address = string & { readonly [addressBrand]: true };

/** Reads an address strictly: no leading zeros in octets, no short forms, no zone, no surrounding space. */
export function parseAddress(text: string): Parsed<Address> {
  const bytes = text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text);
  return bytes === undefined
    ? { ok: false, reason: whyNot(text) }
    : { ok: true, value: addressFromBytes(bytes) };
}

function whyNot(text: string): string {
  if (text.includes('%')) return `${quote(text)} carries a zone; an address here has none`;
  if (text.includes('/')) return `${quote(text)} is not an IP address: it carries a prefix length`;
  if (/^(\d+\.){3}\d+$/.test(text) && /(^|\.)0\d/.test(text))
    return `${quote(text)} is not an IP address: octets have no leading zeros`;
  return `${quote(text)} is not an IP address`;
}

/** The address a literal names. Throws TypeError when it names none. */
export function address(text: string): Address {
  return unwrap(parseAddress(text));
}

/** The family of an address or of a prefix. */
export function familyOf(text: Address | Prefix): Family {
  return text.includes(':') ? 6 : 4;
}

/** The width of an address of the family, in bits: 32 or 128. */
export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** The 4 or 16 bytes in network order, newly allocated. */
export function addressBytes(value: Address): Uint8Array {
  const bytes = value.includes(':') ? ipv6Bytes(value) : ipv4Bytes(value);
  if (bytes === undefined) throw new TypeError(whyNot(value));
  return bytes;
}

/** The address of 4 or 16 bytes in network order. Throws RangeError for any other number of bytes. */
export function addressFromBytes(bytes: Uint8Array): Address {
  if (bytes.length === 4) return ipv4Text(bytes) as Address;
  if (bytes.length === 16) return ipv6Text(bytes) as Address;
  throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`);
}

/** The address as an unsigned integer of 32 or 128 bits. */
export function addressToInteger(value: Address): bigint {
  return bytesToInteger(addressBytes(value));
}

/** The address of an unsigned integer. Throws RangeError when it does not fit the family. */
export function addressFromInteger(value: bigint, family: Family): Address {
  if (value < 0n || value >> BigInt(bitsOf(family)) !== 0n)
    throw new RangeError(`${value} is outside the IPv${family} address space`);
  const bytes = new Uint8Array(bitsOf(family) / 8);
  let rest = value;
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return addressFromBytes(bytes);
}

function bytesToInteger(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** Orders addresses for sorting: IPv4 before IPv6, then by value. */
export function compareAddresses(left: Address, right: Address): number {
  if (familyOf(left) !== familyOf(right)) return familyOf(left) - familyOf(right);
  return compareBytes(addressBytes(left), addressBytes(right));
}

/** Orders byte strings of equal length. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  for (let index = 0; index < left.length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

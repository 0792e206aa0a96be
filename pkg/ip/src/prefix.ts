/**
 * Prefixes as canonical text: a masked network address, a slash, a length.
 */
import {
  type Address,
  addressBytes,
  addressFromBytes,
  bitsOf,
  compareBytes,
  familyOf,
  parseAddress,
} from './address.ts';
import { type Parsed, quote, unwrap } from './parsed.ts';

declare const prefixBrand: unique symbol;

/** An IP prefix in canonical text, for example "10.0.0.0/26"; no bit is set beyond its length. */
export type Prefix = string & { readonly [prefixBrand]: true };

/** An address with the prefix it lives in, as interfaces and Calico's Node carry it: "10.0.0.1/24". */
export interface InterfaceAddress {
  readonly address: Address;
  readonly prefix: Prefix;
  readonly prefixLength: number;
}

/** Reads a prefix strictly: the length is required and plain decimal, and no host bit may be set. */
export function parsePrefix(text: string): Parsed<Prefix> {
  const parsed = parseInterfaceAddress(text);
  if (!parsed.ok) return parsed;
  const { address, prefix, prefixLength } = parsed.value;
  if (prefix === `${address}/${prefixLength}`) return { ok: true, value: prefix };
  return { ok: false, reason: `${quote(text)} has host bits set; the network is ${prefix}` };
}

/** Reads an address with its prefix length, host bits allowed: "10.0.0.1/24". */
export function parseInterfaceAddress(text: string): Parsed<InterfaceAddress> {
  const slash = text.indexOf('/');
  if (slash < 0) return { ok: false, reason: `${quote(text)} has no prefix length` };
  const parsed = parseAddress(text.slice(0, slash));
  if (!parsed.ok) return parsed;
  const address = parsed.value;
  const lengthText = text.slice(slash + 1);
  const length = Number(lengthText);
  const bits = bitsOf(familyOf(address));
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText) || length > bits)
    return { ok: false, reason: `${quote(text)} has no prefix length between 0 and ${bits}` };
  return { ok: true, value: { address, prefix: prefixOf(address, length), prefixLength: length } };
}

/** The prefix a literal names. Throws TypeError when it names none. */
export function prefix(text: string): Prefix {
  return unwrap(parsePrefix(text));
}

/** True when the text is a prefix in canonical form already. */
export function isPrefix(text: string): text is Prefix {
  const parsed = parsePrefix(text);
  return parsed.ok && parsed.value === text;
}

/** The prefix of that length which holds the address. Throws RangeError for a length outside the family. */
export function prefixOf(address: Address, length: number): Prefix {
  return prefixFromBytes(addressBytes(address), length);
}

/** The prefix of 4 or 16 bytes and a length; host bits are cleared. Throws RangeError for an impossible length. */
export function prefixFromBytes(bytes: Uint8Array, length: number): Prefix {
  if (!Number.isInteger(length) || length < 0 || length > bytes.length * 8)
    throw new RangeError(`an IPv${bytes.length === 4 ? 4 : 6} prefix has no length ${length}`);
  return `${addressFromBytes(masked(bytes, length))}/${length}` as Prefix;
}

function masked(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, index) => byte & maskByte(length - index * 8));
}

/** The mask of one byte of which `ones` leading bits belong to the network. */
function maskByte(ones: number): number {
  return ones <= 0 ? 0 : ones >= 8 ? 0xff : 0xff & (0xff00 >> ones);
}

/** /32 or /128 of the address. */
export function hostPrefix(address: Address): Prefix {
  return `${address}/${bitsOf(familyOf(address))}` as Prefix;
}

/** True for /32 and /128. */
export function isHostPrefix(value: Prefix): boolean {
  return prefixLength(value) === bitsOf(familyOf(value));
}

/** The number of network bits. */
export function prefixLength(value: Prefix): number {
  return Number(value.slice(value.indexOf('/') + 1));
}

/** The first address of the prefix. */
export function networkAddress(value: Prefix): Address {
  return value.slice(0, value.indexOf('/')) as Address;
}

/** The network address as 4 or 16 bytes, newly allocated. */
export function prefixBytes(value: Prefix): Uint8Array {
  return addressBytes(networkAddress(value));
}

/** True when the address lies in the prefix; never across families. */
export function containsAddress(outer: Prefix, inner: Address): boolean {
  return familyOf(outer) === familyOf(inner) && prefixOf(inner, prefixLength(outer)) === outer;
}

/** True when every address of `inner` lies in `outer`; a prefix contains itself. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return prefixLength(outer) <= prefixLength(inner) && containsAddress(outer, networkAddress(inner));
}

/** True when the two share an address. Prefixes never overlap in part: one contains the other. */
export function overlaps(left: Prefix, right: Prefix): boolean {
  return containsPrefix(left, right) || containsPrefix(right, left);
}

/** Orders prefixes for sorting: IPv4 before IPv6, then by network address, then the shorter length first. */
export function comparePrefixes(left: Prefix, right: Prefix): number {
  if (familyOf(left) !== familyOf(right)) return familyOf(left) - familyOf(right);
  return compareBytes(prefixBytes(left), prefixBytes(right)) || prefixLength(left) - prefixLength(right);
}

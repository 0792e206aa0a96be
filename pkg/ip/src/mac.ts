/**
 * MAC addresses as canonical text: six pairs of lower-case hex digits with colons.
 */
import { type Address, addressFromBytes } from './address.ts';
import { type Parsed, quote, unwrap } from './parsed.ts';

declare const macBrand: unique symbol;

/** A 48-bit MAC address, for example "ee:ee:ee:ee:ee:ee". */
export type MacAddress = string & { readonly [macBrand]: true };

/** Reads six pairs of hex digits joined by colons, in either case. */
export function parseMac(text: string): Parsed<MacAddress> {
  if (!/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text))
    return { ok: false, reason: `${quote(text)} is not a MAC address like ee:ee:ee:ee:ee:ee` };
  return { ok: true, value: text.toLowerCase() as MacAddress };
}

/** The MAC address a literal names. Throws TypeError when it names none. */
export function mac(text: string): MacAddress {
  return unwrap(parseMac(text));
}

/** The six bytes, newly allocated. */
export function macBytes(value: MacAddress): Uint8Array {
  return Uint8Array.from(value.split(':'), (pair) => Number.parseInt(pair, 16));
}

/** The MAC address of six bytes. Throws RangeError for any other number of bytes. */
export function macFromBytes(bytes: Uint8Array): MacAddress {
  if (bytes.length !== 6) throw new RangeError(`a MAC address has 6 bytes, not ${bytes.length}`);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':') as MacAddress;
}

/** The IPv6 link-local address the kernel derives from a MAC address. Source: RFC 4291 §2.5.6 and Appendix A. */
export function linkLocalFromMac(value: MacAddress): Address {
  const [first = 0, ...rest] = macBytes(value);
  // The universal/local bit is inverted, and ff:fe goes in the middle.
  const interfaceId = [first ^ 0x02, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  return addressFromBytes(Uint8Array.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...interfaceId]));
}

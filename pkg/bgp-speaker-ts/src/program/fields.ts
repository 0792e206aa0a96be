/**
 * Readers of single values of the configuration file: a value as YAML has it → a checked value, or why not.
 */

import {
  type Address,
  familyOf,
  isUnspecified,
  type Parsed,
  type Prefix,
  parseAddress,
  parsePrefix,
} from '@weft/ip';
import { FAMILIES, type Family } from '../wire/family.ts';
import { nearest } from './nearest.ts';

/** Reads one value; `undefined` stands for a key that is not there. */
export type Reader<T> = (value: unknown) => Parsed<T>;

/** Reads a whole number within limits. */
export function integer(min: number, max: number): Reader<number> {
  return (value) => {
    if (value === undefined) return missing;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
      return { ok: true, value: value as number };
    return { ok: false, reason: `must be a whole number from ${min} to ${max}, and is ${show(value)}` };
  };
}

/** Reads an AS number; 0 belongs to nobody (RFC 7607). */
export const asn: Reader<number> = integer(1, 2 ** 32 - 1);

/** Reads a hold time: 0 for none, or 3…65535 s (RFC 4271 §4.2). */
export const holdTime: Reader<number> = (value) => {
  const read = integer(0, 65_535)(value);
  if (!read.ok || read.value === 0 || read.value >= 3) return read;
  return { ok: false, reason: `must be 0 or from 3 to 65535, and is ${read.value} (RFC 4271 §4.2)` };
};

/** Reads yes or no. */
export const flag: Reader<boolean> = (value) =>
  typeof value === 'boolean' ? { ok: true, value } : refuse(value, 'true or false');

/** Reads an address of a host. */
export const ipAddress: Reader<Address> = (value) =>
  typeof value === 'string' ? parseAddress(value) : refuse(value, 'an IP address');

/** Reads the address of a peer. */
export const peerAddress: Reader<Address> = (value) => {
  if (typeof value !== 'string' || !value.includes('/')) return ipAddress(value);
  return {
    ok: false,
    reason: `is a prefix, and peers of a whole prefix (dynamic neighbours) do not exist yet: ${show(value)}`,
  };
};

/** Reads a BGP Identifier or a cluster id: an IPv4 address other than 0.0.0.0 (RFC 6286, RFC 4456). */
export const identifier: Reader<Address> = (value) => {
  const read = ipAddress(value);
  if (!read.ok || (familyOf(read.value) === 4 && !isUnspecified(read.value))) return read;
  return { ok: false, reason: `must be an IPv4 address other than 0.0.0.0, and is ${show(value)}` };
};

/** Reads a prefix without host bits. */
export const ipPrefix: Reader<Prefix> = (value) =>
  typeof value === 'string' ? parsePrefix(value) : refuse(value, 'a prefix such as 10.1.0.0/26');

/** Reads the name of an address family. */
export const family: Reader<Family> = (value) => {
  const found = FAMILIES.find((name) => name === value);
  if (found !== undefined) return { ok: true, value: found };
  const meant = typeof value === 'string' ? nearest(value, FAMILIES) : undefined;
  const more = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return { ok: false, reason: `must be ${FAMILIES.join(' or ')}, and is ${show(value)}${more}` };
};

const missing = { ok: false, reason: 'is missing' } as const;

function refuse(value: unknown, wanted: string): Parsed<never> {
  return value === undefined ? missing : { ok: false, reason: `must be ${wanted}, and is ${show(value)}` };
}

function show(value: unknown): string {
  return value === null ? 'empty' : JSON.stringify(value);
}

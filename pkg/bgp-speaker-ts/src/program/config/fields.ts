/**
 * Kinds of single values in the configuration file: how each is read, and how a JSON Schema describes it.
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
import type { AsnRange, PeerAsn } from '../../fsm/types.ts';
import { parseCommunity, parseLargeCommunity } from '../../policy/community.ts';
import { MAX_MD5_KEY_BYTES } from '../../transport/socket-options.ts';
import { FAMILIES, type Family } from '../../wire/family.ts';
import { nearest } from '../nearest.ts';

/** A kind of value. */
export interface FieldType<T> {
  /** Reads a value as YAML has it, or says why it cannot be; `undefined` stands for a key that is not there. */
  readonly read: (value: unknown) => Parsed<T>;
  /** What a JSON Schema says of it. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** A whole number within limits. */
export function integer(minimum: number, maximum: number): FieldType<number> {
  return {
    schema: { type: 'integer', minimum, maximum },
    read: (value) =>
      Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum
        ? { ok: true, value: value as number }
        : refuse(value, `a whole number from ${minimum} to ${maximum}`),
  };
}

/** One of some words. */
export function oneOf<const T extends string>(...words: readonly T[]): FieldType<T> {
  return {
    schema: { enum: words },
    read: (value) => {
      const found = words.find((word) => word === value);
      if (found !== undefined) return { ok: true, value: found };
      if (value === undefined) return missing;
      const meant = typeof value === 'string' ? nearest(value, words) : undefined;
      const more = meant === undefined ? '' : `; did you mean "${meant}"?`;
      return { ok: false, reason: `must be ${words.join(' or ')}, and is ${show(value)}${more}` };
    },
  };
}

/** An AS number; 0 belongs to nobody (RFC 7607). */
export const asn: FieldType<number> = integer(1, 2 ** 32 - 1);

const PEER_AS_WORDS = ['internal', 'external', 'any'] as const;

/** The AS number a peer must have: one, a word, or a list such as `[64512, 65000-65010]`. */
export const peerAsn: FieldType<PeerAsn> = {
  schema: { anyOf: [asn.schema, { enum: [...PEER_AS_WORDS] }, { type: 'array', minItems: 1 }] },
  read: (value) => {
    const word = PEER_AS_WORDS.find((name) => name === value);
    if (word !== undefined) return { ok: true, value: word };
    return Array.isArray(value) ? readAsnList(value) : asn.read(value);
  },
};

function readAsnList(values: readonly unknown[]): Parsed<PeerAsn> {
  if (values.length === 0) return { ok: false, reason: 'must name at least one AS number' };
  const ranges: AsnRange[] = [];
  for (const value of values) {
    const [from, to = from] = /^(\d+)-(\d+)$/.exec(String(value))?.slice(1).map(Number) ?? [value];
    const [first, last] = [asn.read(from), asn.read(to)];
    if (!first.ok) return first;
    if (!last.ok) return last;
    if (first.value > last.value)
      return { ok: false, reason: `has a range that ends before it begins: ${value}` };
    ranges.push({ first: first.value, last: last.value });
  }
  return { ok: true, value: ranges };
}

/** A preference or metric. */
export const uint32: FieldType<number> = integer(0, 2 ** 32 - 1);

/** A TCP port. */
export const port: FieldType<number> = integer(1, 65_535);

/** A hold time: 0 for none, or 3…65535 s (RFC 4271 §4.2). */
export const holdTime: FieldType<number> = {
  schema: { type: 'integer', minimum: 0, maximum: 65_535, not: { enum: [1, 2] } },
  read: (value) => {
    const read = integer(0, 65_535).read(value);
    if (!read.ok || read.value === 0 || read.value >= 3) return read;
    return { ok: false, reason: `must be 0 or from 3 to 65535, and is ${read.value} (RFC 4271 §4.2)` };
  },
};

/** Yes or no. */
export const flag: FieldType<boolean> = {
  schema: { type: 'boolean' },
  read: (value) => (typeof value === 'boolean' ? { ok: true, value } : refuse(value, 'true or false')),
};

/** Text that is not empty. */
export const text: FieldType<string> = {
  schema: { type: 'string', minLength: 1 },
  read: (value) =>
    typeof value === 'string' && value !== '' ? { ok: true, value } : refuse(value, 'text in quotes'),
};

/** A TCP MD5 key as Linux takes it; the value is not shown in the error. */
export const password: FieldType<string> = {
  schema: { type: 'string', minLength: 1, maxLength: MAX_MD5_KEY_BYTES },
  read: (value) => {
    if (value === undefined) return missing;
    if (typeof value !== 'string') return { ok: false, reason: 'must be text: put it in quotes' };
    const bytes = Buffer.byteLength(value);
    if (bytes > 0 && bytes <= MAX_MD5_KEY_BYTES) return { ok: true, value };
    return { ok: false, reason: `must have 1 to ${MAX_MD5_KEY_BYTES} bytes, and has ${bytes}` };
  },
};

/** An address of a host. */
export const ipAddress: FieldType<Address> = {
  schema: { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
  read: (value) => (typeof value === 'string' ? parseAddress(value) : refuse(value, 'an IP address')),
};

/** An address of one family. */
export function addressOf(wanted: 4 | 6): FieldType<Address> {
  return {
    schema: { type: 'string', format: `ipv${wanted}` },
    read: (value) => {
      const read = ipAddress.read(value);
      if (!read.ok || familyOf(read.value) === wanted) return read;
      return { ok: false, reason: `must be an IPv${wanted} address, and is ${show(value)}` };
    },
  };
}

/** The address of a peer, or a prefix for dynamic neighbours. */
export const peerAddress: FieldType<Address | Prefix> = {
  schema: { type: 'string' },
  read: (value) =>
    typeof value === 'string' && value.includes('/') ? ipPrefix.read(value) : ipAddress.read(value),
};

/** A BGP Identifier or a cluster id: an IPv4 address other than 0.0.0.0 (RFC 6286, RFC 4456). */
export const identifier: FieldType<Address> = {
  schema: { type: 'string', format: 'ipv4' },
  read: (value) => {
    const read = ipAddress.read(value);
    if (!read.ok || (familyOf(read.value) === 4 && !isUnspecified(read.value))) return read;
    return { ok: false, reason: `must be an IPv4 address other than 0.0.0.0, and is ${show(value)}` };
  },
};

/** A prefix without host bits. */
export const ipPrefix: FieldType<Prefix> = {
  schema: { type: 'string', pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$' },
  read: (value) =>
    typeof value === 'string' ? parsePrefix(value) : refuse(value, 'a prefix such as 10.1.0.0/26'),
};

/** The name of an address family. */
export const family: FieldType<Family> = oneOf(...FAMILIES);

/** A community `aa:nn` (RFC 1997). */
export const community: FieldType<string> = textThat(
  (value) => parseCommunity(value) !== undefined,
  'a community such as "64512:100", both numbers at most 65535',
  '^[0-9]{1,5}:[0-9]{1,5}$',
);

/** A large community `aa:nn:mm` (RFC 8092). */
export const largeCommunity: FieldType<string> = textThat(
  (value) => parseLargeCommunity(value) !== undefined,
  'a large community such as "64512:1:2", all numbers of 32 bits',
  '^[0-9]{1,10}:[0-9]{1,10}:[0-9]{1,10}$',
);

/** A community of either kind. */
export const anyCommunity: FieldType<string> = textThat(
  (value) => parseCommunity(value) !== undefined || parseLargeCommunity(value) !== undefined,
  'a community such as "64512:100", or a large one such as "64512:1:2"',
  '^[0-9]{1,10}:[0-9]{1,10}(:[0-9]{1,10})?$',
);

function textThat(holds: (value: string) => boolean, wanted: string, pattern: string): FieldType<string> {
  return {
    schema: { type: 'string', pattern },
    read: (value) =>
      typeof value === 'string' && holds(value) ? { ok: true, value } : refuse(value, wanted),
  };
}

const missing = { ok: false, reason: 'is missing' } as const;

function refuse(value: unknown, wanted: string): Parsed<never> {
  return value === undefined ? missing : { ok: false, reason: `must be ${wanted}, and is ${show(value)}` };
}

function show(value: unknown): string {
  return value === null ? 'empty' : JSON.stringify(value);
}

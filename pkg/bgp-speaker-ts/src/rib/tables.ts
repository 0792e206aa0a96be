/**
 * All tables of one speaker, and the way back from their numbers to addresses and prefixes.
 */

import {
  type Address,
  addressFromBytes,
  type Prefix,
  prefixBytes,
  prefixFromBytes,
  prefixLength,
} from '@weft/ip';
import type { Family } from '../wire/family.ts';
import { AttributeStore } from './attribute-store.ts';
import { NextHopTable } from './next-hop-table.ts';
import { PeerTable } from './peer-table.ts';
import type { PrefixTable } from './prefix-table.ts';
import { Rib } from './rib.ts';

/** The tables, which share peers, attributes and next hops over both families. */
export class Tables {
  readonly peers: PeerTable = new PeerTable();
  readonly nextHops: NextHopTable = new NextHopTable();
  readonly attributes: AttributeStore;
  readonly ribs: Readonly<Record<Family, Rib>>;

  /** @param seed for the hashes */
  constructor(seed: number) {
    this.attributes = new AttributeStore(this.nextHops, seed);
    this.ribs = {
      'ipv4-unicast': new Rib('ipv4-unicast', this.attributes, this.peers, seed),
      'ipv6-unicast': new Rib('ipv6-unicast', this.attributes, this.peers, seed),
    };
  }

  /** Says when what happens next happens, in ms: paths keep it in seconds. */
  setTime(now: number): void {
    this.ribs['ipv4-unicast'].paths.now = now / 1000;
    this.ribs['ipv6-unicast'].paths.now = now / 1000;
  }

  /** Gives the next hop of an attribute id in octets; the unspecified address for a route of this speaker. */
  nextHopOf(id: number, family: Family): Uint8Array {
    const octets = this.attributes.nextHop(id);
    return octets.length > 0 ? octets : UNSPECIFIED[family];
  }

  /** The RIBs, IPv4 first. */
  get all(): readonly Rib[] {
    return [this.ribs['ipv4-unicast'], this.ribs['ipv6-unicast']];
  }
}

const UNSPECIFIED: Readonly<Record<Family, Uint8Array>> = {
  'ipv4-unicast': new Uint8Array(4),
  'ipv6-unicast': new Uint8Array(16),
};

/** Gives the family of a prefix. */
export function familyOfPrefix(prefix: Prefix): Family {
  return prefix.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast';
}

/** Writes the prefix of an id. */
export function formatPrefix(prefixes: PrefixTable, id: number): Prefix {
  const length = prefixes.lengths[id] as number;
  if (prefixes.family === 'ipv4-unicast') {
    return `${formatIpv4(prefixes.word0[id] as number)}/${length}` as Prefix;
  }
  const { word0, word1, word2, word3 } = prefixes;
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (const [index, column] of [word0, word1, word2, word3].entries()) {
    view.setUint32(index * 4, column[id] as number);
  }
  return prefixFromBytes(bytes, length);
}

/** Gives the four words of a prefix, as the tables take them; an IPv4 address is the first. */
export function toWords(prefix: Prefix): [number, number, number, number] {
  return wordsOf(prefixBytes(prefix));
}

/** Finds the id of a prefix, or -1. */
export function findPrefix(prefixes: PrefixTable, prefix: Prefix): number {
  const [word0, word1, word2, word3] = toWords(prefix);
  return prefixes.find(word0, word1, word2, word3, prefixLength(prefix));
}

/** Inserts a prefix into a RIB; gives its id. */
export function insertPrefix(rib: Rib, prefix: Prefix): number {
  const [word0, word1, word2, word3] = toWords(prefix);
  return rib.insertPrefix(word0, word1, word2, word3, prefixLength(prefix));
}

/** Writes a BGP Identifier, or any other number of 32 bits, as an address. */
export function formatIpv4(value: number): Address {
  return `${value >>> 24}.${(value >>> 16) & 0xff}.${(value >>> 8) & 0xff}.${value & 0xff}` as Address;
}

/** Gives the global and the link-local address of a next hop of 4, 16 or 32 octets. */
export function formatNextHop(bytes: Uint8Array): { address: Address; linkLocal?: Address } {
  if (bytes.length < 32) return { address: addressFromBytes(bytes) };
  return {
    address: addressFromBytes(bytes.subarray(0, 16)),
    linkLocal: addressFromBytes(bytes.subarray(16)),
  };
}

function wordsOf(bytes: Uint8Array): [number, number, number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 4) return [view.getUint32(0), 0, 0, 0];
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

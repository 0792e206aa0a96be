/**
 * The attributes of a RIB entry: four-octet AS numbers, and MP_REACH_NLRI abbreviated to the next hop.
 *
 * An IPv4 next hop stands in NEXT_HOP, any other one in an MP_REACH_NLRI of next hop length and next hop alone. A route
 * of this speaker has no next hop; it gets the unspecified address, as readers want one. Source: RFC 6396 §4.3.4.
 */

import type { Tables } from '../rib/tables.ts';
import { findAttributePlace } from '../wire/attribute/header.ts';
import type { Family } from '../wire/family.ts';
import { AttributeCode, AttributeFlag } from '../wire/iana.ts';

/** Longest attribute block an entry has room for. */
const MAX_BLOCK_BYTES = 0xffff;

/** Gives the block of an attribute id; undefined when it does not fit into an entry. */
export function entryAttributes(tables: Tables, id: number, family: Family): Uint8Array | undefined {
  const block = tables.attributes.fourOctetBlock(id);
  const nextHop = tables.nextHopOf(id, family);
  const plain = family === 'ipv4-unicast' && nextHop.length === 4;
  const attribute = plain ? nextHopAttribute(nextHop) : abbreviatedMpReach(nextHop);
  const code = plain ? AttributeCode.nextHop : AttributeCode.mpReachNlri;
  const place = findAttributePlace(block, 0, block.length, code);
  const whole = insert(block, place, attribute);
  return whole.length > MAX_BLOCK_BYTES ? undefined : whole;
}

function nextHopAttribute(nextHop: Uint8Array): Uint8Array {
  return Uint8Array.of(AttributeFlag.transitive, AttributeCode.nextHop, nextHop.length, ...nextHop);
}

function abbreviatedMpReach(nextHop: Uint8Array): Uint8Array {
  const { mpReachNlri } = AttributeCode;
  return Uint8Array.of(AttributeFlag.optional, mpReachNlri, nextHop.length + 1, nextHop.length, ...nextHop);
}

function insert(block: Uint8Array, place: number, part: Uint8Array): Uint8Array {
  const whole = new Uint8Array(block.length + part.length);
  whole.set(block.subarray(0, place));
  whole.set(part, place);
  whole.set(block.subarray(place), place + part.length);
  return whole;
}

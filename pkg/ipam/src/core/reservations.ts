/**
 * The addresses that automatic assignment leaves alone.
 *
 * Source: Calico IPReservation; an explicit assignment may take a reserved address.
 */
import { type Address, containsAddress, containsPrefix, overlaps, type Prefix } from '@weft/ip';
import type { IPReservation } from '@weft/resources';

/** Answers what is reserved. */
export interface Reservations {
  /** True when this address is reserved. */
  holds(address: Address): boolean;
  /** The reserved prefix that swallows this one whole, if any. */
  covering(prefix: Prefix): Prefix | undefined;
  /** True when any address of the prefix is reserved. */
  touches(prefix: Prefix): boolean;
}

/** Collects the prefixes of all IPReservations. */
export function reservationsOf(resources: readonly IPReservation[]): Reservations {
  const reserved = resources.flatMap(({ spec }) => (spec.reservedCIDRs ?? []) as Prefix[]);
  return {
    holds: (address) => reserved.some((prefix) => containsAddress(prefix, address)),
    covering: (prefix) => reserved.find((outer) => containsPrefix(outer, prefix)),
    touches: (prefix) => reserved.some((other) => overlaps(other, prefix)),
  };
}

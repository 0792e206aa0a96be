/**
 * Counting inside a prefix: its addresses and its subnets by ordinal. Ordinals are what IPAM blocks store.
 */
import { type Address, addressFromInteger, addressToInteger, bitsOf, familyOf } from './address.ts';
import { containsAddress, networkAddress, type Prefix, prefixLength, prefixOf } from './prefix.ts';

/** How many addresses the prefix holds. */
export function addressCount(prefix: Prefix): bigint {
  return 1n << BigInt(bitsOf(familyOf(prefix)) - prefixLength(prefix));
}

/** The address `ordinal` above the network address. Throws RangeError outside the prefix. */
export function nthAddress(prefix: Prefix, ordinal: bigint | number): Address {
  const offset = BigInt(ordinal);
  if (offset < 0n || offset >= addressCount(prefix))
    throw new RangeError(`${prefix} has no address number ${ordinal}`);
  return addressFromInteger(addressToInteger(networkAddress(prefix)) + offset, familyOf(prefix));
}

/** How far the address lies above the network address. Throws RangeError when the prefix does not hold it. */
export function ordinalOf(prefix: Prefix, address: Address): bigint {
  if (!containsAddress(prefix, address)) throw new RangeError(`${prefix} does not hold ${address}`);
  return addressToInteger(address) - addressToInteger(networkAddress(prefix));
}

/** How many subnets of `length` the prefix divides into. Throws RangeError when `length` is shorter than its own. */
export function subnetCount(prefix: Prefix, length: number): bigint {
  const spare = length - prefixLength(prefix);
  if (!Number.isInteger(length) || spare < 0 || length > bitsOf(familyOf(prefix)))
    throw new RangeError(`${prefix} cannot be divided into /${length}`);
  return 1n << BigInt(spare);
}

/** The subnet number `ordinal` of `length` in the prefix, counted from 0. Throws RangeError when there is none. */
export function nthSubnet(prefix: Prefix, length: number, ordinal: bigint | number): Prefix {
  const index = BigInt(ordinal);
  if (index < 0n || index >= subnetCount(prefix, length))
    throw new RangeError(`${prefix} has no /${length} number ${ordinal}`);
  return prefixOf(nthAddress(prefix, index << BigInt(bitsOf(familyOf(prefix)) - length)), length);
}

/**
 * The public API of @weft/ip: addresses, prefixes and MAC addresses as canonical, branded strings.
 */
export {
  type Address,
  address,
  addressBytes,
  addressFromBytes,
  bitsOf,
  compareAddresses,
  type Family,
  familyOf,
  parseAddress,
} from './address.ts';
export { addressCount, nthAddress, nthSubnet, ordinalOf, subnetCount } from './arithmetic.ts';
export {
  linkLocalFromMac,
  type MacAddress,
  mac,
  macBytes,
  macFromBytes,
  parseMac,
} from './mac.ts';
export type { Parsed } from './parsed.ts';
export {
  comparePrefixes,
  containsAddress,
  containsPrefix,
  hostPrefix,
  type InterfaceAddress,
  isHostPrefix,
  isPrefix,
  networkAddress,
  overlaps,
  type Prefix,
  parseInterfaceAddress,
  parsePrefix,
  prefix,
  prefixBytes,
  prefixFromBytes,
  prefixLength,
  prefixOf,
} from './prefix.ts';
export { type PrefixEntry, PrefixTrie } from './prefix-trie.ts';
export {
  isGlobalUnicast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
} from './scope.ts';

/**
 * Finds the address of this node by itself, with the reason of the choice.
 *
 * Source: Calico's autodetection method first-found. It goes through the interfaces from the newest to the oldest (so
 * eth1 before eth0) and takes the first address that is reachable from beyond its link. We also pass over interfaces
 * that are down.
 */
import { type Family, familyOf, isGlobalUnicast, parseInterfaceAddress } from '@weft/ip';
import type { LocalFacts, LocalInterface } from './local-facts.ts';

/** Interfaces that never carry the address of a node. Source: Calico, default exclusions of first-found. */
export const EXCLUDED_INTERFACES: readonly RegExp[] = [
  /^docker/,
  /^cbr/,
  /^dummy/,
  /^podman/,
  /^virbr/,
  /^lxcbr/,
  /^veth/,
  /^lo/,
  /^br-/,
  /^cali/,
  /^tunl/,
  /^flannel/,
  /^kube-ipvs/,
  /^cni/,
  /^vxlan\.calico/,
  /^vxlan-v6\.calico/,
  /^wireguard\.cali/,
  /^wg-v6\.cali/,
  /^nodelocaldns/,
];

/** The address, or why there is none. */
export type DetectedAddress =
  | {
      readonly kind: 'found';
      /** With the length of its subnet, as Node carries it: "10.0.0.1/24". */
      readonly address: string;
      readonly interface: string;
      readonly reason: string;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** Detects the node's address of a family by the method first-found. */
export function detectAddress(facts: LocalFacts, family: Family): DetectedAddress {
  const passedOver: string[] = [];
  for (const candidate of facts.interfaces.toReversed()) {
    const { name } = candidate;
    const address = candidate.addresses.find((text) => isNodeAddress(text, family));
    const objection = whyPassedOver(candidate, address, family);
    if (objection !== undefined) passedOver.push(`${name} ${objection}`);
    else if (address !== undefined)
      return { kind: 'found', address, interface: name, reason: whyFound(address, name, passedOver) };
  }
  return {
    kind: 'none',
    reason: `no interface has an IPv${family} address for the node: ${passedOver.join(', ')}`,
  };
}

function isNodeAddress(text: string, family: Family): boolean {
  const parsed = parseInterfaceAddress(text);
  return parsed.ok && familyOf(parsed.value.address) === family && isGlobalUnicast(parsed.value.address);
}

function whyPassedOver(
  { name, up }: LocalInterface,
  address: string | undefined,
  family: Family,
): string | undefined {
  if (EXCLUDED_INTERFACES.some((pattern) => pattern.test(name))) return 'is excluded by its name';
  if (!up) return 'is down';
  return address === undefined ? `has no global IPv${family} address` : undefined;
}

function whyFound(address: string, name: string, passedOver: readonly string[]): string {
  const first = `first-found: ${address} on ${name}`;
  return passedOver.length === 0 ? first : `${first} (passed over: ${passedOver.join(', ')})`;
}

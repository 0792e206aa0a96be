/**
 * Finds the address of this node by itself, with the reason of the choice. Pure: what only a kernel, a resolver or
 * Kubernetes can tell is brought along.
 *
 * Source: Calico's autodetection. It goes through the interfaces from the newest to the oldest (so eth1 before eth0) and
 * takes the first address that is reachable from beyond its link. We also pass over interfaces that are down.
 */
import {
  type Address,
  address,
  containsAddress,
  type Family,
  familyOf,
  isGlobalUnicast,
  parseInterfaceAddress,
} from '@weft/ip';
import type { LocalInterface } from '../local-facts.ts';
import type { AutodetectMethod } from './method.ts';

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

/** What the ways to detect look at. */
export interface AddressFacts {
  readonly interfaces: readonly LocalInterface[];
  /** For can-reach: the source of packets to its destination in the family, or why none leave. */
  readonly source?: { readonly address: Address } | { readonly reason: string };
  /** For kubernetes-internal-ip: the InternalIPs of the Node, of both families. */
  readonly internalAddresses?: readonly Address[];
}

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

/** Detects the node's address of a family. */
export function detectAddress(
  method: AutodetectMethod,
  facts: AddressFacts,
  family: Family,
): DetectedAddress {
  switch (method.kind) {
    case 'first-found':
      return firstAddress('first-found', facts, family, { refuses: isExcluded });
    case 'interface':
      return firstAddress(`interface=${texts(method.names)}`, facts, family, {
        refuses: (name) => (matches(method.names, name) ? undefined : 'has another name'),
      });
    case 'skip-interface':
      return firstAddress(`skip-interface=${texts(method.names)}`, facts, family, {
        refuses: (name) => (matches(method.names, name) ? 'is skipped' : isExcluded(name)),
      });
    case 'cidr':
      return firstAddress(`cidr=${method.ranges.join()}`, facts, family, {
        which: 'matching',
        fits: (found) => method.ranges.some((range) => containsAddress(range, found)),
      });
    case 'can-reach':
      return sourceAddress(`can-reach=${method.destination}`, facts, family);
    case 'kubernetes-internal-ip':
      return internalAddress(facts, family);
  }
}

interface Conditions {
  /** Why an interface of that name does not come into question. */
  readonly refuses?: (name: string) => string | undefined;
  readonly fits?: (address: Address) => boolean;
  /** What an interface lacks that has no address that fits. */
  readonly which?: string;
}

function firstAddress(
  label: string,
  { interfaces }: AddressFacts,
  family: Family,
  { fits = () => true, refuses = () => undefined, which = 'global' }: Conditions,
): DetectedAddress {
  const passedOver: string[] = [];
  for (const candidate of interfaces.toReversed()) {
    const { name, up } = candidate;
    const text = globalAddress(candidate, family, fits);
    const objection = refuses(name) ?? (up ? undefined : 'is down');
    if (objection !== undefined) passedOver.push(`${name} ${objection}`);
    else if (text === undefined) passedOver.push(`${name} has no ${which} IPv${family} address`);
    else {
      const others = passedOver.length === 0 ? '' : ` (passed over: ${passedOver.join(', ')})`;
      return found(text, name, `${label}: ${text} on ${name}${others}`);
    }
  }
  const reason = `${label}: no interface has an IPv${family} address for the node: ${passedOver.join(', ')}`;
  return { kind: 'none', reason };
}

function isExcluded(name: string): string | undefined {
  return matches(EXCLUDED_INTERFACES, name) ? 'is excluded by its name' : undefined;
}

function globalAddress(
  { addresses }: LocalInterface,
  family: Family,
  fits: (address: Address) => boolean,
): string | undefined {
  return addresses.find((text) => {
    const parsed = parseInterfaceAddress(text);
    if (!parsed.ok || familyOf(parsed.value.address) !== family) return false;
    return isGlobalUnicast(parsed.value.address) && fits(parsed.value.address);
  });
}

function sourceAddress(label: string, { interfaces, source }: AddressFacts, family: Family): DetectedAddress {
  if (source === undefined || 'reason' in source)
    return { kind: 'none', reason: `${label}: ${source?.reason ?? 'nobody looked'}` };
  const where = `${label}: packets of IPv${family} leave with ${source.address}`;
  return isGlobalUnicast(source.address)
    ? onInterface(source.address, interfaces, where)
    : { kind: 'none', reason: `${where}, which others cannot reach` };
}

function internalAddress({ interfaces, internalAddresses }: AddressFacts, family: Family): DetectedAddress {
  const label = 'kubernetes-internal-ip';
  if (internalAddresses === undefined)
    return { kind: 'none', reason: `${label}: the datastore is not Kubernetes` };
  const own = internalAddresses.find((candidate) => familyOf(candidate) === family);
  if (own === undefined)
    return { kind: 'none', reason: `${label}: the Node has no InternalIP of IPv${family}` };
  return onInterface(own, interfaces, `${label}: the Node's InternalIP is ${own}`);
}

/** An address takes the length of its subnet from the interface that has it. */
function onInterface(
  wanted: Address,
  interfaces: readonly LocalInterface[],
  reason: string,
): DetectedAddress {
  for (const { addresses, name } of interfaces) {
    const text = addresses.find((candidate) => addressOf(candidate) === wanted);
    if (text !== undefined) return found(text, name, `${reason}, as ${text} on ${name}`);
  }
  return { kind: 'none', reason: `${reason}, which no interface has` };
}

function addressOf(text: string): Address {
  return address(text.slice(0, text.indexOf('/')));
}

function found(text: string, name: string, reason: string): DetectedAddress {
  return { kind: 'found', address: text, interface: name, reason };
}

function matches(patterns: readonly RegExp[], name: string): boolean {
  return patterns.some((pattern) => pattern.test(name));
}

function texts(patterns: readonly RegExp[]): string {
  return patterns.map(({ source }) => source).join();
}

/**
 * What is to be done to a tunnel device, from what is wanted and what the kernel shows. Each step leaves something that the
 * next one needs: the device, then its settings and address, then what it knows of the others.
 */
import type { DesiredTunnel } from '@weft/calc';
import { type Address, isLinkLocal } from '@weft/ip';
import type {
  Change,
  ForwardingEntry,
  InterfaceAddress,
  InterfaceIndex,
  Link,
  Neighbour,
} from '@weft/kernel';
import { vtepMac } from './vtep-mac.ts';

/** One change, and what it mends in words. */
export interface Step {
  readonly change: Change;
  readonly what: string;
}

/** The device itself: made anew where it is none, or one that cannot become the wanted one. */
export function planDevice(
  wanted: DesiredTunnel,
  ownName: string,
  actual: Link | undefined,
  parentIndex: InterfaceIndex | undefined,
): Step[] {
  const { name } = wanted;
  const obstacle = actual && whyNotUsable(wanted, actual, parentIndex);
  if (actual !== undefined && obstacle === undefined) return [];
  const make: Step = { change: addChange(wanted, ownName, parentIndex), what: `${name} is made` };
  if (actual === undefined) return [make];
  return [{ change: { op: 'delete-link', index: actual.index }, what: `${name} ${obstacle}` }, make];
}

function addChange(
  { family, kind, local, mac, mtuBytes, name, vxlan }: DesiredTunnel,
  ownName: string,
  parentIndex: InterfaceIndex | undefined,
): Change {
  if (kind === 'ipip' || vxlan === undefined) return { op: 'add-ipip', name, mtuBytes };
  return {
    op: 'add-vxlan',
    name,
    mac: mac ?? vtepMac(ownName, family),
    mtuBytes,
    vxlan: { ...vxlan, local, ...(parentIndex === undefined ? {} : { parentIndex }) },
  };
}

/** These can only be chosen when it is made. */
function whyNotUsable(
  { kind, local, vxlan }: DesiredTunnel,
  { type, vxlan: actual }: Link,
  parentIndex: InterfaceIndex | undefined,
): string | undefined {
  if (type !== kind) return `is of type ${type || 'hardware'}`;
  if (vxlan === undefined) return undefined;
  if (actual?.vni !== vxlan.vni) return `has VNI ${actual?.vni}`;
  if (actual.port !== vxlan.port) return `has port ${actual.port}`;
  if (actual.local !== local) return `sends from ${actual.local}`;
  if (actual.parentIndex !== parentIndex) return 'is above another interface';
  return actual.learning ? 'learns' : undefined;
}

/** What can be changed while it is there, but for its being up. */
export function planSettings(wanted: DesiredTunnel, ownName: string, actual: Link): Step[] {
  const { family, kind, mac: named, mtuBytes, name } = wanted;
  const { index } = actual;
  const mac = named ?? vtepMac(ownName, family);
  return [
    ...(actual.mtuBytes === mtuBytes
      ? []
      : [
          {
            change: { op: 'set-link', index, mtuBytes },
            what: `${name} has MTU ${actual.mtuBytes}`,
          } as const,
        ]),
    ...(kind === 'ipip' || actual.mac === mac
      ? []
      : [{ change: { op: 'set-link', index, mac }, what: `${name} has MAC ${actual.mac}` } as const]),
    ...(actual.up ? [] : [{ change: { op: 'set-link', index, up: true }, what: `${name} is down` } as const]),
  ];
}

/** Its one address; link-local ones are the kernel's. */
export function planAddress(
  { address, family, name }: Pick<DesiredTunnel, 'address' | 'family' | 'name'>,
  index: number,
  actual: readonly InterfaceAddress[],
): Step[] {
  const prefixLength = family === 4 ? 32 : 128;
  const isWanted = (one: InterfaceAddress): boolean =>
    one.address === address && one.prefixLength === prefixLength;
  const others = actual.filter((one) => !isWanted(one) && !isLinkLocal(one.address));
  const isThere = address === undefined || actual.some(isWanted);
  return [
    ...others.map((one) => ({
      change: { op: 'delete-address', address: one } as const,
      what: `${name} has ${one.address}`,
    })),
    ...(isThere ? [] : [addAddress(name, index, address, prefixLength)]),
  ];
}

function addAddress(name: string, interfaceIndex: number, address: Address, prefixLength: number): Step {
  return {
    change: {
      op: 'add-address',
      address: { interfaceIndex, address, prefixLength, scope: 'global' },
      duplicateAddressDetection: false,
    },
    what: `${name} has not ${address}`,
  };
}

/** The other nodes' addresses and where their MACs are; of IPIP the routes say all. */
export function planPeers(
  { family, kind, name, peers }: DesiredTunnel,
  interfaceIndex: number,
  actual: { readonly neighbours: readonly Neighbour[]; readonly forwarding: readonly ForwardingEntry[] },
): Step[] {
  if (kind === 'ipip') return [];
  const ends = peers.map(({ address, mac, nodeName, remote }) => ({
    neighbour: { interfaceIndex, address, mac: mac ?? vtepMac(nodeName, family) },
    entry: { interfaceIndex, mac: mac ?? vtepMac(nodeName, family), remote },
  }));
  const macOf = new Map(actual.neighbours.map((one) => [one.address, one.mac]));
  const remoteOf = new Map(actual.forwarding.map((one) => [one.mac, one.remote]));
  const addresses = new Set(ends.map(({ neighbour }) => neighbour.address));
  const macs = new Set<string>(ends.map(({ entry }) => entry.mac));
  return [
    ...ends
      .filter(({ entry }) => remoteOf.get(entry.mac) !== entry.remote)
      .map(({ entry }) => ({
        change: { op: 'replace-forwarding', entry } as const,
        what: `${name} does not know that ${entry.mac} is at ${entry.remote}`,
      })),
    ...ends
      .filter(({ neighbour }) => macOf.get(neighbour.address) !== neighbour.mac)
      .map(({ neighbour }) => ({
        change: { op: 'replace-neighbour', neighbour } as const,
        what: `${name} does not know that ${neighbour.address} is ${neighbour.mac}`,
      })),
    ...actual.neighbours
      .filter(({ address }) => !addresses.has(address))
      .map((neighbour) => ({
        change: { op: 'delete-neighbour', neighbour } as const,
        what: `${name} knows ${neighbour.address}, which is no node's`,
      })),
    ...actual.forwarding
      .filter(({ mac }) => !macs.has(mac))
      .map((entry) => ({
        change: { op: 'delete-forwarding', entry } as const,
        what: `${name} knows ${entry.mac}, which is no node's`,
      })),
  ];
}

/**
 * Takes away what is not wanted any more. The kernel keeps an IPIP device of its own: that is put to rest. Where no wish for it is
 * known, an earlier daemon left it: `vxlan.calico` has no other meaning, but `tunl0` is anybody's, and is left alone.
 */
export function planRemoval(
  actual: Link,
  addresses: readonly InterfaceAddress[],
  wasWanted: boolean,
): Step[] {
  const { index, name, type, up } = actual;
  if (type === 'vxlan')
    return [{ change: { op: 'delete-link', index }, what: `${name} is not wanted any more` }];
  if (type !== 'ipip' || !wasWanted) return [];
  return [
    ...planAddress({ family: 4, name }, index, addresses),
    ...(up
      ? [{ change: { op: 'set-link', index, up: false }, what: `${name} is not wanted any more` } as const]
      : []),
  ];
}

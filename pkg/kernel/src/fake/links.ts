/**
 * Links of the fake kernel: veth pairs across namespaces, bridges, and what goes with a link when it goes down or away.
 */
import { familyOf } from '@weft/ip';
import type { Change, ChangeResult, InterfaceIndex, Link, VethEnd } from '../kernel.ts';
import { maxInterfaceNameBytes } from '../netlink/constants.ts';
import { addConnectedRoute } from './addresses.ts';
import type { FakeMachine, FakeNamespace } from './namespace.ts';

type ChangeOf<Op extends Change['op']> = Extract<Change, { op: Op }>;

const smallestMtuBytes = 68;

/** Makes both ends, each in its namespace, both down. */
export function addVeth(
  namespace: FakeNamespace,
  change: ChangeOf<'add-veth'>,
  machine: FakeMachine,
): ChangeResult {
  const peerNamespace = machine.byFd(change.peer.netnsFd);
  if (peerNamespace === undefined) return { errno: 'EINVAL' };
  const refusal = refuseName(namespace, change.host.name) ?? refuseName(peerNamespace, change.peer.name);
  if (refusal !== undefined) return refusal;
  const peerIndex = peerNamespace.nextIndex();
  const hostIndex = namespace.nextIndex();
  newLink(peerNamespace, peerIndex, change.peer, 'veth', {
    peerIndex: hostIndex,
    ...netnsIdOf(machine.fdOf(namespace), change.peer.netnsFd),
  });
  newLink(namespace, hostIndex, change.host, 'veth', {
    peerIndex,
    ...netnsIdOf(change.peer.netnsFd, machine.fdOf(namespace)),
  });
  namespace.peers.set(hostIndex, { namespace: peerNamespace, index: peerIndex });
  peerNamespace.peers.set(peerIndex, { namespace, index: hostIndex });
  return null;
}

/** Makes a bridge. */
export function addBridge(namespace: FakeNamespace, change: ChangeOf<'add-bridge'>): ChangeResult {
  const refusal = refuseName(namespace, change.name);
  if (refusal !== undefined) return refusal;
  newLink(namespace, namespace.nextIndex(), change, 'bridge');
  return null;
}

/** Why no link can have the name. */
export function refuseName(namespace: FakeNamespace, name: string): ChangeResult | undefined {
  if (Buffer.byteLength(name) > maxInterfaceNameBytes) return { errno: 'ERANGE' };
  return namespace.linkByName(name) === undefined ? undefined : { errno: 'EEXIST' };
}

/** A descriptor serves as number too; a veth within one namespace has none. */
function netnsIdOf(netnsFd: number, ownFd: number): Pick<Link, 'peerNetnsId'> {
  return netnsFd === ownFd ? {} : { peerNetnsId: netnsFd };
}

/** Puts a new link there, down. */
export function newLink(
  namespace: FakeNamespace,
  index: InterfaceIndex,
  end: VethEnd,
  type: string,
  peer: Pick<Link, 'peerIndex' | 'peerNetnsId' | 'vxlan'> = {},
): void {
  namespace.putLink({
    index,
    name: end.name,
    mac: end.mac ?? `02:00:00:00:00:${index.toString(16).padStart(2, '0')}`,
    mtuBytes: end.mtuBytes ?? 1500,
    up: false,
    running: false,
    type,
    ...peer,
  });
}

/** Changes what the change names. */
export function setLink(namespace: FakeNamespace, change: ChangeOf<'set-link'>): ChangeResult {
  const link = namespace.links.get(change.index);
  if (link === undefined) return { errno: 'ENODEV' };
  if (change.name !== undefined && change.name !== link.name) {
    const refusal = refuseName(namespace, change.name);
    if (refusal !== undefined) return refusal;
  }
  if (change.mtuBytes !== undefined && change.mtuBytes < smallestMtuBytes) return { errno: 'EINVAL' };
  if (change.masterIndex && !namespace.links.has(change.masterIndex)) return { errno: 'EINVAL' };
  namespace.putLink(changed(link, change));
  if (change.up === true && !link.up) comeUp(namespace, change.index);
  if (change.up === false && link.up) goDown(namespace, change.index);
  return null;
}

function changed({ masterIndex: oldMaster, ...link }: Link, change: ChangeOf<'set-link'>): Link {
  const masterIndex = change.masterIndex ?? oldMaster ?? 0;
  return {
    ...link,
    ...(change.name === undefined ? {} : { name: change.name }),
    ...(change.mtuBytes === undefined ? {} : { mtuBytes: change.mtuBytes }),
    ...(change.mac === undefined ? {} : { mac: change.mac }),
    ...(change.up === undefined ? {} : { up: change.up }),
    ...(masterIndex === 0 ? {} : { masterIndex }),
  };
}

function comeUp(namespace: FakeNamespace, index: number): void {
  updateCarrier(namespace, index);
  for (const address of namespace.addresses)
    if (address.interfaceIndex === index) addConnectedRoute(namespace, address);
}

/** IPv6 announces what it takes down; IPv4 does not. */
function goDown(namespace: FakeNamespace, index: number): void {
  updateCarrier(namespace, index);
  removeRoutesThrough(namespace, index);
  const gone = namespace.addresses.filter(
    ({ interfaceIndex, address }) => interfaceIndex === index && familyOf(address) === 6,
  );
  removeAddresses(namespace, gone);
  removeNeighbours(namespace, index);
}

function removeNeighbours(namespace: FakeNamespace, index: number): void {
  namespace.neighbours = namespace.neighbours.filter((neighbour) => neighbour.interfaceIndex !== index);
}

/** A veth has carrier while both ends are up; anything else while it is up. */
function updateCarrier(namespace: FakeNamespace, index: number): void {
  const link = namespace.links.get(index);
  if (link === undefined) return;
  const peer = namespace.peers.get(index);
  const other = peer?.namespace.links.get(peer.index);
  const running = link.up && (peer === undefined || other?.up === true);
  if (running === link.running) return;
  namespace.putLink({ ...link, running });
  if (peer !== undefined) updateCarrier(peer.namespace, peer.index);
}

function removeRoutesThrough(namespace: FakeNamespace, index: number): void {
  for (const family of [4, 6])
    namespace.removeRoutes(
      ({ destination, nextHops }) =>
        familyOf(destination) === family &&
        nextHops.length > 0 &&
        nextHops.every(({ interfaceIndex }) => interfaceIndex === index),
      { silently: family === 4 },
    );
}

function removeAddresses(namespace: FakeNamespace, gone: FakeNamespace['addresses']): void {
  namespace.addresses = namespace.addresses.filter((address) => !gone.includes(address));
  for (const address of gone) namespace.events.emit({ kind: 'address', op: 'delete', address });
}

/** Deletes a link with all that hangs on it, and the other end of a veth with it. */
export function deleteLink(namespace: FakeNamespace, change: ChangeOf<'delete-link'>): ChangeResult {
  if (!namespace.links.has(change.index)) return { errno: 'ENODEV' };
  if (change.index === 1) return { errno: 'EOPNOTSUPP' };
  const peer = namespace.peers.get(change.index);
  forgetLink(namespace, change.index);
  if (peer !== undefined) forgetLink(peer.namespace, peer.index);
  return null;
}

function forgetLink(namespace: FakeNamespace, index: number): void {
  if (namespace.links.get(index)?.up === true) setLink(namespace, { op: 'set-link', index, up: false });
  removeAddresses(
    namespace,
    namespace.addresses.filter(({ interfaceIndex }) => interfaceIndex === index),
  );
  removeNeighbours(namespace, index);
  namespace.forwarding = namespace.forwarding.filter(({ interfaceIndex }) => interfaceIndex !== index);
  const link = namespace.links.get(index);
  namespace.links.delete(index);
  namespace.peers.delete(index);
  if (link === undefined) return;
  for (const key of namespace.sysctls.keys())
    if (key.split('/').includes(link.name)) namespace.sysctls.delete(key);
  namespace.events.emit({ kind: 'link', op: 'delete', link });
}

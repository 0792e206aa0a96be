/**
 * The real kernel: rtnetlink sockets and sysctl files of one network namespace.
 */
import { closeSync } from 'node:fs';
import { type Address, type Family, familyOf } from '@weft/ip';
import { KernelError } from './errno.ts';
import { EventMonitor } from './event-monitor.ts';
import type {
  Change,
  ChangeResult,
  Flow,
  FlowFilter,
  ForwardingEntry,
  InterfaceAddress,
  InterfaceIndex,
  Kernel,
  KernelEvent,
  Link,
  Neighbour,
  OpenedNetns,
  Route,
  RouteFilter,
} from './kernel.ts';
import { decodeAddress, encodeAddressDump } from './netlink/address.ts';
import type { NetlinkChange } from './netlink/change.ts';
import { maxInterfaceNameBytes } from './netlink/constants.ts';
import { dump, type EncodeRequest, get } from './netlink/dump.ts';
import { eventGroups } from './netlink/event.ts';
import { decodeFlow, encodeFlowDump, encodeRemoveFlow, isOf } from './netlink/flow.ts';
import { decodeForwarding, encodeForwardingDump } from './netlink/forwarding-entry.ts';
import { decodeLink, encodeDeleteLink, encodeLinkDump, encodeLinkRequest } from './netlink/link.ts';
import { MessageWriter } from './netlink/message-writer.ts';
import { decodeNeighbour, encodeNeighbourDump } from './netlink/neighbour.ts';
import { decodeNetnsId, encodeNetnsIdRequest } from './netlink/netns-id.ts';
import { decodeRoute, encodeRouteDump, encodeRouteLookup } from './netlink/route.ts';
import { NETLINK_NETFILTER, NetlinkSocket, openNetlinkFd } from './netlink/socket.ts';
import { readResults, transact, transactWith } from './netlink/transaction.ts';
import { currentNetnsPath, type Outcome, openFile, withNetns } from './netns.ts';
import { readSysctlFile, writeSysctlFile } from './sysctl.ts';

/**
 * Opens the kernel of a network namespace, of the calling thread's when no path is given.
 *
 * Throws KernelError with the errno as its code: ENOENT no such path, EINVAL not a network namespace, EPERM not root.
 */
export function openKernel(options: { readonly netns?: string } = {}): Kernel {
  const path = options.netns ?? currentNetnsPath;
  const opened = openNetns(path);
  if (opened.kind === 'refused')
    throw new KernelError(`cannot open the network namespace ${path}`, opened.errno);
  return opened.kernel;
}

function openNetns(path: string): OpenedNetns {
  const opened = openFile(path);
  if (opened.kind === 'refused') return opened;
  const netnsFd = opened.value;
  const socket = openSocket(netnsFd);
  if (socket.kind === 'done') return { kind: 'opened', kernel: new LinuxKernel(netnsFd, socket.value) };
  closeSync(netnsFd);
  return socket;
}

/** Running out of descriptors is one more refusal. */
function openSocket(netnsFd: number): Outcome<NetlinkSocket> {
  try {
    return withNetns(netnsFd, () => new NetlinkSocket());
  } catch (error) {
    if (error instanceof KernelError) return { kind: 'refused', errno: error.code };
    throw error;
  }
}

/** No route, or one of type unreachable, blackhole or prohibit. */
const noWay = ['ENETUNREACH', 'EHOSTUNREACH', 'EINVAL', 'EACCES'];

class LinuxKernel implements Kernel {
  readonly netnsFd: number;
  readonly #socket: NetlinkSocket;
  readonly #monitor = new EventMonitor(() => this.#inside(() => openNetlinkFd(eventGroups)));
  /** For connection tracking; opened when it is first asked. */
  #tracking: NetlinkSocket | undefined;
  #sequence = 0;
  #open = true;

  constructor(netnsFd: number, socket: NetlinkSocket) {
    this.netnsFd = netnsFd;
    this.#socket = socket;
  }

  links(): Link[] {
    return dump(this.#socket, this.#nextSequence, encodeLinkDump, decodeLink);
  }

  link(name: string): Link | undefined {
    // The kernel refuses longer names with ERANGE; no link has one.
    if (name === '' || Buffer.byteLength(name) > maxInterfaceNameBytes) return undefined;
    const encode: EncodeRequest = (writer, sequence) => encodeLinkRequest(writer, sequence, name);
    return get(this.#socket, this.#nextSequence(), encode, decodeLink, ['ENODEV']);
  }

  lookup(destination: Address): Route | undefined {
    const encode: EncodeRequest = (writer, sequence) => encodeRouteLookup(writer, sequence, destination);
    return get(this.#socket, this.#nextSequence(), encode, decodeRoute, noWay);
  }

  addresses(): InterfaceAddress[] {
    return dump(this.#socket, this.#nextSequence, encodeAddressDump, decodeAddress);
  }

  neighbours(): Neighbour[] {
    return dump(this.#socket, this.#nextSequence, encodeNeighbourDump, decodeNeighbour);
  }

  forwardingEntries(interfaceIndex: InterfaceIndex): ForwardingEntry[] {
    const encode: EncodeRequest = (writer, sequence) =>
      encodeForwardingDump(writer, sequence, interfaceIndex);
    const entries = dump(this.#socket, this.#nextSequence, encode, decodeForwarding);
    // Not every kernel leaves the other devices out.
    return entries.filter((entry) => entry.interfaceIndex === interfaceIndex);
  }

  routes(filter: RouteFilter = {}): Route[] {
    const families: readonly Family[] = filter.family === undefined ? [4, 6] : [filter.family];
    return families.flatMap((family) => this.#routesOfFamily(family, filter));
  }

  #routesOfFamily(family: Family, filter: RouteFilter): Route[] {
    try {
      return dump(
        this.#socket,
        this.#nextSequence,
        (writer, sequence) => encodeRouteDump(writer, sequence, family, filter),
        (payload) => {
          // A kernel without IPv6 answers a question for it with all it has.
          const route = decodeRoute(payload);
          return route !== undefined && familyOf(route.destination) === family ? route : undefined;
        },
      );
    } catch (error) {
      // A table exists from its first route on; to ask for one that does not is an error.
      if (error instanceof KernelError && error.code === 'ENOENT' && filter.table !== undefined) return [];
      throw error;
    }
  }

  flows(filter: FlowFilter): Flow[] {
    const encode: EncodeRequest = (writer, sequence) => encodeFlowDump(writer, sequence, filter);
    // Older kernels take no notice of the filter, and none is asked for IPv6 addresses.
    return dump(this.#trackingSocket(), this.#nextSequence, encode, (payload) => {
      const flow = decodeFlow(payload);
      return flow !== undefined && isOf(flow, filter) ? flow : undefined;
    });
  }

  removeFlows(flows: readonly Flow[]): ChangeResult[] {
    if (flows.length === 0) return [];
    const first = this.#nextSequence();
    this.#sequence += flows.length - 1;
    return transactWith(this.#trackingSocket(), flows, first, encodeRemoveFlow);
  }

  #trackingSocket(): NetlinkSocket {
    this.#tracking ??= this.#inside(() => new NetlinkSocket(NETLINK_NETFILTER));
    return this.#tracking;
  }

  apply(changes: readonly Change[]): ChangeResult[] {
    const results: ChangeResult[] = [];
    while (results.length < changes.length) {
      const isSysctl = changes[results.length]?.op === 'write-sysctl';
      const end = changes.findIndex(
        (change, index) => index > results.length && (change.op === 'write-sysctl') !== isSysctl,
      );
      const run = changes.slice(results.length, end < 0 ? changes.length : end);
      results.push(
        ...(isSysctl ? this.#writeSysctls(run as SysctlChange[]) : this.#transact(run as NetlinkChange[])),
      );
    }
    return results;
  }

  #transact(changes: readonly NetlinkChange[]): ChangeResult[] {
    const first = this.#nextSequence();
    this.#sequence += changes.length - 1;
    return transact(this.#socket, changes, first);
  }

  async removeLink(index: InterfaceIndex): Promise<ChangeResult> {
    const { promise: gone, resolve } = Promise.withResolvers<ChangeResult>();
    const unsubscribe = this.#monitor.subscribe((event) => {
      if (event.kind === 'link' && event.op === 'delete' && event.link.index === index) resolve(null);
    });
    try {
      return await Promise.race([gone, this.#removeLinkAside(index)]);
    } finally {
      unsubscribe();
    }
  }

  /** Resolves when the kernel has let go of the link's memory, too. */
  async #removeLinkAside(index: InterfaceIndex): Promise<ChangeResult> {
    // A socket of its own: the answer comes while other requests are made.
    const socket = this.#inside(() => new NetlinkSocket());
    try {
      const writer = new MessageWriter(Buffer.alloc(64));
      encodeDeleteLink(writer, 1, { op: 'delete-link', index });
      writer.requestAck();
      const errno = await socket.sendAside(writer.written);
      if (errno !== undefined) return { errno };
      const [result = null] = readResults(socket, 1, 1);
      return result;
    } finally {
      socket.close();
    }
  }

  #writeSysctls(changes: readonly SysctlChange[]): ChangeResult[] {
    return this.#inside(() => changes.map(({ key, value }) => writeSysctlFile(key, value)));
  }

  subscribe(listener: (event: KernelEvent) => void): () => void {
    return this.#monitor.subscribe(listener);
  }

  readEvents(): boolean {
    return this.#monitor.read();
  }

  readSysctl(key: string): string | undefined {
    return this.#inside(() => readSysctlFile(key));
  }

  writeSysctl(key: string, value: string): ChangeResult {
    return this.#inside(() => writeSysctlFile(key, value));
  }

  netnsIdOf(netnsFd: number): number | undefined {
    const encode: EncodeRequest = (writer, sequence) => encodeNetnsIdRequest(writer, sequence, netnsFd);
    return get(this.#socket, this.#nextSequence(), encode, decodeNetnsId, []);
  }

  openNetns(path: string): OpenedNetns {
    return openNetns(path);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#monitor.close();
    this.#tracking?.close();
    this.#socket.close();
    closeSync(this.netnsFd);
  }

  #inside<T>(run: () => T): T {
    const result = withNetns(this.netnsFd, run);
    if (result.kind === 'done') return result.value;
    throw new KernelError('cannot enter the network namespace', result.errno);
  }

  readonly #nextSequence = (): number => {
    // Numbers are 32 bits wide and only have to differ from those still unanswered.
    this.#sequence = this.#sequence >= 0x7fffffff ? 1 : this.#sequence + 1;
    return this.#sequence;
  };
}

type SysctlChange = Extract<Change, { op: 'write-sysctl' }>;

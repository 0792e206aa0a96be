/**
 * The only door to Linux networking, as an interface: the real one (`openKernel`) speaks rtnetlink, the fake one
 * (`FakeKernel`) keeps everything in memory and can be told to fail. Both pass the same test suite (`contract/`).
 *
 * A `Kernel` belongs to one network namespace: its netlink sockets are opened inside it and stay there, whatever
 * namespace the thread is in later.
 */
import type { Address, Prefix } from '@weft/ip';

/** Interface index, unique within a network namespace. */
export type InterfaceIndex = number;

/** One network interface. */
export interface Link {
  readonly index: InterfaceIndex;
  readonly name: string;
  /** Lower case, colon separated; empty for links without one. */
  readonly mac: string;
  readonly mtuBytes: number;
  /** Administratively up. */
  readonly up: boolean;
  /** Has carrier (IFF_LOWER_UP). */
  readonly running: boolean;
  /** `veth`, `bridge`, `vxlan` …; empty for hardware and loopback. */
  readonly type: string;
  /** The bridge it is a port of. */
  readonly masterIndex?: InterfaceIndex;
  /** The other end of a veth: its index in the namespace where that end is. */
  readonly peerIndex?: InterfaceIndex;
  /** Where the other end is, as `netnsIdOf` names it; absent when it is in this namespace too. */
  readonly peerNetnsId?: number;
  /** What makes it a VXLAN device; absent for one without a local address. */
  readonly vxlan?: VxlanDevice;
}

/** A VXLAN device (RFC 7348) that sends from one address. */
export interface VxlanDevice {
  /** Network identifier, 1…16777215. */
  readonly vni: number;
  /** UDP port at both ends. */
  readonly port: number;
  /** The outer source address; its family is that of the outer packets. */
  readonly local: Address;
  /** The interface that outer packets leave by; absent: the one that the routing table says. */
  readonly parentIndex?: InterfaceIndex;
  /** It takes other hosts' MACs from packets; weft makes none that does. */
  readonly learning?: true;
}

/** An entry of a VXLAN device's forwarding table: frames to the MAC go to the host. Permanent. */
export interface ForwardingEntry {
  readonly interfaceIndex: InterfaceIndex;
  readonly mac: string;
  /** The outer destination. */
  readonly remote: Address;
}

/** One address on an interface. */
export interface InterfaceAddress {
  readonly interfaceIndex: InterfaceIndex;
  readonly address: Address;
  readonly prefixLength: number;
  readonly scope: 'global' | 'link' | 'host';
}

/** What happens to a packet that takes a route (rtnetlink(7), `rtm_type`). */
export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'throw';

/** Where a route leads. A gateway of the other family is allowed (RFC 8950: IPv4 destinations by an IPv6 gateway). */
export interface NextHop {
  readonly gateway?: Address;
  readonly interfaceIndex?: InterfaceIndex;
  /** The gateway is reachable on the link although no route says so. */
  readonly onlink?: boolean;
}

/**
 * One route. Its identity in the kernel is table, destination and metric (one next-hop set each). What the kernel
 * changes when it takes a route (IPv6 metric 0 becomes 1024 …) stands in `normalizeRoute`.
 */
export interface Route {
  readonly table: number;
  readonly destination: Prefix;
  readonly metric: number;
  readonly type: RouteType;
  readonly protocol: number;
  readonly scope: 'global' | 'link' | 'host';
  /** Empty for blackhole and its kin; several for ECMP. */
  readonly nextHops: readonly NextHop[];
  readonly preferredSource?: Address;
  /** It goes by itself after a while, as what router advertisements bring does (IPv6). Only read, never written. */
  readonly expires?: true;
}

/** A permanent neighbour entry (NUD_PERMANENT): an address whose MAC needs no ARP or neighbour discovery. */
export interface Neighbour {
  readonly interfaceIndex: InterfaceIndex;
  readonly address: Address;
  readonly mac: string;
}

/** One thing to change. */
export type Change =
  /**
   * `add-route` fails with EEXIST where table, destination and metric are taken. `replace-route` takes the place of
   * the whole next-hop set, whoever wrote it. `delete-route` needs table, destination, metric and protocol to match
   * (ESRCH otherwise), so a route of another protocol is never deleted; next hops, scope and type do not matter.
   */
  | { readonly op: 'add-route' | 'replace-route' | 'delete-route'; readonly route: Route }
  | {
      readonly op: 'add-address';
      readonly address: InterfaceAddress;
      /** False: an IPv6 address is usable at once (IFA_F_NODAD), without duplicate address detection. */
      readonly duplicateAddressDetection?: false;
    }
  | { readonly op: 'delete-address'; readonly address: InterfaceAddress }
  | { readonly op: 'replace-neighbour' | 'delete-neighbour'; readonly neighbour: Neighbour }
  | { readonly op: 'replace-forwarding' | 'delete-forwarding'; readonly entry: ForwardingEntry }
  /** The peer appears at once in the namespace of `netnsFd`; both ends are down, with one queue each. */
  | { readonly op: 'add-veth'; readonly host: VethEnd; readonly peer: VethEnd & { readonly netnsFd: number } }
  | { readonly op: 'add-bridge'; readonly name: string }
  /** Down at first; its MTU never more than the interface below carries. EEXIST also where another has VNI, port and family. */
  | {
      readonly op: 'add-vxlan';
      readonly name: string;
      readonly mac: string;
      readonly mtuBytes: number;
      readonly vxlan: VxlanDevice;
    }
  /** Without a fixed peer, down at first. EOPNOTSUPP: the kernel has no IPIP. */
  | { readonly op: 'add-ipip'; readonly name: string; readonly mtuBytes: number }
  | {
      readonly op: 'set-link';
      readonly index: InterfaceIndex;
      readonly up?: boolean;
      /** 0 takes the link out of its bridge. */
      readonly masterIndex?: InterfaceIndex;
      readonly mtuBytes?: number;
      readonly mac?: string;
      readonly name?: string;
    }
  | { readonly op: 'delete-link'; readonly index: InterfaceIndex }
  /** See `writeSysctl`; as a change it has its place in the order of the others. */
  | { readonly op: 'write-sysctl'; readonly key: string; readonly value: string };

/** One end of a veth pair; the kernel chooses what is left out. */
export interface VethEnd {
  readonly name: string;
  readonly mac?: string;
  readonly mtuBytes?: number;
}

/** Why the kernel refused: the errno by name (`EEXIST`, `ENETUNREACH` …) and its own words, if any. */
export interface Refusal {
  readonly errno: string;
  readonly message?: string;
}

/** What became of one change: null when it took effect. */
export type ChangeResult = null | Refusal;

/** The answer to opening another namespace; `ENOENT` no such path, `EINVAL` not a network namespace, `EPERM` not root. */
export type OpenedNetns =
  | { readonly kind: 'opened'; readonly kernel: Kernel }
  | ({ readonly kind: 'refused' } & Refusal);

/**
 * Something changed. What Linux does not announce is not here either: IPv4 routes that go with their link, when it
 * goes down or away, produce a link event and no route event. Who keeps a picture of routes reads again on those.
 */
export type KernelEvent =
  | { readonly kind: 'route'; readonly op: 'new' | 'delete'; readonly route: Route }
  | { readonly kind: 'link'; readonly op: 'new' | 'delete'; readonly link: Link }
  | { readonly kind: 'address'; readonly op: 'new' | 'delete'; readonly address: InterfaceAddress }
  /** Events were lost (ENOBUFS): whoever keeps a picture must read it again. */
  | { readonly kind: 'overrun' };

/** Which routes to read; everything left out means any. The kernel filters, so a narrow filter is cheap. */
export interface RouteFilter {
  readonly family?: 4 | 6;
  readonly table?: number;
  readonly protocol?: number;
}

/** One direction of a tracked connection. */
export interface FlowDirection {
  readonly source: Address;
  readonly destination: Address;
  /** Absent for protocols without ports. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
}

/** A connection, or what looks like one, that Linux tracks (conntrack). Translation makes the directions differ. */
export interface Flow {
  /** Of IP: 6 TCP, 17 UDP, 132 SCTP … */
  readonly protocol: number;
  readonly original: FlowDirection;
  /** What an answer looks like: its source is whom the first packet reached. */
  readonly reply: FlowDirection;
  /** What names it to the kernel, as the kernel wrote it: attributes by type. */
  readonly key: ReadonlyMap<number, Uint8Array>;
}

/**
 * Which tracked connections to read, all parts at once. Linux filters by protocol
 * and by IPv4 address (since 5.8); for IPv6 addresses it is asked for all.
 */
export interface FlowFilter {
  readonly family: 4 | 6;
  readonly protocol?: number;
  readonly originalSource?: Address;
  readonly replySource?: Address;
}

/** One network namespace, as weft sees and changes it. */
export interface Kernel {
  /** The namespace itself, for `add-veth`. Valid until `close`. */
  readonly netnsFd: number;

  /**
   * Dumps; each is checked (NLM_F_DUMP_INTR) and read again when the kernel changed under it. They throw
   * `KernelError` when the kernel cannot be read, so that an unread table never looks like an empty one.
   */
  links(): Link[];
  addresses(): InterfaceAddress[];
  /** Without cached and cloned routes, and without those `Route` cannot name (TOS, source-specific). */
  routes(filter?: RouteFilter): Route[];
  /** Permanent entries only: learned ones come and go by themselves. */
  neighbours(): Neighbour[];
  /** The permanent entries of a VXLAN device's forwarding table. */
  forwardingEntries(interfaceIndex: InterfaceIndex): ForwardingEntry[];

  /** Tracked connections; none where the namespace tracks nothing. One that is busy may be seen twice. */
  flows(filter: FlowFilter): Flow[];
  /** Makes the kernel forget connections; one that is gone, or whose place another took, is ENOENT. */
  removeFlows(flows: readonly Flow[]): ChangeResult[];

  /** One link by name, without reading all of them. */
  link(name: string): Link | undefined;
  /** The route that packets to the address take now; undefined when there is none, or one that drops them. */
  lookup(destination: Address): Route | undefined;

  /**
   * Applies the changes in order, many netlink messages a send, and answers one result per change. A change that
   * fails does not stop those after it.
   */
  apply(changes: readonly Change[]): ChangeResult[];

  /**
   * Deletes a link as `delete-link` does, but on another thread, and resolves when it is gone from the namespace with its
   * routes: the kernel then waits tens of milliseconds more for readers of the link to finish, while others may go on.
   */
  removeLink(index: InterfaceIndex): Promise<ChangeResult>;

  /** Calls the listener for every change anyone makes, in order, until the returned function is called. */
  subscribe(listener: (event: KernelEvent) => void): () => void;
  /**
   * Calls the listeners for events that wait now, some hundreds at most, before it returns: for who wants to decide by
   * the newest picture. Not to be called by a listener.
   *
   * @returns true when there may be more
   */
  readEvents(): boolean;

  /** `net/ipv4/conf/eth0/proxy_arp`: below /proc/sys, of this kernel's namespace. Undefined where the key does not exist. */
  readSysctl(key: string): string | undefined;
  writeSysctl(key: string, value: string): ChangeResult;

  /**
   * The number this namespace knows another by; undefined while nothing connects the two.
   *
   * @param netnsFd the other kernel's `netnsFd`
   */
  netnsIdOf(netnsFd: number): number | undefined;

  /** Opens the kernel of another namespace by its path, `/run/netns/…` or `/proc/<pid>/ns/net`. */
  openNetns(path: string): OpenedNetns;

  close(): void;
}

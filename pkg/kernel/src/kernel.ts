/**
 * The only door to Linux networking, as an interface: the real one speaks rtnetlink (`netlink/`), the fake one
 * (`fake/`) keeps everything in memory and can be told to fail. Both pass the same test suite.
 *
 * A `Kernel` belongs to one network namespace: its netlink sockets are opened inside it and stay there, whatever
 * namespace the thread is in later.
 */
import type { Address, Prefix } from '@weft/ip';

/** Interface index, unique within a network namespace. */
export type InterfaceIndex = number;

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
}

export interface InterfaceAddress {
  readonly interfaceIndex: InterfaceIndex;
  readonly address: Address;
  readonly prefixLength: number;
  readonly scope: 'global' | 'link' | 'host';
}

export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'throw';

export interface NextHop {
  readonly gateway?: Address;
  readonly interfaceIndex?: InterfaceIndex;
  /** The gateway is reachable on the link although no route says so. */
  readonly onlink?: boolean;
}

/** One route. Its identity in the kernel is table, destination and metric (one next-hop set each). */
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
}

export interface Neighbour {
  readonly interfaceIndex: InterfaceIndex;
  readonly address: Address;
  readonly mac: string;
}

export type Change =
  | { readonly op: 'add-route' | 'replace-route' | 'delete-route'; readonly route: Route }
  | { readonly op: 'add-address' | 'delete-address'; readonly address: InterfaceAddress }
  | { readonly op: 'replace-neighbour' | 'delete-neighbour'; readonly neighbour: Neighbour }
  | { readonly op: 'add-veth'; readonly host: VethEnd; readonly peer: VethEnd & { readonly netnsFd: number } }
  | { readonly op: 'add-bridge'; readonly name: string }
  | {
      readonly op: 'set-link';
      readonly index: InterfaceIndex;
      readonly up?: boolean;
      readonly masterIndex?: InterfaceIndex;
      readonly mtuBytes?: number;
      readonly name?: string;
    }
  | { readonly op: 'delete-link'; readonly index: InterfaceIndex };

export interface VethEnd {
  readonly name: string;
  readonly mac?: string;
  readonly mtuBytes?: number;
}

/** What became of one change: null when it took effect, else the errno by name (`EEXIST`, `ENETUNREACH` …) and the kernel's own words, if any. */
export type ChangeResult = null | { readonly errno: string; readonly message?: string };

export type KernelEvent =
  | { readonly kind: 'route'; readonly op: 'new' | 'delete'; readonly route: Route }
  | { readonly kind: 'link'; readonly op: 'new' | 'delete'; readonly link: Link }
  | { readonly kind: 'address'; readonly op: 'new' | 'delete'; readonly address: InterfaceAddress }
  /** Events were lost (ENOBUFS): whoever keeps a picture must read it again. */
  | { readonly kind: 'overrun' };

export interface RouteFilter {
  readonly family?: 4 | 6;
  readonly table?: number;
  readonly protocol?: number;
}

export interface Kernel {
  /** Dumps; each is checked (NLM_F_DUMP_INTR) and read again when the kernel changed under it. */
  links(): Link[];
  addresses(): InterfaceAddress[];
  routes(filter?: RouteFilter): Route[];
  neighbours(): Neighbour[];

  /**
   * Applies the changes in order, many netlink messages a send, and answers one result per change. A change that
   * fails does not stop those after it.
   */
  apply(changes: readonly Change[]): ChangeResult[];

  /** Calls the listener for every change anyone makes, in order, until the returned function is called. */
  subscribe(listener: (event: KernelEvent) => void): () => void;

  /** `net/ipv4/conf/eth0/proxy_arp`: below /proc/sys, of this kernel's namespace. Undefined where the key does not exist. */
  readSysctl(key: string): string | undefined;
  writeSysctl(key: string, value: string): ChangeResult;

  close(): void;
}

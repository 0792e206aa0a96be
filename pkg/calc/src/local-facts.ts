/**
 * What this node's kernel says about itself, as far as decisions depend on it: interfaces, addresses, and the routes
 * that weft did not write. `@weft/dataplane` reads it; here it is plain data.
 */
import type { Address, Prefix } from '@weft/ip';

/** One network interface of the host, workload interfaces (`cali…`) excepted. */
export interface LocalInterface {
  readonly name: string;
  /** No packet leaves by it, whoever's address lies there: loopback, or of type dummy. */
  readonly leadsNowhere?: true;
  /** Administratively up. */
  readonly up: boolean;
  /** Has carrier. */
  readonly running: boolean;
  readonly mtuBytes: number;
  /** With the length of the subnet, as `ip address` shows them: "10.0.0.1/24". */
  readonly addresses: readonly string[];
}

/** One way out of a route of the main table that weft did not write; a route with several ways is several of these. */
export interface UnderlayRoute {
  readonly destination: Prefix;
  /** Absent: the destination is on the link. */
  readonly gateway?: Address;
  /** Absent for a route that drops packets (blackhole, unreachable, prohibit, throw). */
  readonly interface?: string;
  readonly metric: number;
  /** The gateway is taken to be on the link although no route says so. */
  readonly onlink?: true;
}

/** A router that has been heard on an interface. */
export interface LinkRouter {
  readonly interface: string;
  /** Its link-local address. */
  readonly address: Address;
  /** Other routers that have been heard there of late, sorted; absent: none. */
  readonly others?: readonly Address[];
}

/** The local facts. `interfaces` are in the kernel's order, by index. */
export interface LocalFacts {
  readonly interfaces: readonly LocalInterface[];
  readonly routes: readonly UnderlayRoute[];
}

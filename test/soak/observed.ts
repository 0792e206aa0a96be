/** A lab as it is looked at from outside at about one moment: what the invariants are judged by. */

/** All of it. Addresses and prefixes are text; addresses have no length. */
export interface ObservedState {
  readonly hosts: readonly ObservedHost[];
  /** As the datastore has them; confirmed ones only. */
  readonly affinities: readonly { readonly cidr: string; readonly node: string }[];
  readonly blocks: readonly ObservedBlock[];
  /** Ids of handles. */
  readonly handles: readonly string[];
  /** WorkloadEndpoints. */
  readonly endpoints: readonly ObservedEndpoint[];
  /** Pods that were added and not removed. */
  readonly pods: readonly { readonly name: string; readonly node: string }[];
  readonly pings: readonly { readonly from: string; readonly address: string; readonly ok: boolean }[];
}

/** A host and its weftd. */
export interface ObservedHost {
  readonly name: string;
  /** Those that other hosts reach it by. */
  readonly addresses: readonly string[];
  /** No packet leaves it or comes to it: nothing is asked of what it and the others know of each other. */
  readonly isAway: boolean;
  readonly sessions: readonly { readonly peer: string; readonly state: string }[];
  /** Best paths learned from peers. */
  readonly rib: readonly { readonly prefix: string; readonly nextHop: string }[];
  /** Routes of weft. */
  readonly routes: readonly ObservedRoute[];
}

/** A route in the kernel. Neither gateway nor blackhole: it leads to an interface of the host. */
export interface ObservedRoute {
  readonly destination: string;
  readonly gateways: readonly string[];
  readonly isBlackhole: boolean;
}

/** A block and the addresses that are given out of it. */
export interface ObservedBlock {
  readonly cidr: string;
  /** The node it says it belongs to. */
  readonly node: string | undefined;
  readonly allocations: readonly { readonly address: string; readonly handle: string | undefined }[];
}

/** What the datastore has of a pod. */
export interface ObservedEndpoint {
  readonly pod: string;
  readonly node: string;
  readonly addresses: readonly string[];
}

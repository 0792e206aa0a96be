/**
 * What goes into a speaker and what comes out of it.
 *
 * Every input is one of these events, so that a recorded sequence gives the same RIBs when it is replayed. A
 * connection is named by its peer and its number: the speaker numbers the ones it asks for 1, 3, 5 …, whoever accepts
 * connections numbers those of a peer 2, 4, 6 ….
 */

import type { Address, Prefix } from '@weft/ip';
import type { BfdState } from '../bfd/iana.ts';
import type { BfdSessionConfig, BfdStatus } from '../bfd/types.ts';
import type { ConnectionId, DownReason, Negotiated, SessionState, StopReason } from '../fsm/types.ts';
import type { AttributeFault, Treatment } from '../wire/error.ts';
import type { Family } from '../wire/family.ts';
import type { LocalRoute, LocRibChange, NextHopState, SpeakerConfig } from './config.ts';

/** The ends of a connection that are not its name; whoever does not know them leaves them out. */
export interface ConnectionEnds {
  readonly localAddress?: Address | undefined;
  readonly localPort?: number | undefined;
  readonly remotePort?: number | undefined;
}

/** How sessions end that a new configuration does not have. */
export interface ConfigureOptions {
  /**
   * Peers that are told nothing: the connection closes without a Cease, so that they keep our routes for the restart time
   * (RFC 4724), as long as they may need to have others in their place.
   */
  readonly withoutCease?: readonly Address[] | undefined;
}

/** What can happen to a speaker. */
export type SpeakerEvent =
  /** A whole new configuration; only sessions that must be are reset. */
  | ({ readonly kind: 'configure'; readonly config: SpeakerConfig } & ConfigureOptions)
  /** All routes this speaker originates. End-of-RIB is not sent before the first of these events. */
  | { readonly kind: 'set-local-routes'; readonly routes: readonly LocalRoute[] }
  /**
   * News about some next hops; one never named is taken for reachable at metric 0. One that no path points to may be forgotten
   * (the 1,024 learned last are not): tell again what `next-hops-wanted` names.
   */
  | { readonly kind: 'set-next-hops'; readonly nextHops: readonly NextHopState[] }
  /** A connection asked for by `connect` is there. */
  | ({
      readonly kind: 'connected';
      readonly peer: Address;
      readonly connection: ConnectionId;
    } & ConnectionEnds)
  /** A connection asked for by `connect` did not come about. */
  | {
      readonly kind: 'connect-failed';
      readonly peer: Address;
      readonly connection: ConnectionId;
      readonly error: string;
    }
  /** Somebody has connected from this address; one that is no peer gets a `close`. */
  | ({
      readonly kind: 'accepted';
      readonly peer: Address;
      readonly connection: ConnectionId;
    } & ConnectionEnds)
  /** Bytes arrived. They are read before the call returns: the array may be used again. */
  | {
      readonly kind: 'received';
      readonly peer: Address;
      readonly connection: ConnectionId;
      readonly bytes: Uint8Array;
    }
  /** The connection ended, by the peer or with an error such as ECONNRESET. */
  | {
      readonly kind: 'closed';
      readonly peer: Address;
      readonly connection: ConnectionId;
      readonly error?: string | undefined;
    }
  /**
   * How many bytes of this connection the kernel has not taken yet. Told after a write that leaves some, and when they
   * are gone (0, the connection is drained). Not told: the kernel took everything.
   */
  | {
      readonly kind: 'outstanding';
      readonly peer: Address;
      readonly connection: ConnectionId;
      readonly bytes: number;
    }
  /** News of a BFD session asked for by `open-bfd`: its state, or what it has negotiated. */
  | { readonly kind: 'bfd-changed'; readonly peer: Address; readonly status: BfdStatus }
  /** `nextDeadline` has come. */
  | { readonly kind: 'tick' }
  /** A batch of input is over: select routes and send what changed. */
  | { readonly kind: 'flush' }
  /** ManualStart of one peer that was stopped. */
  | { readonly kind: 'start-peer'; readonly peer: Address }
  /** ManualStop of one peer: Cease, and stay down. */
  | { readonly kind: 'stop-peer'; readonly peer: Address; readonly reason: StopReason }
  /** Cease, then start again. */
  | { readonly kind: 'reset-peer'; readonly peer: Address; readonly reason: StopReason }
  /**
   * Soft reconfiguration. `in`: ask the peer for its routes again, or judge what it has sent again if it knows no route
   * refresh. `out`: send ours again.
   */
  | { readonly kind: 'refresh-peer'; readonly peer: Address; readonly direction: 'in' | 'out' }
  /**
   * End all sessions: without a NOTIFICATION, so that peers keep our routes, or with a Cease when a reason is given. BFD
   * is left as it is: whoever runs it ends it when the connections are gone, or a peer takes our end for a broken way.
   */
  | { readonly kind: 'shutdown'; readonly reason?: StopReason | undefined };

/** What a speaker wants done or has to tell, in order. */
export type SpeakerAction =
  /** Open a connection as the peer's configuration says. */
  | { readonly kind: 'connect'; readonly peer: Address; readonly connection: ConnectionId }
  /** Close after all bytes sent before; no event about this connection is wanted any more. */
  | { readonly kind: 'close'; readonly peer: Address; readonly connection: ConnectionId }
  /** Write these bytes. The same array may be sent to many connections: it must not be changed. */
  | {
      readonly kind: 'send';
      readonly peer: Address;
      readonly connection: ConnectionId;
      readonly bytes: Uint8Array;
    }
  /** Begin a BFD session, or change the one with this peer. */
  | { readonly kind: 'open-bfd'; readonly peer: Address; readonly session: BfdSessionConfig }
  /** End a BFD session on purpose: tell the peer AdminDown. */
  | { readonly kind: 'close-bfd'; readonly peer: Address }
  /** Changes of the Loc-RIB, each prefix at most once; only when the speaker was asked to report them. */
  | { readonly kind: 'loc-rib-changed'; readonly changes: readonly LocRibChange[] }
  /** All next hops paths point to, whenever the set changes; only when the speaker was asked to report them. */
  | { readonly kind: 'next-hops-wanted'; readonly nextHops: readonly Address[] }
  | { readonly kind: 'peer-established'; readonly peer: Address; readonly negotiated: Negotiated }
  /** An Established session ended; `keptPaths` of its routes stay as stale. */
  | {
      readonly kind: 'peer-down';
      readonly peer: Address;
      readonly reason: DownReason;
      readonly keptPaths: number;
    }
  /** An attempt ended before it reached Established. */
  | { readonly kind: 'peer-attempt-failed'; readonly peer: Address; readonly reason: DownReason }
  | {
      readonly kind: 'peer-state-changed';
      readonly peer: Address;
      readonly from: SessionState;
      readonly to: SessionState;
      readonly event: string;
    }
  /** The BFD session with a peer has another state; `from` is absent when it has just begun. */
  | {
      readonly kind: 'peer-bfd-changed';
      readonly peer: Address;
      readonly from?: BfdState | undefined;
      readonly to: BfdState;
      /** Why it is not Up, by its name in RFC 5880 §4.1. */
      readonly diagnostic: string;
      readonly remoteState: BfdState;
    }
  /** The peer has sent all its routes of a family. */
  | { readonly kind: 'end-of-rib-received'; readonly peer: Address; readonly family: Family }
  /**
   * Every peer that sends End-of-RIB has sent it, or the time to wait is over: what the Loc-RIB has is all there is,
   * and kernel routes of an earlier life that are not in it can go. Told once, after a restart or a first start.
   */
  | { readonly kind: 'end-of-rib-complete'; readonly cause: 'all-received' | 'deadline' }
  /** Stale paths of a peer were removed. */
  | {
      readonly kind: 'stale-paths-removed';
      readonly peer: Address;
      readonly family: Family;
      readonly paths: number;
      readonly cause: StaleEnd;
    }
  /**
   * The restart time of a peer is over: its stale paths stay as long-lived stale ones, the last choice, until `until`
   * in ms (RFC 9494).
   */
  | {
      readonly kind: 'stale-paths-long-lived';
      readonly peer: Address;
      readonly family: Family;
      readonly paths: number;
      readonly until: number;
    }
  /** An UPDATE was faulty and was treated by RFC 7606. */
  | {
      readonly kind: 'update-fault';
      readonly peer: Address;
      readonly treatment: Treatment;
      readonly faults: readonly AttributeFault[];
    }
  /** Somebody has connected from inside the prefix of dynamic neighbours and is a peer from now on. */
  | { readonly kind: 'dynamic-peer-added'; readonly peer: Address; readonly template: Prefix }
  /** A dynamic neighbour is gone, its session over and its routes with it. */
  | { readonly kind: 'dynamic-peer-removed'; readonly peer: Address; readonly template: Prefix }
  /** Somebody has connected from inside a prefix that has all the neighbours it may have. */
  | { readonly kind: 'dynamic-peer-refused'; readonly peer: Address; readonly template: Prefix }
  /** A peer has passed its prefix limit. */
  | {
      readonly kind: 'prefix-limit';
      readonly peer: Address;
      readonly family: Family;
      readonly prefixes: number;
      readonly limit: number;
    };

/** Why stale paths were removed: RFC 4724 §4.2, but for the last four. */
export type StaleEnd =
  | 'end-of-rib'
  | 'restart-time-passed'
  | 'stale-time-passed'
  | 'forwarding-not-preserved'
  | 'restarted-again'
  /** The peer's forwarding is lost, not its control plane alone (RFC 5882 §4.3). */
  | 'bfd-down'
  /** RFC 9494 §4.2. */
  | 'long-lived-stale-time-passed'
  /** Their NO_LLGR asks for it (RFC 9494 §3.3). */
  | 'no-llgr'
  /** Not sent again in a refresh (RFC 7313 §4). */
  | 'refresh-end';

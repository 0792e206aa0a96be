/**
 * The capabilities of an OPEN as data: RFC 5492. The files beside this one, named by code, encode and decode them.
 */

import type { AfiSafi } from '../family.ts';

/** Multiprotocol Extensions: RFC 4760 §8. */
export interface MultiprotocolCapability extends AfiSafi {
  readonly kind: 'multiprotocol';
}

/** Route Refresh: RFC 2918 §2. */
export interface RouteRefreshCapability {
  readonly kind: 'route-refresh';
}

/** One family whose next hops may be of another address family: RFC 8950 §4. */
export interface ExtendedNextHopEntry extends AfiSafi {
  readonly nextHopAfi: number;
}

/** Extended Next Hop Encoding: RFC 8950 §4. */
export interface ExtendedNextHopCapability {
  readonly kind: 'extended-next-hop';
  readonly entries: readonly ExtendedNextHopEntry[];
}

/** BGP Extended Message: RFC 8654 §3. */
export interface ExtendedMessageCapability {
  readonly kind: 'extended-message';
}

/** The roles of RFC 9234 §3.1, as what the sender is to its peer. */
export type Role = 'provider' | 'route-server' | 'route-server-client' | 'customer' | 'peer';

/** BGP Role: RFC 9234 §4.1; the value as sent, known or not (see `09-role.ts`). */
export interface RoleCapability {
  readonly kind: 'role';
  readonly value: number;
}

/** One family of the graceful restart capability. */
export interface GracefulRestartFamily extends AfiSafi {
  /** F bit: forwarding state of this family was kept over the restart. */
  readonly forwarding: boolean;
}

/** Graceful Restart: RFC 4724 §3, RFC 8538 §2. */
export interface GracefulRestartCapability {
  readonly kind: 'graceful-restart';
  /** R bit: the sender has restarted. */
  readonly restarting: boolean;
  /** N bit: a NOTIFICATION does not end graceful restart. */
  readonly notification: boolean;
  /** 0…4095. */
  readonly restartTimeSeconds: number;
  readonly families: readonly GracefulRestartFamily[];
}

/** Support for four-octet AS numbers: RFC 6793 §3. */
export interface FourOctetAsCapability {
  readonly kind: 'four-octet-as';
  readonly asn: number;
}

/** One family of the ADD-PATH capability. */
export interface AddPathFamily extends AfiSafi {
  /** The sender can receive several paths. */
  readonly receive: boolean;
  /** The sender will send several paths. */
  readonly send: boolean;
}

/** ADD-PATH: RFC 7911 §4. */
export interface AddPathCapability {
  readonly kind: 'add-path';
  readonly families: readonly AddPathFamily[];
}

/** Enhanced Route Refresh: RFC 7313 §3.1. */
export interface EnhancedRouteRefreshCapability {
  readonly kind: 'enhanced-route-refresh';
}

/** One family of the long-lived graceful restart capability. */
export interface LongLivedFamily extends AfiSafi {
  readonly forwarding: boolean;
  /** 0…16777215. */
  readonly staleTimeSeconds: number;
}

/** Long-Lived Graceful Restart: RFC 9494 §3. */
export interface LongLivedGracefulRestartCapability {
  readonly kind: 'long-lived-graceful-restart';
  readonly families: readonly LongLivedFamily[];
}

/** A capability this speaker does not know, byte for byte. */
export interface UnknownCapability {
  readonly kind: 'unknown';
  readonly code: number;
  readonly value: Uint8Array;
}

/** One capability of an OPEN. */
export type Capability =
  | MultiprotocolCapability
  | RouteRefreshCapability
  | ExtendedNextHopCapability
  | ExtendedMessageCapability
  | RoleCapability
  | GracefulRestartCapability
  | FourOctetAsCapability
  | AddPathCapability
  | EnhancedRouteRefreshCapability
  | LongLivedGracefulRestartCapability
  | UnknownCapability;

/**
 * What the daemon and its commands agree on: HTTP/1.1 over the control socket, JSON in and out.
 *
 *     GET  /v1/status                                  DaemonStatus
 *     GET  /v1/rib?table=&peer=&family=&prefix=&longer=  RibLine, one a line
 *     GET  /v1/explain?prefix=                         Explanation
 *     GET  /v1/events?routes=                          EventLine, one a line, until the client leaves
 *     GET  /v1/mrt?table=in|loc                        MRT TABLE_DUMP_V2 (RFC 6396)
 *     POST /v1/reload                                  ReloadResult
 *     POST /v1/announce   { routes: [route …] }        ChangeResult; a route has the keys of `announce` in the file
 *     POST /v1/withdraw   { prefixes: [prefix …] }     ChangeResult
 *     POST /v1/peers/ADDRESS/start|stop|reset|refresh  PeerResult; the body of stop and reset may have a
 *                                                      `communication`, that of refresh has a `direction`
 *
 * A refusal has a status of 400 (the request is wrong), 404 (no such thing), 409 (not possible as things are) or 500, and
 * the body `{ errors: [{ message, object, hint }, …] }`. Shapes gain keys; keys that are there keep their meaning.
 */

import type { ListenAddress, PeerBfdStatus, PeerFamilyStatus, PeerStatus } from '../speaker/config.ts';
import type { ReceivedRoute, SelectedRoute, SentRoute } from '../speaker/listing.ts';
import type { Family } from '../wire/family.ts';
import type { Failure } from './failure.ts';

/** The control socket when the file names none. */
export const DEFAULT_SOCKET_PATH = '/run/bgp-speaker.sock';

/** `sun_path` of unix(7) holds 108 bytes, the last of which ends the text. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** A peer, its times as ISO 8601. */
export interface PeerReport extends Omit<PeerStatus, 'stateSince' | 'staleUntil' | 'bfd' | 'families'> {
  readonly stateSince: string;
  readonly staleUntil?: string | undefined;
  readonly bfd?: BfdReport | undefined;
  readonly families: readonly FamilyReport[];
}

/** One family of a peer, its time as ISO 8601. */
export interface FamilyReport extends Omit<PeerFamilyStatus, 'longLivedUntil'> {
  readonly longLivedUntil?: string | undefined;
}

/** The BFD session of a peer, its time as ISO 8601. */
export interface BfdReport extends Omit<PeerBfdStatus, 'stateSince'> {
  readonly stateSince: string;
}

/** The daemon and its peers. */
export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly config: string;
  readonly startedAt: string;
  readonly asn: number;
  readonly routerId: string;
  readonly clusterId?: string | undefined;
  readonly listen: readonly ListenAddress[];
  /**
   * `yes`: has told peers that it has restarted, and waits for all their routes (RFC 4724); `over`: has
   * done so; `no`: peers had nothing to keep.
   */
  readonly restarting: 'yes' | 'over' | 'no';
  readonly localRoutes: { readonly file: number; readonly runTime: number };
  readonly peers: readonly PeerReport[];
}

/** Which table: what peers sent, what was selected, what peers are told. */
export type RibTable = 'in' | 'loc' | 'out';

/** A route of a table. */
export type RibLine = LocLine | InLine | OutLine;

/** A selected route. */
export type LocLine = SelectedRoute;

/** A path of a peer. */
export interface InLine extends ReceivedRoute {
  readonly peer: string;
  readonly family: Family;
}

/** A route a peer was told. */
export interface OutLine extends SentRoute {
  readonly peer: string;
  readonly family: Family;
}

/** Something that happened, as on stdout of the daemon; with `routes=true` also `route`, with what a prefix has now. */
export interface EventLine {
  readonly time: string;
  readonly event: string;
  readonly [value: string]: unknown;
}

/** The file was read again. */
export interface ReloadResult {
  readonly peers: number;
  readonly announce: number;
}

/** Local routes were changed. */
export interface ChangeResult {
  readonly prefixes: readonly string[];
  /** Routes announced at run time now. */
  readonly runTime: number;
}

/** A command was given to a peer. */
export interface PeerResult {
  readonly peer: string;
  readonly command: string;
}

/** Why a request was refused. */
export interface ErrorBody {
  readonly errors: readonly Failure[];
}

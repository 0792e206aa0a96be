/**
 * Whoever looks on while a speaker works: the MRT log and BMP stations.
 *
 * Observers are called in the middle of an event, in the order of things; they read and change nothing, so that a
 * recording replays the same with and without them. What nobody asks for costs a look at an empty list.
 */

import type { DownReason, SessionState } from '../fsm/types.ts';
import type { Rib } from '../rib/rib.ts';
import type { Family } from '../wire/family.ts';
import type { EstablishedSession, Neighbour } from './neighbour.ts';
import type { ReceiveResult } from './update-receiver.ts';

/** Callbacks of an observer; each may be left out. */
export interface SpeakerObserver {
  stateChanged?(neighbour: Neighbour, from: SessionState, to: SessionState): void;
  /** The session is there, its groups are not joined yet. */
  established?(neighbour: Neighbour, session: EstablishedSession): void;
  /**
   * An UPDATE was received and applied: the message is `bytes[start - 19…end)`, to be read before the call returns.
   */
  updateReceived?(
    neighbour: Neighbour,
    session: EstablishedSession,
    bytes: Uint8Array,
    start: number,
    end: number,
    result: ReceiveResult,
  ): void;
  /** Paths that were not sent again in a refresh are about to be removed (RFC 7313 §4); they are still there, stale. */
  refreshEnding?(neighbour: Neighbour, session: EstablishedSession, family: Family): void;
  /** A session ended; its paths may be gone already. */
  sessionEnded?(neighbour: Neighbour, session: EstablishedSession, reason: DownReason): void;
  /**
   * A batch was selected: `rib.touched` are the paths that changed, `rib.changed` the prefixes whose selected path did.
   * Withdrawn paths have their rows until the call returns.
   */
  selected?(rib: Rib): void;
}

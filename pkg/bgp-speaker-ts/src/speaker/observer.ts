/**
 * Whoever looks on while a speaker works: the MRT log, BMP stations and chronicles.
 *
 * Observers are called in the middle of an event, in the order of things; they read and change nothing, so that a
 * recording replays the same with and without them. What nobody asks for costs a look at an empty list.
 */

import type { BfdStatus } from '../bfd/types.ts';
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
  /** The peer marks the beginning or the end of its answer to a refresh (RFC 7313): subtype 1 or 2. */
  refreshMarked?(neighbour: Neighbour, family: Family, subtype: number): void;
  /** BFD with the peer has news; nothing has followed from it yet. */
  bfdChanged?(neighbour: Neighbour, status: BfdStatus): void;
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

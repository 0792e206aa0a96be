/**
 * Where the parts of one UPDATE lie, as offsets into its bytes.
 *
 * One view is made per reader and filled again for every UPDATE (`splitUpdate`), so that an UPDATE costs no objects.
 */

import type { AttributeFault } from './error.ts';

/** Offsets into the bytes of one UPDATE; a range is empty when its start equals its end. */
export interface UpdateView {
  bytes: Uint8Array;
  withdrawnStart: number;
  withdrawnEnd: number;
  attributesStart: number;
  attributesEnd: number;
  nlriStart: number;
  nlriEnd: number;

  /** Whole MP_REACH_NLRI attribute, header included. */
  reachStart: number;
  reachEnd: number;
  /** 0 when there is no MP_REACH_NLRI. */
  reachAfi: number;
  reachSafi: number;
  reachNextHopStart: number;
  reachNextHopEnd: number;
  reachNlriStart: number;
  reachNlriEnd: number;

  /** Whole MP_UNREACH_NLRI attribute, header included. */
  unreachStart: number;
  unreachEnd: number;
  /** 0 when there is no MP_UNREACH_NLRI. */
  unreachAfi: number;
  unreachSafi: number;
  unreachNlriStart: number;
  unreachNlriEnd: number;

  /** Faults of the two multiprotocol attributes that do not end the session; a new list only when there are some. */
  faults: readonly AttributeFault[];
}

const NO_FAULTS: readonly AttributeFault[] = [];

/** Makes an empty view. */
export function createUpdateView(): UpdateView {
  return {
    bytes: new Uint8Array(0),
    withdrawnStart: 0,
    withdrawnEnd: 0,
    attributesStart: 0,
    attributesEnd: 0,
    nlriStart: 0,
    nlriEnd: 0,
    reachStart: 0,
    reachEnd: 0,
    reachAfi: 0,
    reachSafi: 0,
    reachNextHopStart: 0,
    reachNextHopEnd: 0,
    reachNlriStart: 0,
    reachNlriEnd: 0,
    unreachStart: 0,
    unreachEnd: 0,
    unreachAfi: 0,
    unreachSafi: 0,
    unreachNlriStart: 0,
    unreachNlriEnd: 0,
    faults: NO_FAULTS,
  };
}

/** Empties the multiprotocol part of a view, which most UPDATEs of IPv4 do not have. */
export function clearMultiprotocol(view: UpdateView): void {
  view.reachStart = view.reachEnd = 0;
  view.reachAfi = view.reachSafi = 0;
  view.reachNextHopStart = view.reachNextHopEnd = 0;
  view.reachNlriStart = view.reachNlriEnd = 0;
  view.unreachStart = view.unreachEnd = 0;
  view.unreachAfi = view.unreachSafi = 0;
  view.unreachNlriStart = view.unreachNlriEnd = 0;
  view.faults = NO_FAULTS;
}

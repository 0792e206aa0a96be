/**
 * UPDATE: split into ranges without copying anything or making an object per prefix.
 *
 *     withdrawn length │ withdrawn routes │ attributes length │ path attributes │ NLRI
 *                                                               └─ MP_REACH_NLRI, MP_UNREACH_NLRI: ranges too
 *
 * The RIB reads the four NLRI ranges with the cursor of `nlri.ts` and looks the attributes up by `writeAttributeKey`:
 * the attribute block without the two multiprotocol attributes, then the next hop, so that equal attributes with
 * different prefixes are one entry in every family.
 * Source: RFC 4271 §4.3, §6.3; RFC 4760 §3, §4; RFC 7606 §3, §5.
 */

import type { AttributeFault, SessionError } from '../error.ts';

/** Offsets into the bytes of one UPDATE. Made once by `createUpdateView`, filled by `splitUpdate`. */
export interface UpdateView {
  bytes: Uint8Array;
  withdrawnStart: number;
  withdrawnEnd: number;
  attributesStart: number;
  attributesEnd: number;
  nlriStart: number;
  nlriEnd: number;

  /** Whole MP_REACH_NLRI attribute, header included; start equals end when there is none. */
  reachStart: number;
  reachEnd: number;
  /** 0 when there is no MP_REACH_NLRI. */
  reachAfi: number;
  reachSafi: number;
  reachNextHopStart: number;
  reachNextHopEnd: number;
  reachNlriStart: number;
  reachNlriEnd: number;

  /** Whole MP_UNREACH_NLRI attribute, header included; start equals end when there is none. */
  unreachStart: number;
  unreachEnd: number;
  /** 0 when there is no MP_UNREACH_NLRI. */
  unreachAfi: number;
  unreachSafi: number;
  unreachNlriStart: number;
  unreachNlriEnd: number;

  /** Faults of the two multiprotocol attributes that do not end the session. */
  faults: AttributeFault[];
}

/** Splits the body of an UPDATE, `bytes[start…end)`; the error when its parts cannot be told apart. */
export type SplitUpdate = (
  bytes: Uint8Array,
  start: number,
  end: number,
  view: UpdateView,
) => SessionError | undefined;

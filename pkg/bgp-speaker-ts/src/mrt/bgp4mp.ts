/**
 * Records of an update log: BGP4MP_ET, that is what a peer has sent and how its session went, to the microsecond.
 *
 *     microseconds │ peer AS │ local AS │ interface (0) │ AFI │ peer's address │ our address │ old and new state
 *                                                                                            │ or a BGP message
 *
 * A message of a session with two-octet AS numbers is in a BGP4MP_MESSAGE, since an …_AS4 promises an AS_PATH of four
 * octets. Source: RFC 6396 §4.4, §4.5; RFC 8050 §3 (subtypes of messages with path identifiers).
 */

import { type Address, addressBytes, familyOf } from '@weft/ip';
import { SESSION_STATES, type SessionState } from '../fsm/types.ts';
import { toTwoOctets } from '../wire/attribute/02-as-path.ts';
import { Afi } from '../wire/iana.ts';
import { ByteWriter } from '../wire/writer.ts';
import { Bgp4mpSubtype, beginRecord, endRecord, MrtType } from './record.ts';

/** Between whom a record is. */
export interface LoggedSession {
  readonly peerAsn: number;
  readonly localAsn: number;
  readonly peerAddress: Address;
  /** Unknown before a connection is there. */
  readonly localAddress: Address | undefined;
}

/** How the message of a record is written. */
export interface LoggedForm {
  readonly fourOctetAsn: boolean;
  /** Its prefixes have path identifiers. */
  readonly addPath: boolean;
}

/** Writes a BGP4MP_STATE_CHANGE_AS4. */
export function encodeStateChange(
  session: LoggedSession,
  unixMs: number,
  from: SessionState,
  to: SessionState,
): Uint8Array {
  const writer = new ByteWriter();
  const start = begin(writer, unixMs, Bgp4mpSubtype.stateChangeAs4);
  writeSession(writer, session, true);
  writer.writeUint16(stateNumber(from));
  writer.writeUint16(stateNumber(to));
  endRecord(writer, start);
  return writer.take();
}

/** Writes the record of a whole BGP message, `bytes[start…end)`, header included. */
export function encodeLoggedMessage(
  session: LoggedSession,
  unixMs: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  form: LoggedForm,
): Uint8Array {
  const writer = new ByteWriter(end - start + 64);
  const record = begin(writer, unixMs, messageSubtype(form));
  writeSession(writer, session, form.fourOctetAsn);
  writer.writeBytes(bytes.subarray(start, end));
  endRecord(writer, record);
  return writer.take();
}

function begin(writer: ByteWriter, unixMs: number, subtype: number): number {
  const seconds = Math.floor(unixMs / 1000);
  const start = beginRecord(writer, seconds, MrtType.bgp4mpEt, subtype);
  writer.writeUint32(Math.floor((unixMs - seconds * 1000) * 1000));
  return start;
}

function writeSession(writer: ByteWriter, session: LoggedSession, fourOctetAsn: boolean): void {
  const { peerAsn, localAsn, peerAddress, localAddress } = session;
  for (const asn of [peerAsn, localAsn]) {
    if (fourOctetAsn) writer.writeUint32(asn);
    else writer.writeUint16(toTwoOctets(asn));
  }
  writer.writeUint16(0);
  writer.writeUint16(familyOf(peerAddress) === 4 ? Afi.ipv4 : Afi.ipv6);
  const peer = addressBytes(peerAddress);
  const known = localAddress !== undefined && familyOf(localAddress) === familyOf(peerAddress);
  writer.writeBytes(peer);
  writer.writeBytes(known ? addressBytes(localAddress) : new Uint8Array(peer.length));
}

function messageSubtype({ fourOctetAsn, addPath }: LoggedForm): number {
  if (addPath) return fourOctetAsn ? Bgp4mpSubtype.messageAs4AddPath : Bgp4mpSubtype.messageAddPath;
  return fourOctetAsn ? Bgp4mpSubtype.messageAs4 : Bgp4mpSubtype.message;
}

/** Idle is 1, Established 6: RFC 6396 §4.4.1. */
function stateNumber(state: SessionState): number {
  return SESSION_STATES.indexOf(state) + 1;
}

/**
 * ROUTE-REFRESH: a request to send a family again, and the two marks around the answer.
 *
 * Source: RFC 2918 §3, RFC 7313 §3.2, §5.
 */

import { type Decoded, sessionError } from '../error.ts';
import type { AfiSafi } from '../family.ts';
import { ErrorCode, MessageType, RefreshSubtype, RouteRefreshSubcode } from '../iana.ts';
import { ByteReader } from '../reader.ts';
import { frameMessage } from './header.ts';

/** A ROUTE-REFRESH as it stands on the wire. */
export interface RouteRefreshMessage extends AfiSafi {
  /** 0 request, 1 beginning of the answer, 2 end of it; other values are to be ignored (RFC 7313 §5). */
  readonly subtype: number;
}

const BODY_BYTES = 4;

/**
 * Decodes the body of a ROUTE-REFRESH.
 *
 * Longer requests carry outbound route filters (RFC 5291), which this speaker never offers; the request itself is
 * read and the filters are passed over. A mark (subtype 1 or 2) of another length is error 7/1 with the whole message as data.
 */
export function decodeRouteRefresh(
  bytes: Uint8Array,
  start: number,
  end: number,
): Decoded<RouteRefreshMessage> {
  const reader = new ByteReader(bytes, start, end);
  const afi = reader.readUint16();
  const subtype = reader.readUint8();
  const safi = reader.readUint8();
  const mark = subtype === RefreshSubtype.beginning || subtype === RefreshSubtype.ending;
  if (reader.failed || (mark && end - start !== BODY_BYTES)) return badLength(bytes.subarray(start, end));
  return { ok: true, value: { afi, safi, subtype } };
}

/** Encodes a whole ROUTE-REFRESH message, header included. */
export function encodeRouteRefresh({ afi, safi, subtype }: RouteRefreshMessage): Uint8Array {
  return frameMessage(MessageType.routeRefresh, new Uint8Array([afi >>> 8, afi & 0xff, subtype, safi]));
}

function badLength(body: Uint8Array): Decoded<never> {
  const data = frameMessage(MessageType.routeRefresh, body);
  const detail = `ROUTE-REFRESH: ${body.length} octets cannot be a request or a mark`;
  const { invalidMessageLength } = RouteRefreshSubcode;
  return { ok: false, error: sessionError(ErrorCode.routeRefresh, invalidMessageLength, detail, data) };
}

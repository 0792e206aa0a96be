/**
 * The messages about routes: Route Monitoring around a BGP UPDATE, and Statistics Report.
 *
 * Source: RFC 7854 §4.6, §4.8; RFC 9069 §5.5 (counts of a Loc-RIB).
 */

import { type Family, toAfiSafi } from '../wire/family.ts';
import { ByteWriter } from '../wire/writer.ts';
import {
  BMP_HEADER_BYTES,
  BMP_VERSION,
  type BmpPeer,
  BmpType,
  beginMessage,
  endMessage,
  PEER_HEADER_BYTES,
  PEER_TIME_OFFSET,
  writePeerHeader,
} from './header.ts';

const HALF = 2 ** 32;

/** Types of counts: RFC 7854 §4.8. */
const Statistic = {
  adjRibIn: 7,
  locRib: 8,
  familyAdjRibIn: 9,
  familyLocRib: 10,
  treatAsWithdrawUpdates: 11,
} as const;

/** What is counted for a peer, or for the Loc-RIB. */
export interface BmpStatistics {
  /** Routes by family; their sum is told too. */
  readonly routes: ReadonlyMap<Family, number>;
  /** UPDATEs that were treated as withdrawals (RFC 7606), 32 bits; not told of a Loc-RIB. */
  readonly treatAsWithdraw: number;
}

/**
 * Wraps a whole UPDATE, `bytes[start…end)`.
 *
 * @param header of the peer, from `encodePeerHeader`; its time is not looked at
 */
export function encodeRouteMonitoring(
  header: Uint8Array,
  unixMs: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array {
  const message = new Uint8Array(BMP_HEADER_BYTES + PEER_HEADER_BYTES + end - start);
  message[0] = BMP_VERSION;
  setUint32(message, 1, message.length);
  message[5] = BmpType.routeMonitoring;
  message.set(header, BMP_HEADER_BYTES);
  const seconds = Math.floor(unixMs / 1000);
  setUint32(message, BMP_HEADER_BYTES + PEER_TIME_OFFSET, seconds);
  setUint32(message, BMP_HEADER_BYTES + PEER_TIME_OFFSET + 4, Math.floor((unixMs - seconds * 1000) * 1000));
  message.set(bytes.subarray(start, end), BMP_HEADER_BYTES + PEER_HEADER_BYTES);
  return message;
}

/** Writes a Statistics Report. */
export function encodeStatistics(peer: BmpPeer, { routes, treatAsWithdraw }: BmpStatistics): Uint8Array {
  const isLocRib = peer.view === 'loc-rib';
  const writer = new ByteWriter(128);
  const start = beginMessage(writer, BmpType.statistics);
  writePeerHeader(writer, peer);
  writer.writeUint32(1 + routes.size + (isLocRib ? 0 : 1));
  const sum = [...routes.values()].reduce((total, count) => total + count, 0);
  writeHead(writer, isLocRib ? Statistic.locRib : Statistic.adjRibIn, 8);
  writeUint64(writer, sum);
  for (const [family, count] of routes) {
    const { afi, safi } = toAfiSafi(family);
    writeHead(writer, isLocRib ? Statistic.familyLocRib : Statistic.familyAdjRibIn, 11);
    writer.writeUint16(afi);
    writer.writeUint8(safi);
    writeUint64(writer, count);
  }
  if (!isLocRib) {
    writeHead(writer, Statistic.treatAsWithdrawUpdates, 4);
    writer.writeUint32(treatAsWithdraw);
  }
  endMessage(writer, start);
  return writer.take();
}

function writeHead(writer: ByteWriter, type: number, length: number): void {
  writer.writeUint16(type);
  writer.writeUint16(length);
}

function writeUint64(writer: ByteWriter, value: number): void {
  writer.writeUint32(Math.floor(value / HALF));
  writer.writeUint32(value % HALF);
}

/** By hand: there is one for each UPDATE, and a DataView costs more than the message. */
function setUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

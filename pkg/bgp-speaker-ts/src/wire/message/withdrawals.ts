/**
 * What an UPDATE means that is treated as a withdrawal: UPDATEs that withdraw every prefix of it (RFC 7606 §2).
 */

import { AttributeCode, MessageType } from '../iana.ts';
import { createUpdateView } from '../update-view.ts';
import { ByteWriter } from '../writer.ts';
import { splitUpdate } from './02-update.ts';
import { frameMessage } from './header.ts';

/** Optional, with the longer length field. */
const MP_FLAGS = 0x90;
const MP_FIXED_BYTES = 3;

/** Gives whole messages for the body of an UPDATE, `bytes[start…end)`: one for each place prefixes stand in. */
export function encodeWithdrawals(bytes: Uint8Array, start: number, end: number): Uint8Array[] {
  const view = createUpdateView();
  if (splitUpdate(bytes, start, end, view) !== undefined) return [];
  const plain = [
    bytes.subarray(view.withdrawnStart, view.withdrawnEnd),
    bytes.subarray(view.nlriStart, view.nlriEnd),
  ];
  const reach = bytes.subarray(view.reachNlriStart, view.reachNlriEnd);
  const unreach = bytes.subarray(view.unreachNlriStart, view.unreachNlriEnd);
  return [
    ...plain.filter(({ length }) => length > 0).map(encodePlain),
    ...(unreach.length > 0 ? [encodeMultiprotocol(view.unreachAfi, view.unreachSafi, unreach)] : []),
    ...(reach.length > 0 ? [encodeMultiprotocol(view.reachAfi, view.reachSafi, reach)] : []),
  ];
}

function encodePlain(prefixes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(prefixes.length + 4);
  writer.writeUint16(prefixes.length);
  writer.writeBytes(prefixes);
  writer.writeUint16(0);
  return frameMessage(MessageType.update, writer.take());
}

function encodeMultiprotocol(afi: number, safi: number, prefixes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(prefixes.length + 16);
  const valueBytes = MP_FIXED_BYTES + prefixes.length;
  writer.writeUint16(0);
  writer.writeUint16(4 + valueBytes);
  writer.writeUint8(MP_FLAGS);
  writer.writeUint8(AttributeCode.mpUnreachNlri);
  writer.writeUint16(valueBytes);
  writer.writeUint16(afi);
  writer.writeUint8(safi);
  writer.writeBytes(prefixes);
  return frameMessage(MessageType.update, writer.take());
}

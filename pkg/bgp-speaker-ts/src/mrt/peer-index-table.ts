/**
 * PEER_INDEX_TABLE: whom the entries of a table dump come from, by number. RFC 6396 §4.3.1.
 *
 *     collector's BGP Identifier │ length and text of the view's name │ count │ peers
 *     a peer: type │ BGP Identifier │ address (4 or 16 octets) │ AS number (4 octets)
 */

import { type Address, addressBytes } from '@weft/ip';
import type { ByteWriter } from '../wire/writer.ts';
import { beginRecord, endRecord, MrtType, TableDumpSubtype } from './record.ts';

/** A row of the table. */
export interface DumpPeer {
  readonly address: Address;
  readonly asn: number;
  /** BGP Identifier of its present or last session, 0 before the first. */
  readonly identifier: number;
}

/** Bits of a peer's type. */
const IPV6 = 1;
const FOUR_OCTET_AS = 2;

/** Writes the table; the position of a peer in the list is its number. */
export function writePeerIndexTable(
  writer: ByteWriter,
  unixSeconds: number,
  collectorIdentifier: number,
  peers: readonly DumpPeer[],
): void {
  const { tableDumpV2 } = MrtType;
  const start = beginRecord(writer, unixSeconds, tableDumpV2, TableDumpSubtype.peerIndexTable);
  writer.writeUint32(collectorIdentifier);
  writer.writeUint16(0);
  writer.writeUint16(peers.length);
  for (const { address, asn, identifier } of peers) {
    const bytes = addressBytes(address);
    writer.writeUint8(FOUR_OCTET_AS | (bytes.length === 16 ? IPV6 : 0));
    writer.writeUint32(identifier);
    writer.writeBytes(bytes);
    writer.writeUint32(asn);
  }
  endRecord(writer, start);
}

/**
 * The frame of every MRT record, and the numbers of those this speaker writes.
 *
 *     time of day (s) │ type │ subtype │ length │ message
 *
 * Source: RFC 6396 §2 (header), §4.3 (TABLE_DUMP_V2), §4.4 (BGP4MP), §4.5 (microseconds); RFC 8050 §3, §4 (ADD-PATH).
 */

import type { ByteWriter } from '../wire/writer.ts';

/** Types of records. */
export const MrtType = { tableDumpV2: 13, bgp4mpEt: 17 } as const;

/** Subtypes of TABLE_DUMP_V2. */
export const TableDumpSubtype = {
  peerIndexTable: 1,
  ribIpv4Unicast: 2,
  ribIpv6Unicast: 4,
  ribIpv4UnicastAddPath: 8,
  ribIpv6UnicastAddPath: 10,
} as const;

/** Subtypes of BGP4MP and BGP4MP_ET. */
export const Bgp4mpSubtype = {
  message: 1,
  messageAs4: 4,
  stateChangeAs4: 5,
  messageAddPath: 8,
  messageAs4AddPath: 9,
} as const;

const LENGTH_OFFSET = 8;
const HEADER_BYTES = 12;

/** Writes a header whose length is open; gives where the record begins. */
export function beginRecord(writer: ByteWriter, unixSeconds: number, type: number, subtype: number): number {
  const start = writer.length;
  writer.writeUint32(unixSeconds);
  writer.writeUint16(type);
  writer.writeUint16(subtype);
  writer.writeUint32(0);
  return start;
}

/** Fills in the length of the record that ends here. */
export function endRecord(writer: ByteWriter, start: number): void {
  writer.patchUint32(start + LENGTH_OFFSET, writer.length - start - HEADER_BYTES);
}

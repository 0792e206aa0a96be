/**
 * AS_PATH: the ASes a route has passed, as segments. Source: RFC 4271 §4.3, §5.1.2; RFC 7606 §7.2; RFC 7607 §2 (AS 0).
 *
 * The same form serves AS4_PATH, there always with four octets per AS number (RFC 6793 §3).
 */

import { AS_TRANS, AttributeCode, SegmentType, UpdateSubcode } from '../iana.ts';
import type { ByteReader } from '../reader.ts';
import type { ByteWriter } from '../writer.ts';
import { type AttributeCodec, WELL_KNOWN } from './codec.ts';
import type { AsPath, AsPathSegment, SegmentKind } from './path-attributes.ts';

/** Largest count a segment can hold on the wire. */
const MAX_SEGMENT_ASNS = 255;
const MAX_TWO_OCTET_ASN = 0xffff;

const TYPE_OF: Readonly<Record<SegmentKind, number>> = {
  set: SegmentType.set,
  sequence: SegmentType.sequence,
  'confederation-sequence': SegmentType.confederationSequence,
  'confederation-set': SegmentType.confederationSet,
};

const KIND_OF: readonly (SegmentKind | undefined)[] = [
  undefined,
  'set',
  'sequence',
  'confederation-sequence',
  'confederation-set',
];

/** Codec of AS_PATH. */
export const asPath: AttributeCodec<'asPath'> = {
  code: AttributeCode.asPath,
  name: 'AS_PATH',
  key: 'asPath',
  flags: WELL_KNOWN,
  malformed: 'treat-as-withdraw',
  valueSubcode: UpdateSubcode.malformedAsPath,
  isLength: () => true,
  decode: (reader, { fourOctetAsn }) => decodeSegments(reader, fourOctetAsn),
  encode: (writer, value, { fourOctetAsn }) => encodeSegments(writer, value, fourOctetAsn),
};

/**
 * Reads segments to the end of the reader; undefined when one has an unknown type, no AS number, AS 0, or does not
 * end with the value.
 */
export function decodeSegments(reader: ByteReader, fourOctetAsn: boolean): AsPath | undefined {
  const segments: AsPathSegment[] = [];
  while (reader.remaining > 0) {
    const kind = KIND_OF[reader.readUint8()];
    const asns = decodeAsns(reader, reader.readUint8(), fourOctetAsn);
    if (kind === undefined || reader.failed || asns.length === 0 || asns.includes(0)) return undefined;
    segments.push({ kind, asns });
  }
  return segments;
}

/** Writes segments; one of more than 255 AS numbers becomes several of the same kind. */
export function encodeSegments(writer: ByteWriter, path: AsPath, fourOctetAsn: boolean): void {
  for (const { kind, asns } of path) {
    for (let start = 0; start < asns.length; start += MAX_SEGMENT_ASNS) {
      const part = asns.slice(start, start + MAX_SEGMENT_ASNS);
      writer.writeUint8(TYPE_OF[kind]);
      writer.writeUint8(part.length);
      for (const asn of part) writeAsn(writer, asn, fourOctetAsn);
    }
  }
}

/** Writes one AS number; in two octets a larger one becomes AS_TRANS (RFC 6793 §4.2.2). */
export function writeAsn(writer: ByteWriter, asn: number, fourOctetAsn: boolean): void {
  if (fourOctetAsn) writer.writeUint32(asn);
  else writer.writeUint16(toTwoOctets(asn));
}

/** Gives what stands for an AS number where only two octets fit: RFC 6793 §9. */
export function toTwoOctets(asn: number): number {
  return asn > MAX_TWO_OCTET_ASN ? AS_TRANS : asn;
}

/** A count the value cannot hold reads as nothing and fails the reader, so that no large array is made for it. */
function decodeAsns(reader: ByteReader, count: number, fourOctetAsn: boolean): number[] {
  const range = reader.readRange(count * (fourOctetAsn ? 4 : 2));
  const asns: number[] = [];
  while (range.remaining > 0) asns.push(fourOctetAsn ? range.readUint32() : range.readUint16());
  return asns;
}

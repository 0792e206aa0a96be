/** AGGREGATOR: who formed the aggregate. Source: RFC 4271 §5.1.7; RFC 6793 §4.2; RFC 7606 §7.7; RFC 7607 §2 (AS 0). */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import type { ByteReader } from '../reader.ts';
import { writeAsn } from './02-as-path.ts';
import { type AttributeCodec, OPTIONAL_TRANSITIVE } from './codec.ts';
import type { Aggregator } from './path-attributes.ts';

/** Codec of AGGREGATOR. */
export const aggregator: AttributeCodec<'aggregator'> = {
  code: AttributeCode.aggregator,
  name: 'AGGREGATOR',
  key: 'aggregator',
  flags: OPTIONAL_TRANSITIVE,
  malformed: 'attribute-discard',
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length, { fourOctetAsn }) => length === (fourOctetAsn ? 8 : 6),
  decode: (reader, { fourOctetAsn }) => decodeAggregator(reader, fourOctetAsn),
  encode(writer, { asn, address }, { fourOctetAsn }) {
    writeAsn(writer, asn, fourOctetAsn);
    writer.writeUint32(address);
  },
};

/** Reads AS number and address; undefined for AS 0. */
export function decodeAggregator(reader: ByteReader, fourOctetAsn: boolean): Aggregator | undefined {
  const asn = fourOctetAsn ? reader.readUint32() : reader.readUint16();
  const address = reader.readUint32();
  return asn === 0 ? undefined : { asn, address };
}

/** AS4_AGGREGATOR: the real aggregator beside one of two octets. Source: RFC 6793 §3, §6. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { decodeAggregator } from './07-aggregator.ts';
import { type AttributeCodec, OPTIONAL_TRANSITIVE } from './codec.ts';

/** Codec of AS4_AGGREGATOR. */
export const as4Aggregator: AttributeCodec<'as4Aggregator'> = {
  code: AttributeCode.as4Aggregator,
  name: 'AS4_AGGREGATOR',
  key: 'as4Aggregator',
  flags: OPTIONAL_TRANSITIVE,
  malformed: 'attribute-discard',
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length) => length === 8,
  decode: (reader) => decodeAggregator(reader, true),
  encode(writer, { asn, address }) {
    writer.writeUint32(asn);
    writer.writeUint32(address);
  },
};

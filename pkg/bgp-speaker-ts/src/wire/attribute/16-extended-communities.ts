/** Extended Communities: 64-bit tags with a type. Source: RFC 4360 §2; RFC 7606 §7.14. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, OPTIONAL_TRANSITIVE } from './codec.ts';
import { isMultipleOf } from './list.ts';
import type { ExtendedCommunity } from './path-attributes.ts';

/** Codec of the extended communities; types this speaker does not know are kept like any other. */
export const extendedCommunities: AttributeCodec<'extendedCommunities'> = {
  code: AttributeCode.extendedCommunities,
  name: 'EXTENDED_COMMUNITIES',
  key: 'extendedCommunities',
  flags: OPTIONAL_TRANSITIVE,
  malformed: 'treat-as-withdraw',
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length) => isMultipleOf(length, 8),
  decode(reader) {
    const values: ExtendedCommunity[] = [];
    while (reader.remaining >= 8) values.push({ high: reader.readUint32(), low: reader.readUint32() });
    return values;
  },
  encode(writer, values) {
    for (const { high, low } of values) {
      writer.writeUint32(high);
      writer.writeUint32(low);
    }
  },
};

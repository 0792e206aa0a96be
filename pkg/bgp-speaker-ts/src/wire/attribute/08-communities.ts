/** COMMUNITIES: a set of 32-bit tags. Source: RFC 1997; RFC 7606 §7.8. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, OPTIONAL_TRANSITIVE } from './codec.ts';
import { isMultipleOf, readUint32List } from './list.ts';

/** Codec of COMMUNITIES. */
export const communities: AttributeCodec<'communities'> = {
  code: AttributeCode.communities,
  name: 'COMMUNITIES',
  key: 'communities',
  flags: OPTIONAL_TRANSITIVE,
  malformed: 'treat-as-withdraw',
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length) => isMultipleOf(length, 4),
  decode: readUint32List,
  encode(writer, values) {
    for (const value of values) writer.writeUint32(value);
  },
};

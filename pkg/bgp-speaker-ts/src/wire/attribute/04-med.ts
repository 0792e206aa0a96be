/** MULTI_EXIT_DISC: the neighbour's preference among its own entries. Source: RFC 4271 §5.1.4; RFC 7606 §7.4. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, OPTIONAL_NON_TRANSITIVE } from './codec.ts';

/** Codec of MULTI_EXIT_DISC. */
export const med: AttributeCodec<'med'> = {
  code: AttributeCode.med,
  name: 'MULTI_EXIT_DISC',
  key: 'med',
  flags: OPTIONAL_NON_TRANSITIVE,
  malformed: 'treat-as-withdraw',
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length) => length === 4,
  decode: (reader) => reader.readUint32(),
  encode: (writer, value) => writer.writeUint32(value),
};

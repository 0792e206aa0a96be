/** Only to Customer: the AS from which a route may only go down. Source: RFC 9234 §5. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, OPTIONAL_TRANSITIVE } from './codec.ts';

/** Codec of Only to Customer. */
export const otc: AttributeCodec<'otc'> = {
  code: AttributeCode.otc,
  name: 'OTC',
  key: 'otc',
  flags: OPTIONAL_TRANSITIVE,
  malformed: 'treat-as-withdraw',
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length) => length === 4,
  decode: (reader) => reader.readUint32(),
  encode: (writer, value) => writer.writeUint32(value),
};

/** ORIGINATOR_ID: who brought the route into this AS. Source: RFC 4456 §8; RFC 7606 §7.9. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, OPTIONAL_NON_TRANSITIVE } from './codec.ts';

/** Codec of ORIGINATOR_ID. */
export const originatorId: AttributeCodec<'originatorId'> = {
  code: AttributeCode.originatorId,
  name: 'ORIGINATOR_ID',
  key: 'originatorId',
  flags: OPTIONAL_NON_TRANSITIVE,
  malformed: 'treat-as-withdraw',
  discardFromExternal: true,
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length) => length === 4,
  decode: (reader) => reader.readUint32(),
  encode: (writer, value) => writer.writeUint32(value),
};

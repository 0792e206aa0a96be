/** AS4_PATH: the real path beside an AS_PATH of two-octet numbers. Source: RFC 6793 §3, §6. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { decodeSegments, encodeSegments } from './02-as-path.ts';
import { type AttributeCodec, OPTIONAL_TRANSITIVE } from './codec.ts';

/** Codec of AS4_PATH. */
export const as4Path: AttributeCodec<'as4Path'> = {
  code: AttributeCode.as4Path,
  name: 'AS4_PATH',
  key: 'as4Path',
  flags: OPTIONAL_TRANSITIVE,
  malformed: 'attribute-discard',
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length) => length > 0,
  decode: (reader) => decodeSegments(reader, true),
  encode: (writer, value) => encodeSegments(writer, value, true),
};

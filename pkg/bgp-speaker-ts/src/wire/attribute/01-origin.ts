/** ORIGIN: how the route came into BGP. Source: RFC 4271 §5.1.1, §6.3; RFC 7606 §7.1. */

import { AttributeCode, Origin, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, WELL_KNOWN } from './codec.ts';
import type { OriginValue } from './path-attributes.ts';

/** Codec of ORIGIN. */
export const origin: AttributeCodec<'origin'> = {
  code: AttributeCode.origin,
  name: 'ORIGIN',
  key: 'origin',
  flags: WELL_KNOWN,
  malformed: 'treat-as-withdraw',
  valueSubcode: UpdateSubcode.invalidOrigin,
  isLength: (length) => length === 1,
  decode(reader) {
    const value = reader.readUint8();
    return value <= Origin.incomplete ? (value as OriginValue) : undefined;
  },
  encode: (writer, value) => writer.writeUint8(value),
};

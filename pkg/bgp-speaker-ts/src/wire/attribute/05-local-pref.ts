/** LOCAL_PREF: this AS's preference; it has no meaning from another AS. Source: RFC 4271 §5.1.5; RFC 7606 §7.5. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, WELL_KNOWN } from './codec.ts';

/** Codec of LOCAL_PREF. */
export const localPref: AttributeCodec<'localPref'> = {
  code: AttributeCode.localPref,
  name: 'LOCAL_PREF',
  key: 'localPref',
  flags: WELL_KNOWN,
  malformed: 'treat-as-withdraw',
  discardFromExternal: true,
  valueSubcode: UpdateSubcode.attributeLength,
  isLength: (length) => length === 4,
  decode: (reader) => reader.readUint32(),
  encode: (writer, value) => writer.writeUint32(value),
};

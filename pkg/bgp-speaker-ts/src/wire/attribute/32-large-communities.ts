/** LARGE_COMMUNITY: 96-bit tags that hold a four-octet AS number. Source: RFC 8092 §3, §6. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, OPTIONAL_TRANSITIVE } from './codec.ts';
import { isMultipleOf } from './list.ts';
import type { LargeCommunity } from './path-attributes.ts';

/** Codec of LARGE_COMMUNITY. */
export const largeCommunities: AttributeCodec<'largeCommunities'> = {
  code: AttributeCode.largeCommunities,
  name: 'LARGE_COMMUNITY',
  key: 'largeCommunities',
  flags: OPTIONAL_TRANSITIVE,
  malformed: 'treat-as-withdraw',
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length) => isMultipleOf(length, 12),
  decode(reader) {
    const values: LargeCommunity[] = [];
    while (reader.remaining >= 12) {
      values.push({
        globalAdministrator: reader.readUint32(),
        localData1: reader.readUint32(),
        localData2: reader.readUint32(),
      });
    }
    return values;
  },
  encode(writer, values) {
    for (const { globalAdministrator, localData1, localData2 } of values) {
      writer.writeUint32(globalAdministrator);
      writer.writeUint32(localData1);
      writer.writeUint32(localData2);
    }
  },
};

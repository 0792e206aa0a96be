/** CLUSTER_LIST: the clusters a reflected route has passed. Source: RFC 4456 §8; RFC 7606 §7.10. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, OPTIONAL_NON_TRANSITIVE } from './codec.ts';
import { isMultipleOf, readUint32List } from './list.ts';

/** Codec of CLUSTER_LIST. */
export const clusterList: AttributeCodec<'clusterList'> = {
  code: AttributeCode.clusterList,
  name: 'CLUSTER_LIST',
  key: 'clusterList',
  flags: OPTIONAL_NON_TRANSITIVE,
  malformed: 'treat-as-withdraw',
  discardFromExternal: true,
  valueSubcode: UpdateSubcode.optionalAttribute,
  isLength: (length) => isMultipleOf(length, 4),
  decode: readUint32List,
  encode(writer, values) {
    for (const value of values) writer.writeUint32(value);
  },
};

/** ATOMIC_AGGREGATE: ASes were left out of the path of an aggregate. Source: RFC 4271 §5.1.6; RFC 7606 §7.6. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, WELL_KNOWN } from './codec.ts';

/** Codec of ATOMIC_AGGREGATE, whose presence is all it says. */
export const atomicAggregate: AttributeCodec<'atomicAggregate'> = {
  code: AttributeCode.atomicAggregate,
  name: 'ATOMIC_AGGREGATE',
  key: 'atomicAggregate',
  flags: WELL_KNOWN,
  malformed: 'attribute-discard',
  valueSubcode: UpdateSubcode.attributeLength,
  isLength: (length) => length === 0,
  decode: () => true,
  encode: () => {},
};

/** NEXT_HOP: where packets for IPv4 routes go. Source: RFC 4271 §5.1.3, §6.3; RFC 7606 §7.3. */

import { AttributeCode, UpdateSubcode } from '../iana.ts';
import { type AttributeCodec, WELL_KNOWN } from './codec.ts';

/** From here on addresses are multicast or reserved, never of a host. */
const FIRST_MULTICAST = 0xe0000000;

/** Codec of NEXT_HOP; an address no host can have (0.0.0.0, 224.0.0.0 and above) is a wrong value. */
export const nextHop: AttributeCodec<'nextHop'> = {
  code: AttributeCode.nextHop,
  name: 'NEXT_HOP',
  key: 'nextHop',
  flags: WELL_KNOWN,
  malformed: 'treat-as-withdraw',
  valueSubcode: UpdateSubcode.invalidNextHop,
  isLength: (length) => length === 4,
  decode(reader) {
    const address = reader.readUint32();
    return address === 0 || address >= FIRST_MULTICAST ? undefined : address;
  },
  encode: (writer, value) => writer.writeUint32(value),
};

/** Multiprotocol Extensions: RFC 4760 §8. AFI, a reserved octet, SAFI. */

import { CapabilityCode } from '../iana.ts';
import type { MultiprotocolCapability } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

/** Codec of the multiprotocol capability. */
export const multiprotocol: CapabilityCodec<MultiprotocolCapability> = {
  code: CapabilityCode.multiprotocol,
  decode(reader) {
    const afi = reader.readUint16();
    reader.readUint8();
    return { kind: 'multiprotocol', afi, safi: reader.readUint8() };
  },
  encode(writer, { afi, safi }) {
    writer.writeUint16(afi);
    writer.writeUint8(0);
    writer.writeUint8(safi);
  },
};

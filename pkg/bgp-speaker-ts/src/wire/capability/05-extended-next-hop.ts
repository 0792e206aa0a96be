/** Extended Next Hop Encoding: RFC 8950 §4. Entries of NLRI AFI, NLRI SAFI (two octets) and next hop AFI. */

import { CapabilityCode } from '../iana.ts';
import type { ExtendedNextHopCapability, ExtendedNextHopEntry } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

/** Codec of the extended next hop capability. */
export const extendedNextHop: CapabilityCodec<ExtendedNextHopCapability> = {
  code: CapabilityCode.extendedNextHop,
  decode(reader) {
    const entries: ExtendedNextHopEntry[] = [];
    while (reader.remaining > 0 && !reader.failed) {
      entries.push({
        afi: reader.readUint16(),
        safi: reader.readUint16(),
        nextHopAfi: reader.readUint16(),
      });
    }
    return { kind: 'extended-next-hop', entries };
  },
  encode(writer, { entries }) {
    for (const entry of entries) {
      writer.writeUint16(entry.afi);
      writer.writeUint16(entry.safi);
      writer.writeUint16(entry.nextHopAfi);
    }
  },
};

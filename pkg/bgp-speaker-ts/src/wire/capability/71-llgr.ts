/** Long-Lived Graceful Restart: RFC 9494 §3. Entries of AFI, SAFI, flags (F) and a 24-bit stale time. */

import { CapabilityCode } from '../iana.ts';
import type { LongLivedFamily, LongLivedGracefulRestartCapability } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

const FORWARDING = 0x80;

/** Codec of the long-lived graceful restart capability. */
export const longLivedGracefulRestart: CapabilityCodec<LongLivedGracefulRestartCapability> = {
  code: CapabilityCode.longLivedGracefulRestart,
  decode(reader) {
    const families: LongLivedFamily[] = [];
    while (reader.remaining > 0 && !reader.failed) {
      const afi = reader.readUint16();
      const safi = reader.readUint8();
      const forwarding = (reader.readUint8() & FORWARDING) !== 0;
      families.push({ afi, safi, forwarding, staleTimeSeconds: reader.readUint24() });
    }
    return { kind: 'long-lived-graceful-restart', families };
  },
  encode(writer, { families }) {
    for (const { afi, safi, forwarding, staleTimeSeconds } of families) {
      writer.writeUint16(afi);
      writer.writeUint8(safi);
      writer.writeUint8(forwarding ? FORWARDING : 0);
      writer.writeUint24(staleTimeSeconds);
    }
  },
};

/**
 * Graceful Restart: RFC 4724 §3, with the N bit of RFC 8538 §2.
 *
 *     R │ N │ 2 reserved │ restart time, 12 bits │ { AFI │ SAFI │ F, 7 reserved } …
 */

import { CapabilityCode } from '../iana.ts';
import type { GracefulRestartCapability, GracefulRestartFamily } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

const RESTARTING = 0x8000;
const NOTIFICATION = 0x4000;
const TIME_MASK = 0x0fff;
const FORWARDING = 0x80;

/** Codec of the graceful restart capability. */
export const gracefulRestart: CapabilityCodec<GracefulRestartCapability> = {
  code: CapabilityCode.gracefulRestart,
  decode(reader) {
    const word = reader.readUint16();
    const families: GracefulRestartFamily[] = [];
    while (reader.remaining > 0 && !reader.failed) {
      const afi = reader.readUint16();
      const safi = reader.readUint8();
      families.push({ afi, safi, forwarding: (reader.readUint8() & FORWARDING) !== 0 });
    }
    return {
      kind: 'graceful-restart',
      restarting: (word & RESTARTING) !== 0,
      notification: (word & NOTIFICATION) !== 0,
      restartTimeSeconds: word & TIME_MASK,
      families,
    };
  },
  encode(writer, capability) {
    const flags = (capability.restarting ? RESTARTING : 0) | (capability.notification ? NOTIFICATION : 0);
    writer.writeUint16(flags | (capability.restartTimeSeconds & TIME_MASK));
    for (const { afi, safi, forwarding } of capability.families) {
      writer.writeUint16(afi);
      writer.writeUint8(safi);
      writer.writeUint8(forwarding ? FORWARDING : 0);
    }
  },
};

/**
 * ADD-PATH: RFC 7911 §4. Entries of AFI, SAFI and the direction: 1 receive, 2 send, 3 both.
 *
 * An entry with another direction is to be ignored, so it is not kept.
 */

import { CapabilityCode } from '../iana.ts';
import type { AddPathCapability, AddPathFamily } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

const RECEIVE = 1;
const SEND = 2;
const BOTH = 3;

/** Codec of the ADD-PATH capability. */
export const addPath: CapabilityCodec<AddPathCapability> = {
  code: CapabilityCode.addPath,
  decode(reader) {
    const families: AddPathFamily[] = [];
    while (reader.remaining > 0 && !reader.failed) {
      const afi = reader.readUint16();
      const safi = reader.readUint8();
      const mode = reader.readUint8();
      if (mode >= RECEIVE && mode <= BOTH) {
        families.push({ afi, safi, receive: (mode & RECEIVE) !== 0, send: (mode & SEND) !== 0 });
      }
    }
    return { kind: 'add-path', families };
  },
  encode(writer, { families }) {
    for (const { afi, safi, receive, send } of families) {
      writer.writeUint16(afi);
      writer.writeUint8(safi);
      writer.writeUint8((receive ? RECEIVE : 0) | (send ? SEND : 0));
    }
  },
};

/** Support for four-octet AS numbers: RFC 6793 §3. The value is the sender's AS number. */

import { CapabilityCode } from '../iana.ts';
import type { FourOctetAsCapability } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

/** Codec of the four-octet AS number capability. */
export const fourOctetAs: CapabilityCodec<FourOctetAsCapability> = {
  code: CapabilityCode.fourOctetAs,
  decode: (reader) => ({ kind: 'four-octet-as', asn: reader.readUint32() }),
  encode: (writer, { asn }) => writer.writeUint32(asn),
};

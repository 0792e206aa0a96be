/** BGP Extended Message: RFC 8654 §3. Its value is empty. */

import { CapabilityCode } from '../iana.ts';
import type { ExtendedMessageCapability } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

/** Codec of the extended-message capability. */
export const extendedMessage: CapabilityCodec<ExtendedMessageCapability> = {
  code: CapabilityCode.extendedMessage,
  decode: () => ({ kind: 'extended-message' }),
  encode: () => {},
};

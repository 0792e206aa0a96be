/** Enhanced Route Refresh: RFC 7313 §3.1. Its value is empty. */

import { CapabilityCode } from '../iana.ts';
import type { EnhancedRouteRefreshCapability } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

/** Codec of the enhanced-route-refresh capability. */
export const enhancedRouteRefresh: CapabilityCodec<EnhancedRouteRefreshCapability> = {
  code: CapabilityCode.enhancedRouteRefresh,
  decode: () => ({ kind: 'enhanced-route-refresh' }),
  encode: () => {},
};

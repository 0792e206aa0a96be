/** Route Refresh: RFC 2918 §2. Its value is empty. */

import { CapabilityCode } from '../iana.ts';
import type { RouteRefreshCapability } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

/** Codec of the route-refresh capability. */
export const routeRefresh: CapabilityCodec<RouteRefreshCapability> = {
  code: CapabilityCode.routeRefresh,
  decode: () => ({ kind: 'route-refresh' }),
  encode: () => {},
};

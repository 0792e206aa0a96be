/**
 * The public API of @weft/endpoint: one workload's plumbing.
 */
export type { EndpointFailure, EndpointFailureKind } from './failure.ts';
export { type ExpectedEndpoint, inspectEndpoint } from './inspect.ts';
export {
  GATEWAY_IPV4,
  GATEWAY_IPV6,
  HOST_INTERFACE_PREFIX,
  HOST_SIDE_MAC,
  hostInterfaceName,
  type Workload,
} from './names.ts';
export { type EndpointState, planEndpoint, planPair, type Step } from './plan.ts';
export { type PluggedEndpoint, plugEndpoint, type UnpluggedEndpoint, unplugEndpoint } from './plug.ts';
export { type EndpointSpec, HOST_ROUTE_METRIC, type HostRouting, hostRoutesOf } from './spec.ts';

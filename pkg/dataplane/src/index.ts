/**
 * The public API of @weft/dataplane: desired routes against the kernel's.
 */
export {
  Dataplane,
  type DataplaneOptions,
  type DataplaneSettings,
  type DataplaneStatus,
  DEFAULT_DATAPLANE_SETTINGS,
  type FailedRoute,
} from './dataplane.ts';
export { FactsWatcher, type FactsWatcherOptions } from './facts-watcher.ts';
export type { ListedNextHop, RouteListing, RouteState } from './listing.ts';
export { type NatEvent, NatTable, type NatTableOptions } from './nat/nat-table.ts';
export { type FlowEvent, StaleFlows, type StaleFlowsOptions } from './nat/stale-flows.ts';
export { isWorkloadInterface, readFacts } from './read-facts.ts';
export type { DataplaneEvent, ResyncCause, RoutesWritten } from './report.ts';
export type { Failure } from './retries.ts';
export type { RouteCounts } from './route-table.ts';
export { type Scheduler, systemScheduler } from './scheduler.ts';
export {
  applyHostSysctls,
  type HostSysctl,
  hostSysctls,
  type SysctlFailure,
  type SysctlOutcome,
  type SysctlWrite,
} from './sysctls.ts';
export {
  TunnelDevices,
  type TunnelDevicesOptions,
  type TunnelEvent,
  type TunnelStatus,
} from './tunnels/tunnel-devices.ts';
export { vtepMac } from './tunnels/vtep-mac.ts';
export {
  type WorkloadAddressEvent,
  WorkloadAddresses,
  type WorkloadAddressesOptions,
} from './workload-addresses.ts';

/**
 * The public API of @weft/kernel: the only door to Linux.
 */
export { KernelError } from './errno.ts';
export type { FakeFailure, FakeOperation } from './fake/failures.ts';
export { FakeKernel } from './fake/fake-kernel.ts';
export { type FileLock, lockFile } from './file-lock.ts';
export type {
  Change,
  ChangeResult,
  Flow,
  FlowDirection,
  FlowFilter,
  ForwardingEntry,
  InterfaceAddress,
  InterfaceIndex,
  Kernel,
  KernelEvent,
  Link,
  Neighbour,
  NextHop,
  OpenedNetns,
  Refusal,
  Route,
  RouteFilter,
  RouteType,
  VethEnd,
  VxlanDevice,
} from './kernel.ts';
export { openKernel } from './linux-kernel.ts';
export { createNetns, deleteNetns, listNetns, netnsPath } from './namespaces.ts';
export { netnsOfPid, type Outcome, withNetns } from './netns.ts';
export { type PeerCredentials, peerCredentials } from './peer-credentials.ts';
export { MAIN_TABLE, normalizeRoute, routeKey, routeSatisfies, WEFT_ROUTE_PROTOCOL } from './route.ts';
export {
  openRouterDiscovery,
  type RouterDiscovery,
  type RouterListener,
  type RouterMessageKind,
} from './router-discovery.ts';
export { type Unlocked, unlockNetworkSysctls } from './sysctl.ts';

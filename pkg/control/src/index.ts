/** The daemon's local HTTP API: schema, server and client, shared so that both sides mean the same. */
export { configure as boundConnections, HTTP_OPTIONS, type RequestRecord } from './answering.ts';
export type { AskerIdentity } from './asker.ts';
export type { Answer, ControlBackend } from './backend.ts';
export { ControlClient, type ControlPlace, everyItem, type RawAnswer, type RemoteDaemon } from './client.ts';
export { ControlError, type ControlErrorCode } from './error.ts';
export { Listing } from './listing.ts';
export { PATHS } from './paths.ts';
export {
  CONTROL_ADDRESS_ANNOTATION,
  type ControlAddress,
  printControlAddress,
  readControlAddress,
} from './remote/control-address.ts';
export type { RemoteOptions } from './remote/remote-server.ts';
export type { TlsFiles } from './remote/tls-files.ts';
export type { AddressHold, AddressRelease, AddressRequest } from './schema/addresses.ts';
export {
  BGP_PEER_TYPES,
  BGP_STATES,
  type BgpPeer,
  type BgpPeerCounters,
  type BgpPeers,
  type BgpPeerType,
  type BgpState,
  type RibPath,
  type RibRoute,
} from './schema/bgp.ts';
export type { BlockStatus } from './schema/blocks.ts';
export { type CniAnswer, MAX_CNI_CALL_BYTES } from './schema/cni.ts';
export type { DrainStatus, Stopping, StopRequest } from './schema/drain.ts';
export type {
  Attachment,
  AttachPort,
  AttachRequest,
  AttachTiming,
  Detachment,
  Endpoint,
} from './schema/endpoints.ts';
export { attachRequestSchema, endpointIdSchema } from './schema/endpoints.ts';
export type {
  ExplainedAffinity,
  ExplainedAnnouncement,
  ExplainedEndpoint,
  ExplainedExport,
  ExplainedLoss,
  ExplainedNextHop,
  ExplainedPath,
  ExplainedPool,
  ExplainedPrefix,
  ExplainedSession,
  ExplainedSource,
  ExplainedUnencapsulated,
  ExplainQuery,
  KernelLookup,
  KernelRoute,
  NodeExplanation,
} from './schema/explain.ts';
export type {
  ExplainPeerQuery,
  PeerExplanation,
  PeerFamilyCounts,
  PeerSession,
} from './schema/explain-peer.ts';
export {
  FUSE_TABLES,
  type FuseDecided,
  type FuseDecision,
  type FuseStatus,
  type FuseTable,
  type HeldRoutes,
} from './schema/fuse.ts';
export type {
  AddressHistory,
  HistoryAuthor,
  HistoryEntry,
  HistoryQuery,
  HistoryWorkload,
} from './schema/history.ts';
export { cutPage, MAX_PAGE_ITEMS, type Page, type PageQuery } from './schema/page.ts';
export type { PoolStatus } from './schema/pools.ts';
export type {
  NodeChange,
  NodeChanges,
  NodeChangesQuery,
  RouteEvent,
  RouteHistory,
  RouteHistoryQuery,
} from './schema/record.ts';
export { isRefusal, REFUSAL_STATUS, type Refusal, type RefusalCode, refuse } from './schema/refusal.ts';
export {
  ROUTE_STATES,
  type RouteNextHop,
  type RouteState,
  type RouteStatus,
} from './schema/routes.ts';
export type { DaemonStatus, DatastoreStatus, Health, NodeAddress } from './schema/status.ts';
export type {
  ControlServer,
  ControlServerOptions,
  MonitoringOptions,
  MonitoringServer,
  SocketPeer,
} from './server.ts';
export { startControlServer, startMonitoringServer } from './server.ts';
export { claimSocketPath, DEFAULT_SOCKET_PATH, MAX_SOCKET_PATH_BYTES } from './socket-path.ts';

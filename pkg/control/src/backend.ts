/** What the server asks of the daemon. weftd implements it; tests implement it in memory. */
import type { AddressHold, AddressRelease, AddressRequest } from './schema/addresses.ts';
import type { BgpPeers, RibRoute } from './schema/bgp.ts';
import type { BlockStatus } from './schema/blocks.ts';
import type { CniAnswer } from './schema/cni.ts';
import type { DrainStatus, Stopping, StopRequest } from './schema/drain.ts';
import type { Attachment, AttachRequest, Detachment, Endpoint } from './schema/endpoints.ts';
import type { ExplainQuery, NodeExplanation } from './schema/explain.ts';
import type { ExplainPeerQuery, PeerExplanation } from './schema/explain-peer.ts';
import type { FuseDecided, FuseDecision, FuseStatus, FuseTable } from './schema/fuse.ts';
import type { AddressHistory, HistoryQuery } from './schema/history.ts';
import type { Page, PageQuery } from './schema/page.ts';
import type { PoolStatus } from './schema/pools.ts';
import type { NodeChanges, NodeChangesQuery, RouteHistory, RouteHistoryQuery } from './schema/record.ts';
import type { Refusal } from './schema/refusal.ts';
import type { RouteStatus } from './schema/routes.ts';
import type { DaemonStatus, Health } from './schema/status.ts';

/** A success, or the reason why not. What throws instead is answered with `internal` and reported to `onRequest`. */
export type Answer<Success> = Success | Refusal | Promise<Success | Refusal>;

/**
 * One method per operation. Requests are checked against their schema before they get here. Calls may overlap, and
 * a client that gives up does not end its call: whatever changes something must be safe to repeat.
 */
export interface ControlBackend {
  status(): Answer<DaemonStatus>;
  liveness(): Health;
  readiness(): Health;
  /** Text exposition 0.0.4. */
  metrics(): string;
  bgpPeers(): Answer<BgpPeers>;
  rib(query: PageQuery): Answer<Page<RibRoute>>;
  routes(query: PageQuery): Answer<Page<RouteStatus>>;
  endpoints(query: PageQuery): Answer<Page<Endpoint>>;
  /** One endpoint, or `not-found`. */
  endpoint(id: string): Answer<Endpoint>;
  pools(query: PageQuery): Answer<Page<PoolStatus>>;
  /** What the record of this node knows of a prefix or an address. */
  history(query: RouteHistoryQuery): Answer<RouteHistory>;
  /** What differs between two times. */
  changes(query: NodeChangesQuery): Answer<NodeChanges>;
  /** Of all nodes. */
  blocks(query: PageQuery): Answer<Page<BlockStatus>>;
  /** What this machine's journal knows of an address. */
  ipamHistory(query: HistoryQuery): Answer<AddressHistory>;
  /** What this node knows of a destination. */
  explain(query: ExplainQuery): Answer<NodeExplanation>;
  /** What it knows of its session with a peer. */
  explainPeer(query: ExplainPeerQuery): Answer<PeerExplanation>;
  attachEndpoint(id: string, request: AttachRequest): Answer<Attachment>;
  detachEndpoint(id: string): Answer<Detachment>;
  /** Holds an address for a container that comes later: an attach with `heldAddresses` takes it over. */
  holdAddress(id: string, request: AddressRequest): Answer<AddressHold>;
  /** Gives a held address back; `conflict` while an endpoint has it. */
  releaseAddress(address: string): Answer<AddressRelease>;
  /** Mass withdrawals that are held. */
  fuse(): Answer<FuseStatus>;
  /** Ends one, or keeps its routes; `not-found` when nothing is held. */
  decideFuse(table: FuseTable, decision: FuseDecision): Answer<FuseDecided>;
  /** How far the draining of this node has come. */
  drainStatus(): Answer<DrainStatus>;
  /** Begins to drain, or goes on. */
  drain(): Answer<DrainStatus>;
  /** Back into service. */
  undrain(): Answer<DrainStatus>;
  /** Ends the daemon; `conflict` while the node is in service. */
  stop(request: StopRequest): Answer<Stopping>;
  /** Does what the CNI plugin was called for. Failures are answers here: it never throws. */
  cni(call: Uint8Array): Promise<CniAnswer>;
}

/**
 * What the control API answers, put together from the rooms. Nothing is decided here.
 */
import type { SessionDecision } from '@weft/calc';
import {
  type BlockStatus,
  type ControlBackend,
  cutPage,
  type DaemonStatus,
  type Health,
  Listing,
  type NodeAddress,
  type Page,
  type PageQuery,
  type PoolStatus,
  type Refusal,
  type RouteStatus,
} from '@weft/control';
import type { Dataplane } from '@weft/dataplane';
import type { Datastore } from '@weft/datastore';
import { address } from '@weft/ip';
import type { Bgp } from './bgp/bgp.ts';
import { bgpPeers, ribPages } from './bgp/bgp-answers.ts';
import { BlockList } from './blocks.ts';
import type { CniPlugin } from './cni/plugin.ts';
import type { Draining } from './draining/draining.ts';
import type { Attaching } from './endpoints/attaching.ts';
import type { Attachments } from './endpoints/attachments.ts';
import { poolStatuses } from './endpoints/pool-status.ts';
import { explainOnNode } from './explain/node.ts';
import { explainPeer } from './explain/peer.ts';
import type { NodeSources } from './explain/sources.ts';
import type { Fuses } from './fuse/fuses.ts';
import type { BatchedJournal } from './journal.ts';
import type { Metrics } from './monitoring/metrics.ts';
import type { Options } from './options.ts';
import type { RecordAnswers } from './recording/record-answers.ts';
import type { State } from './state.ts';
import { locationOf } from './store/location.ts';
import type { Unreadable } from './store/unreadable.ts';
import { version } from './version.ts';

/** The rooms that are asked. */
export interface BackendSources {
  readonly options: Options;
  readonly state: State;
  readonly dataplane: Dataplane;
  readonly store: Datastore;
  readonly fuses: Fuses;
  readonly draining: Draining;
  readonly attachments: Attachments;
  readonly metrics: Metrics;
  readonly journal: BatchedJournal;
  readonly bgp: () => Bgp | undefined;
  readonly sessions: () => readonly SessionDecision[];
  readonly readiness: () => Health;
  /** The addresses of this node, and why those. */
  readonly addresses: () => readonly NodeAddress[];
  readonly attaching: Attaching;
  readonly cni: CniPlugin;
  readonly recorded: RecordAnswers;
  /** Objects that weftd goes on without. */
  readonly unreadable: Unreadable;
  /** Who says why a route is (not) there. */
  readonly explaining: NodeSources;
}

/** When this process started, RFC 3339. */
export const since: string = new Date().toISOString();

/** The backend of one daemon. */
export function controlBackend(sources: BackendSources): ControlBackend {
  const { attachments, attaching, bgp, cni, dataplane, draining, fuses, metrics, readiness } = sources;
  const blocks = new BlockList(sources.store);
  const routes = new Listing(() => routeStatuses(dataplane), routeKey);
  return {
    status: () => daemonStatus(sources),
    liveness: () => ({ ok: true, reasons: [] }),
    readiness,
    metrics: () => metrics.render(),
    bgpPeers: () => bgpPeers(bgp(), sources.sessions(), since),
    rib: ribPages(bgp),
    routes: (query) => routes.page(query),
    endpoint: (id) => attachments.endpoint(id),
    pools: (query) => poolPage(sources, query),
    blocks: (query) => blockPage(sources, blocks, query),
    endpoints: (query) => cutPage(attachments.list(), ({ id }) => id, query),
    history: (query) => sources.recorded.history(query),
    changes: (query) => sources.recorded.changes(query),
    ipamHistory: ({ address: text }) => sources.journal.history(sources.options.nodeName, address(text)),
    explain: ({ prefix }) => explainOnNode(sources.explaining, prefix),
    explainPeer: ({ address: text }) => explainPeer(sources.explaining, text, noBgpReason(sources)),
    attachEndpoint: (id, request) => attaching.attach(id, request),
    detachEndpoint: (id) => attaching.detach(id),
    cni: (call) => cni.answer(call),
    drainStatus: () => draining.status(),
    drain: () => draining.begin(),
    undrain: () => draining.undo(),
    stop: (request) => draining.stop(request),
    fuse: () => fuses.status(),
    decideFuse: (table, decision) => fuses.decide(table, decision),
    holdAddress: (id, request) => attaching.onStore(id, () => attachments.held.hold(id, request)),
    releaseAddress: (text) => attaching.onStore(text, () => attachments.held.release(address(text))),
  };
}

function daemonStatus({ addresses, options, readiness, state, unreadable }: BackendSources): DaemonStatus {
  const detail = state.trouble ?? unreadable.describe();
  return {
    node: options.nodeName,
    role: 'node',
    version,
    pid: process.pid,
    since,
    addresses: addresses(),
    workloadInterfacePrefixes: state.felix().settings.interfacePrefixes,
    datastore: {
      ...locationOf(options.datastore),
      inSync: state.isCurrent,
      ...(detail === undefined ? {} : { detail }),
    },
    readiness: readiness(),
  };
}

function noBgpReason({ explaining }: BackendSources): string | undefined {
  const speaker = explaining.desired()?.speaker;
  return speaker?.kind === 'no-bgp' ? speaker.reason : undefined;
}

/** The routes as the control API shows them, in no order. */
export function routeStatuses(dataplane: Dataplane): RouteStatus[] {
  return dataplane.routes().map(({ destination, ...route }) => ({ prefix: destination, ...route }));
}

function routeKey({ class: kind = '', metric, prefix }: RouteStatus): string {
  return `${prefix} ${metric} ${kind}`;
}

/** Whether the datastore answers is an answer. */
async function blockPage(
  { attaching, state }: BackendSources,
  blocks: BlockList,
  query: PageQuery,
): Promise<Page<BlockStatus> | Refusal> {
  return attaching.onStore('the blocks', async () =>
    cutPage(await blocks.sorted(state.all('IPPool')), ({ cidr }) => cidr, query),
  );
}

function poolPage({ options, state }: BackendSources, query: PageQuery): Page<PoolStatus> {
  const node = state.mirror.objects('Node').get(options.nodeName);
  const pools = poolStatuses(state.all('IPPool'), options.nodeName, node);
  return cutPage(pools, ({ name }) => name, query);
}

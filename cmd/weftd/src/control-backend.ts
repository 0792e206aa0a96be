/**
 * What the control API answers, put together from the rooms. Nothing is decided here.
 */
import type { SessionDecision } from '@weft/calc';
import {
  type ControlBackend,
  cutPage,
  type DaemonStatus,
  type Health,
  type Page,
  type PageQuery,
  type Refusal,
  type RouteStatus,
} from '@weft/control';
import type { Dataplane } from '@weft/dataplane';
import { address } from '@weft/ip';
import type { Attachments } from './attachments.ts';
import type { Bgp } from './bgp.ts';
import { bgpPeers, ribPage } from './bgp-answers.ts';
import type { BatchedJournal } from './journal.ts';
import type { Metrics } from './metrics.ts';
import type { Options } from './options.ts';
import type { State } from './state.ts';
import { locationOf } from './store/location.ts';
import { refusalOf } from './store/refusal-of.ts';
import { version } from './version.ts';

/** The rooms that are asked. */
export interface BackendSources {
  readonly options: Options;
  readonly state: State;
  readonly dataplane: Dataplane;
  readonly attachments: Attachments;
  readonly metrics: Metrics;
  readonly journal: BatchedJournal;
  readonly bgp: () => Bgp | undefined;
  readonly sessions: () => readonly SessionDecision[];
  readonly readiness: () => Health;
  /** Why nothing can be attached or detached just now; undefined when it can. */
  readonly whyNotNow: (id: string) => Refusal | undefined;
}

const since = new Date().toISOString();

/** The backend of one daemon. */
export function controlBackend(sources: BackendSources): ControlBackend {
  const { attachments, bgp, dataplane, metrics, readiness } = sources;
  return {
    status: () => daemonStatus(sources),
    liveness: () => ({ ok: true, reasons: [] }),
    readiness,
    metrics: () => metrics.render(),
    bgpPeers: () => bgpPeers(bgp(), sources.sessions(), since),
    rib: (query) => ribPage(bgp(), query),
    routes: (query) => routePage(dataplane, query),
    endpoints: (query) => cutPage(attachments.list(), ({ id }) => id, query),
    ipamHistory: ({ address: text }) => sources.journal.history(sources.options.nodeName, address(text)),
    attachEndpoint: (id, request) =>
      measured(
        () => onStore(sources, id, () => attachments.attach(id, request)),
        (outcome, seconds) => metrics.attached(outcome, seconds),
      ),
    detachEndpoint: (id) =>
      measured(
        () => onStore(sources, id, () => attachments.detach(id)),
        (outcome, seconds) => metrics.detached(outcome, seconds),
      ),
  };
}

function daemonStatus({ options, readiness, state }: BackendSources): DaemonStatus {
  const detail = state.health.describe();
  return {
    node: options.nodeName,
    role: 'node',
    version,
    pid: process.pid,
    since,
    datastore: {
      ...locationOf(options.datastore),
      inSync: state.isCurrent,
      ...(detail === undefined ? {} : { detail }),
    },
    readiness: readiness(),
  };
}

function routePage(dataplane: Dataplane, query: PageQuery): Page<RouteStatus> {
  const routes = dataplane.routes().map(({ destination, ...route }) => ({ prefix: destination, ...route }));
  const key = (route: (typeof routes)[number]): string =>
    `${route.prefix} ${route.metric} ${route.class ?? ''}`;
  return cutPage(
    routes.sort((left, right) => (key(left) < key(right) ? -1 : 1)),
    key,
    query,
  );
}

/** Runs what needs the datastore; that it is away is an answer, not a mistake of the daemon. */
async function onStore<T extends object>(
  { options, whyNotNow }: BackendSources,
  id: string,
  operation: () => Promise<T | Refusal>,
): Promise<T | Refusal> {
  const refusal = whyNotNow(id);
  if (refusal !== undefined) return refusal;
  try {
    return await operation();
  } catch (error) {
    const refused = refusalOf(error, locationOf(options.datastore), id);
    if (refused === undefined) throw error;
    return refused;
  }
}

async function measured<T extends { readonly kind: string }>(
  operation: () => Promise<T>,
  observe: (outcome: string, seconds: number) => void,
): Promise<T> {
  const start = performance.now();
  let outcome = 'failed';
  try {
    const answer = await operation();
    outcome = answer.kind;
    return answer;
  } finally {
    observe(outcome, (performance.now() - start) / 1000);
  }
}

/**
 * What the control API answers, put together from the rooms. Nothing is decided here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionDecision } from '@weft/calc';
import {
  type ControlBackend,
  cutPage,
  type DaemonStatus,
  type Endpoint,
  type Health,
  type NodeAddress,
  type Page,
  type PageQuery,
  type PoolStatus,
  type Refusal,
  type RouteStatus,
  refuse,
} from '@weft/control';
import type { Dataplane } from '@weft/dataplane';
import type { Datastore } from '@weft/datastore';
import { address } from '@weft/ip';
import type { Logger } from '@weft/telemetry';
import type { Attachments } from './attachments.ts';
import type { Bgp } from './bgp.ts';
import { bgpPeers, ribPage } from './bgp-answers.ts';
import type { CniHost } from './cni/cni-host.ts';
import { CniPlugin } from './cni/plugin.ts';
import type { BatchedJournal } from './journal.ts';
import type { Metrics } from './metrics.ts';
import type { Options } from './options.ts';
import { poolStatuses } from './pool-status.ts';
import type { State } from './state.ts';
import { locationOf } from './store/location.ts';
import { refusalOf } from './store/refusal-of.ts';
import { version } from './version.ts';

/** The rooms that are asked. */
export interface BackendSources {
  readonly options: Options;
  readonly log: Logger;
  readonly state: State;
  readonly store: Datastore;
  readonly dataplane: Dataplane;
  readonly attachments: Attachments;
  readonly metrics: Metrics;
  readonly journal: BatchedJournal;
  readonly bgp: () => Bgp | undefined;
  readonly sessions: () => readonly SessionDecision[];
  readonly readiness: () => Health;
  /** The addresses of this node, and why those. */
  readonly addresses: () => readonly NodeAddress[];
  /** Why nothing can be attached or detached just now; undefined when it can. */
  readonly whyNotNow: (id: string) => Refusal | undefined;
}

/** What is not done by then is answered; less than the control server allows. */
const NO_ANSWER_MS = 25_000;

/** How long a store that is away may take to say that it is back, in ms. */
const STILL_AWAY_MS = 2_000;

/** When this process started, RFC 3339. */
export const since: string = new Date().toISOString();

/** The backend of one daemon. */
export function controlBackend(sources: BackendSources): ControlBackend {
  const { attachments, bgp, dataplane, metrics, readiness } = sources;
  const attach: CniHost['attach'] = (id, request) =>
    measured(
      () => onStore(sources, id, () => attachments.attach(id, request)),
      (outcome, seconds) => metrics.attached(outcome, seconds),
    );
  const detach: CniHost['detach'] = (id) =>
    measured(
      () => onStore(sources, id, () => attachments.detach(id)),
      (outcome, seconds) => metrics.detached(outcome, seconds),
    );
  const endpoints = (): Endpoint[] => attachments.list();
  const cni = new CniPlugin({ log: sources.log, attach, detach, endpoints, readiness });
  return {
    status: () => daemonStatus(sources),
    liveness: () => ({ ok: true, reasons: [] }),
    readiness,
    metrics: () => metrics.render(),
    bgpPeers: () => bgpPeers(bgp(), sources.sessions(), since),
    rib: (query) => ribPage(bgp(), query),
    routes: (query) => routePage(dataplane, query),
    endpoint: (id) => attachments.endpoint(id),
    pools: (query) => poolPage(sources, query),
    endpoints: (query) => cutPage(attachments.list(), ({ id }) => id, query),
    ipamHistory: ({ address: text }) => sources.journal.history(sources.options.nodeName, address(text)),
    attachEndpoint: attach,
    detachEndpoint: detach,
    cni: (call) => cni.answer(call),
    holdAddress: (id, request) => onStore(sources, id, () => attachments.held.hold(id, request)),
    releaseAddress: (text) => onStore(sources, text, () => attachments.held.release(address(text))),
  };
}

function daemonStatus({ addresses, options, readiness, state }: BackendSources): DaemonStatus {
  const detail = state.health.describe();
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

/** The routes as the control API shows them, in no order. */
export function routeStatuses(dataplane: Dataplane): RouteStatus[] {
  return dataplane.routes().map(({ destination, ...route }) => ({ prefix: destination, ...route }));
}

function routePage(dataplane: Dataplane, query: PageQuery): Page<RouteStatus> {
  const routes = routeStatuses(dataplane);
  const key = (route: (typeof routes)[number]): string =>
    `${route.prefix} ${route.metric} ${route.class ?? ''}`;
  return cutPage(
    routes.sort((left, right) => (key(left) < key(right) ? -1 : 1)),
    key,
    query,
  );
}

function poolPage({ options, state }: BackendSources, query: PageQuery): Page<PoolStatus> {
  const node = state.mirror.objects('Node').get(options.nodeName);
  const pools = poolStatuses(state.all('IPPool'), options.nodeName, node);
  return cutPage(pools, ({ name }) => name, query);
}

/** Runs what needs the datastore; that it is away is an answer, not a mistake of the daemon. */
async function onStore<T extends object>(
  sources: BackendSources,
  id: string,
  operation: () => Promise<T | Refusal>,
): Promise<T | Refusal> {
  const { options, whyNotNow } = sources;
  const refusal = whyNotNow(id) ?? (await whyStillAway(sources, id));
  if (refusal !== undefined) return refusal;
  try {
    return await Promise.race([operation(), noAnswer(options, id)]);
  } catch (error) {
    const refused = refusalOf(error, locationOf(options.datastore), id);
    if (refused === undefined) throw error;
    return refused;
  }
}

/** A driver may wait for its servers longer than whoever asked; then that one is told which store it is. */
function noAnswer({ datastore }: Options, id: string): Promise<Refusal> {
  const { type, location } = locationOf(datastore);
  const seconds = NO_ANSWER_MS / 1000;
  const message = `the datastore (${type} ${location}) has not answered within ${seconds} s; the work goes on in the daemon`;
  const refusal = refuse('unavailable', message, id, 'Ask again: repeating it is safe.');
  return sleep(NO_ANSWER_MS, refusal, { ref: false });
}

/**
 * A store that is known to be away is asked once, for a moment: a driver waits much longer for a server to come back, and
 * nothing that was refused may go on behind the answer.
 */
async function whyStillAway(
  { options, state, store }: BackendSources,
  id: string,
): Promise<Refusal | undefined> {
  const away = state.health.away;
  if (away === undefined) return undefined;
  const asked = store.get({ kind: 'Node', name: options.nodeName }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const failure = await Promise.race([asked, sleep(STILL_AWAY_MS, away.error, { ref: false })]);
  return failure === undefined ? undefined : refusalOf(failure, locationOf(options.datastore), id);
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

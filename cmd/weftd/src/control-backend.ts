/**
 * What the control API answers, put together from the rooms. Nothing is decided here.
 */
import type { SessionDecision } from '@weft/calc';
import { type BgpPeer, type ControlBackend, cutPage, type Health, type RibRoute } from '@weft/control';
import type { Dataplane } from '@weft/dataplane';
import type { Explanation, LocRibChange, PeerStatus } from 'bgp-speaker-ts';
import type { Attachments } from './attachments.ts';
import type { Bgp } from './bgp.ts';
import type { Metrics } from './metrics.ts';
import type { Options } from './options.ts';
import type { State } from './state.ts';
import { version } from './version.ts';

/** The rooms that are asked. */
export interface BackendSources {
  readonly options: Options;
  readonly state: State;
  readonly dataplane: Dataplane;
  readonly attachments: Attachments;
  readonly metrics: Metrics;
  readonly bgp: () => Bgp | undefined;
  readonly sessions: () => readonly SessionDecision[];
  readonly readiness: () => Health;
}

const since = new Date().toISOString();

/** The backend of one daemon. */
export function controlBackend(sources: BackendSources): ControlBackend {
  const { attachments, bgp, dataplane, metrics, options, readiness, state } = sources;
  return {
    status: () => ({
      node: options.nodeName,
      role: 'node',
      version,
      pid: process.pid,
      since,
      datastore: {
        type: 'embedded',
        location: options.datastore,
        inSync: state.mirror.inSync,
        ...interruption(state),
      },
      readiness: readiness(),
    }),
    liveness: () => ({ ok: true, reasons: [] }),
    readiness,
    metrics: () => metrics.render(),
    bgpPeers: () => {
      const server = bgp();
      const config = server?.config;
      const peers = (server?.peers() ?? []).map((peer) => toPeer(peer, sources.sessions(), server));
      return {
        asn: config?.asn ?? 0,
        bgpIdentifier: config?.identifier ?? '0.0.0.0',
        peers: peers.sort(byAddress),
      };
    },
    rib: (query) => {
      const server = bgp();
      const page = cutPage([...(server?.locRib() ?? [])].sort(byPrefix), ({ prefix }) => prefix, query);
      return {
        ...page,
        items: page.items.flatMap((route) => toRibRoute(server?.explain(route.prefix)) ?? []),
      };
    },
    routes: (query) => {
      const routes = dataplane
        .routes()
        .map(({ destination, ...route }) => ({ prefix: destination, ...route }));
      const key = (route: (typeof routes)[number]): string =>
        `${route.prefix} ${route.metric} ${route.class ?? ''}`;
      return cutPage(
        routes.sort((left, right) => (key(left) < key(right) ? -1 : 1)),
        key,
        query,
      );
    },
    endpoints: (query) => cutPage(attachments.list(), ({ id }) => id, query),
    attachEndpoint: (id, request) =>
      measured(
        () => attachments.attach(id, request),
        (outcome, seconds) => metrics.attached(outcome, seconds),
      ),
    detachEndpoint: (id) =>
      measured(
        () => attachments.detach(id),
        (outcome, seconds) => metrics.detached(outcome, seconds),
      ),
  };
}

function interruption({ mirror }: State): { detail?: string } {
  const [first] = mirror.interruptions.values();
  return first === undefined ? {} : { detail: first.message };
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

function byAddress(left: BgpPeer, right: BgpPeer): number {
  return left.address < right.address ? -1 : 1;
}

function byPrefix(left: LocRibChange, right: LocRibChange): number {
  return left.prefix < right.prefix ? -1 : 1;
}

function toPeer(peer: PeerStatus, sessions: readonly SessionDecision[], server: Bgp | undefined): BgpPeer {
  const decision = sessions.find(
    (candidate) => candidate.kind === 'session' && candidate.peer === peer.address,
  );
  const established = peer.state === 'Established';
  const total = (count: 'received' | 'advertised'): number =>
    peer.families.reduce((sum, family) => sum + family[count], 0);
  return {
    address: peer.address,
    port: server?.config.peers.find(({ address }) => address === peer.address)?.port ?? 179,
    asn: peer.asn ?? 0,
    type: decision?.type ?? 'global',
    node: decision?.kind === 'session' ? decision.node : undefined,
    state: peer.state,
    since: server?.wallClock(peer.stateSince).toISOString() ?? since,
    info: established ? '' : (peer.lastError ?? ''),
    families: established ? peer.families.map(({ family }) => family) : [],
    counters: {
      updatesReceived: peer.updatesReceived,
      prefixesReceived: total('received'),
      prefixesAdvertised: total('advertised'),
      established: peer.establishedCount,
    },
  };
}

/** The best path with its attributes, and what decided against the others. */
function toRibRoute(explanation: Explanation | undefined): RibRoute | undefined {
  const best = explanation?.paths.find((path) => path.best);
  if (explanation === undefined || best === undefined) return undefined;
  const { attributes, peer, stale } = best;
  const { asPath, communities = [], largeCommunities = [], localPref, med, nextHop, origin } = attributes;
  return {
    prefix: explanation.prefix,
    best: {
      peer,
      nextHop,
      origin,
      asPath,
      localPreference: localPref,
      med,
      communities: [...communities, ...largeCommunities],
      stale,
    },
    paths: explanation.paths.length,
    reason: reasonOf(explanation),
  };
}

function reasonOf({ paths }: Explanation): string {
  const steps = paths.flatMap(({ lost }) => (lost?.kind === 'decision' ? [lost.step] : []));
  return steps.length === 0 ? 'only path' : [...new Set(steps)].join(', ');
}

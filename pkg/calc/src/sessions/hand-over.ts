/**
 * Make before break: when the resources ask for other sessions than there are, which of the old ones stay for now, so that
 * no route is lost between the old way and the new one.
 *
 *     wanted no more ──▶ internal, or another comes in its place? ── no ──▶ ends with a Cease, at once
 *                                    │ yes
 *                                    ▼
 *                  only it leads somewhere ── no, or the time is over ──▶ ends without a Cease
 *                                    │ yes
 *                                    ▼
 *                                  kept
 *
 * What one end knows is not what the other knows: this node may have another way to all that a peer has, and the peer none
 * yet to what this node has. So the session closes without a Cease, and the peer keeps our routes as after a restart
 * (RFC 4724) until it has another way, by this very rule, or the restart time is over. It does not matter which end learns of
 * the change first, nor by how much.
 *
 * A reflector cannot see whether its clients have sessions with each other by now. One that becomes an ordinary node goes
 * on reflecting for as long as a session would be kept at most.
 *
 * With the ID of a cluster a reflector refuses all that others of that cluster have reflected to it (RFC 4456 §8), and by that alone a
 * new one may reach the nodes that are to be its clients, and an old one the clients it had. So it reflects under its BGP
 * Identifier meanwhile, the new one until its clients have told it their routes.
 */
import type { Address } from '@weft/ip';
import type { PeerConfig, SoleRoutes } from 'bgp-speaker-ts';
import type { SessionDecision } from './sessions.ts';

/**
 * The longest a session is kept, in ms. All nodes learn of a change within seconds, and a session takes some more; whoever
 * takes longer has no way by the new sessions.
 */
export const HAND_OVER_MS = 60_000;

type Session = Extract<SessionDecision, { kind: 'session' }>;

/** A peer of the speaker as it is. */
export interface RunningSession {
  readonly config: PeerConfig;
  /** It has been Established, and all of its End-of-RIB are here if it is so now. */
  readonly settled: boolean;
  /** Since when the speaker has it; ms, of the clock of `now`. */
  readonly since: number;
}

/** What is decided from. */
export interface HandOverInput {
  readonly wanted: readonly PeerConfig[];
  /** On `wanted`, and what is left out. */
  readonly decisions: readonly SessionDecision[];
  /** What the speaker has, and the decisions about it: those of the last hand-over. */
  readonly running: readonly RunningSession[];
  readonly former: readonly SessionDecision[];
  /** Since when somebody is waited for on each interface where nobody has been heard; ms, of the clock of `now`. */
  readonly awaitedSince: readonly number[];
  /** What would be lost without these peers. */
  readonly soleRoutes: (peers: readonly Address[]) => ReadonlyMap<Address, SoleRoutes>;
  /** What would be lost by refusing all that has passed a cluster, or that its members have reflected. */
  readonly soleRoutesOfCluster: (cluster: Address, members: readonly Address[]) => SoleRoutes | undefined;
  /** AS number of this node. */
  readonly asn: number;
  /** Addresses of nodes: peers that follow the same resources. */
  readonly nodeAddresses: readonly Address[];
  /** ms, of the clock that `keptUntil` is told by. */
  readonly now: number;
}

/** What the speaker is to have. */
export interface HandOver {
  readonly peers: readonly PeerConfig[];
  /** The decisions, with one for each session that is kept. */
  readonly decisions: readonly SessionDecision[];
  /** Peers that go without a Cease. */
  readonly withoutCease: readonly Address[];
  /** Something is kept: it has to be decided again soon. */
  readonly pending: boolean;
}

/** Decides what stays for now. */
export function handOver(input: HandOverInput): HandOver {
  const { decisions, wanted } = input;
  const former = sessionsOf(input.former);
  const { kept, withoutCease } = leavers(input, former);
  const reflecting = new Map([...formerClients(input, former), ...newClients(input, former)]);
  const pending = kept.length > 0 || reflecting.size > 0;
  if (!pending) return { peers: wanted, decisions, withoutCease, pending };
  return {
    peers: [
      ...wanted.map((peer) => reflecting.get(peer.address)?.config ?? peer),
      ...kept.map(({ config }) => config),
    ],
    decisions: [
      ...decisions.map((item) => (item.kind === 'session' && reflecting.get(item.peer)?.decision) || item),
      ...kept.map(({ decision }) => decision),
    ],
    withoutCease,
    pending,
  };
}

interface Kept {
  readonly config: PeerConfig;
  readonly decision: Session;
}

type FormerDecisions = ReadonlyMap<string, Session>;

function sessionsOf(decisions: readonly SessionDecision[]): Map<string, Session> {
  return new Map(decisions.flatMap((item) => (item.kind === 'session' ? [[item.peer, item]] : [])));
}

/** Sessions that nobody asks for any more. */
function leavers(
  input: HandOverInput,
  former: FormerDecisions,
): { readonly kept: readonly Kept[]; readonly withoutCease: readonly Address[] } {
  const wanted = new Set<string>(input.wanted.map(({ address }) => address));
  const leaving = input.running.filter(({ config }) => !wanted.has(config.address));
  if (leaving.length === 0) return { kept: [], withoutCease: [] };
  const sole = input.soleRoutes(leaving.map(({ config }) => config.address as Address));
  const isHandedOver = handedOver(input, former);
  const kept: Kept[] = [];
  const withoutCease: Address[] = [];
  for (const { config } of leaving) {
    const peer = config.address as Address;
    if (!isHandedOver(config)) continue;
    const decision = former.get(peer);
    const routes = sole.get(peer);
    const keptUntil = decision?.keptUntil ?? input.now + HAND_OVER_MS;
    if (decision === undefined || routes === undefined || input.now >= keptUntil) withoutCease.push(peer);
    else {
      const { clusterId: _clusterId, ...unclustered } = config;
      kept.push({ config: unclustered, decision: { ...decision, keptUntil, reason: whyKept(routes) } });
    }
  }
  return { kept, withoutCease };
}

/**
 * Whether others take a session's place. With nodes it is so, since they stay and so do their routes; and with internal peers,
 * which bring the routes of nodes. An external peer may go for good, and then at once; but not while another that a BGPPeer asks
 * for is new and on its way, which may be in its place. A node that is gone has nothing to hand over. A session that is asked
 * for and must not be, for want of its password, has no time left. Nobody takes the place of a workload of this node.
 */
function handedOver(input: HandOverInput, former: FormerDecisions): (peer: PeerConfig) => boolean {
  const refused = new Set(
    input.decisions.flatMap((item) => (item.kind === 'left-out' && item.lacksPassword ? [item.peer] : [])),
  );
  const nodes = new Set<string>(input.nodeAddresses);
  const isReplaced = hasNewcomers(input);
  return ({ address, asn, behindUs }) => {
    const decision = former.get(address);
    if (behindUs) return false;
    if (refused.has(address) || (decision?.node !== undefined && !nodes.has(address))) return false;
    return nodes.has(address) || asn === input.asn || isReplaced || decision?.keptUntil !== undefined;
  };
}

/**
 * One that has not come up, or not been heard, for as long as anything is kept takes nobody's place; nor does a node that joins
 * the mesh, or a workload.
 */
function hasNewcomers({ awaitedSince, decisions, now, running, wanted }: HandOverInput): boolean {
  const isNew = (since: number): boolean => now - since < HAND_OVER_MS;
  const known = new Map(running.map((item) => [item.config.address, item]));
  const inMesh = new Set<string>(
    decisions.flatMap((item) => (item.type === 'node-to-node mesh' ? [item.peer] : [])),
  );
  const isOnItsWay = ({ address, behindUs }: PeerConfig): boolean => {
    const { settled, since } = known.get(address) ?? { settled: false, since: now };
    return !behindUs && !settled && isNew(since) && !inMesh.has(address);
  };
  return awaitedSince.some(isNew) || wanted.some(isOnItsWay);
}

function whyKept(routes: SoleRoutes): string {
  return `no resource asks for it any more, and nothing else leads to ${inWords(routes)} yet`;
}

function inWords({ example, prefixes }: SoleRoutes): string {
  return prefixes === 1 ? example : `${example} and ${prefixes - 1} more`;
}

/** Peers whose routes are to be reflected no more, as they go on for now. */
function formerClients(
  { decisions, now, running, wanted }: HandOverInput,
  former: FormerDecisions,
): ReadonlyMap<string, Kept> {
  const clients = new Map(
    running.flatMap(({ config }) => (config.routeReflectorClient ? [[config.address, config]] : [])),
  );
  const sessions = sessionsOf(decisions);
  const found = new Map<string, Kept>();
  for (const peer of clients.size === 0 ? [] : wanted) {
    const before = clients.get(peer.address);
    const decision = sessions.get(peer.address);
    if (before === undefined || decision === undefined || peer.routeReflectorClient) continue;
    const keptUntil = former.get(peer.address)?.keptUntil ?? now + HAND_OVER_MS;
    if (now >= keptUntil) continue;
    const { addPathBestOnly, exportPolicy } = before;
    const reason = `${decision.reason}; its routes are reflected for now, as it may have no other way yet`;
    found.set(peer.address, {
      config: {
        ...peer,
        routeReflectorClient: true,
        exportPolicy,
        // Reflectors that all become nodes at once still reflect to each other.
        ...(addPathBestOnly && { addPathBestOnly }),
      },
      decision: { ...decision, keptUntil, reason },
    });
  }
  return found;
}

/** Peers to which this node begins to reflect, as they are reflected to while much would be refused with their cluster. */
function newClients(input: HandOverInput, former: FormerDecisions): ReadonlyMap<string, Kept> {
  const { decisions, now, running, wanted } = input;
  const before = running.flatMap(({ config }) => (config.routeReflectorClient ? [config] : []));
  const cluster = wanted.find(({ routeReflectorClient }) => routeReflectorClient)?.clusterId;
  if (cluster === undefined || before.some(({ clusterId }) => clusterId === cluster)) return new Map();
  const keptUntil = Math.min(
    now + HAND_OVER_MS,
    ...before.flatMap(({ address }) => former.get(address)?.keptUntil ?? []),
  );
  const members = wanted.filter(
    ({ asn, routeReflectorClient }) => asn === input.asn && !routeReflectorClient,
  );
  const addresses = members.map(({ address }) => address as Address);
  const routes = now < keptUntil ? input.soleRoutesOfCluster(cluster, addresses) : undefined;
  if (routes === undefined) return new Map();
  const sessions = sessionsOf(decisions);
  const why = `without cluster ${cluster} for now: only what that has reflected leads to ${inWords(routes)}`;
  const clusterId = before[0]?.clusterId;
  return new Map(
    wanted.flatMap((peer) => {
      const decision = sessions.get(peer.address);
      if (decision === undefined || !peer.routeReflectorClient) return [];
      const reason = `${decision.reason}; ${why}`;
      return [
        [peer.address, { config: { ...peer, clusterId }, decision: { ...decision, keptUntil, reason } }],
      ];
    }),
  );
}

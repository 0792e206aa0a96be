/**
 * All sessions of this node, and every one that somebody might expect and that is not there, with its reason.
 */
import type { Address } from '@weft/ip';
import type { Family, PeerConfig } from 'bgp-speaker-ts';
import type { BgpCluster, BgpNode } from '../bgp-node.ts';
import type { CalcInput } from '../input.ts';
import type { PeerPolicies } from '../policy.ts';
import type { Candidate, CandidateOutcome, NoCandidate, SessionType, WorkloadLink } from './candidate.ts';
import { explicitCandidates } from './explicit-peers.ts';
import { meshCandidates } from './mesh.ts';
import { type PeerOutcome, peerOutcome, sessionName } from './peer-config.ts';
import { leftoverWays, type WayToPeer, wayToPeer } from './way-to-peer.ts';
import { workloadCandidates } from './workload-peers.ts';

/** What was decided about one possible peer. */
export type SessionDecision =
  | {
      readonly kind: 'session';
      /** As Calico names it: `Mesh_10_0_0_2`. */
      readonly name: string;
      readonly peer: Address;
      /** Name of the node at the other end, if it is one. */
      readonly node?: string;
      readonly type: SessionType;
      readonly passive: boolean;
      readonly families: readonly Family[];
      readonly reason: string;
      /** What its peer is reached by, for as long as the session is there. */
      readonly way?: WayToPeer;
      /** The resources ask for something else, and routes still depend on it: until this time at most (`hand-over.ts`). */
      readonly keptUntil?: number;
    }
  | {
      readonly kind: 'left-out';
      /** Its address, or the name of the node or selector that should have led to one. */
      readonly peer: string;
      readonly type: SessionType;
      readonly reason: string;
      /** It would be there if its password were known. */
      readonly lacksPassword?: true;
      /** It would be there if somebody were heard on the interface that `peer` names. */
      readonly isAwaited?: true;
    };

/** The outcome for all peers, sorted by name. */
export interface Sessions {
  readonly peers: readonly PeerConfig[];
  readonly decisions: readonly SessionDecision[];
  /** To the peers, and to those there are for now although nobody asks for them. */
  readonly ways: readonly WayToPeer[];
  /** Interfaces on which peers are, or are waited for. */
  readonly interfaces: readonly string[];
  /** The links of peers that are workloads. */
  readonly workloads: readonly WorkloadLink[];
}

/** Decides all sessions. Explicit peers come before the mesh: of several to one address the first counts. */
export function sessions(
  input: CalcInput,
  own: BgpNode,
  cluster: BgpCluster,
  policiesFor: (filters: readonly string[]) => PeerPolicies,
): Sessions {
  const outcomes = [
    ...explicitCandidates(own, cluster, input.bgpPeers, input.linkRouters ?? []),
    ...workloadCandidates(own, cluster, input),
    ...meshCandidates(own, cluster),
  ];
  const decided = firstOfEachAddress(outcomes).map((outcome) => {
    if (outcome.kind === 'left-out') return { decision: leftOut(outcome, outcome.peer, outcome.reason) };
    const policies = policiesFor(outcome.options.filters ?? []);
    return decide(outcome, peerOutcome(outcome, { own, policies, secrets: input.secrets }));
  });
  const decisions = sortedBy(
    decided.map(({ decision }) => decision),
    ({ peer, type }) => `${peer} ${type}`,
  );
  const ways = waysOf(decisions, input.waysInUse ?? []);
  return {
    peers: sortedBy(
      decided.flatMap(({ peer }) => peer ?? []),
      ({ description = '' }) => description,
    ),
    decisions,
    ways,
    workloads: decided.flatMap(({ workload }) => workload ?? []),
    interfaces: interfacesOf([...outcomes, ...ways]),
  };
}

function interfacesOf(items: readonly (CandidateOutcome | WayToPeer)[]): string[] {
  const names = items.flatMap((item) => ('interface' in item ? (item.interface ?? []) : []));
  return [...new Set(names)].sort();
}

/** Those of the decisions, and those that sessions without a decision still need. */
function waysOf(decisions: readonly SessionDecision[], inUse: readonly WayToPeer[]): WayToPeer[] {
  const wanted = decisions.filter((decision) => decision.kind === 'session');
  const leftover = leftoverWays(inUse, new Set(wanted.map(({ peer }) => peer)));
  return [...wanted.flatMap(({ way }) => way ?? []), ...leftover];
}

/** Leaves out whoever asks for a peer that an earlier one asked for. */
function firstOfEachAddress(outcomes: readonly CandidateOutcome[]): CandidateOutcome[] {
  const first = new Map<Address, Candidate>();
  return outcomes.map((outcome) => {
    if (outcome.kind === 'left-out') return outcome;
    const former = first.get(outcome.address);
    if (former === undefined) {
      first.set(outcome.address, outcome);
      return outcome;
    }
    const { address, askedBy, type } = outcome;
    const reason = `${former.askedBy} comes first and asks for ${address} too`;
    return { kind: 'left-out', peer: address, type, askedBy, reason };
  });
}

interface Decided {
  readonly decision: SessionDecision;
  readonly peer?: PeerConfig;
  readonly workload?: WorkloadLink;
}

function decide(candidate: Candidate, outcome: PeerOutcome): Decided {
  const { address, families, node, type, workload } = candidate;
  if (outcome.kind === 'left-out') {
    const { lacksPassword, reason } = outcome;
    return { decision: { ...leftOut(candidate, address, reason), ...(lacksPassword && { lacksPassword }) } };
  }
  const { config: peer, reason } = outcome;
  const way = wayToPeer(candidate);
  return {
    decision: {
      kind: 'session',
      name: sessionName(candidate),
      peer: address,
      ...(node && { node: node.name }),
      type,
      passive: peer.passive,
      families,
      reason,
      ...(way && { way }),
    },
    peer,
    ...(workload && { workload }),
  };
}

function leftOut(asked: Candidate | NoCandidate, peer: string, reason: string): SessionDecision {
  const { askedBy, type } = asked;
  const isAwaited = asked.kind === 'left-out' && asked.interface !== undefined;
  const why = `${askedBy} asks for it; ${reason}`;
  return { kind: 'left-out', peer, type, reason: why, ...(isAwaited && { isAwaited }) };
}

/** Stable, each key made once. */
function sortedBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  return keyed.map(({ item }) => item);
}

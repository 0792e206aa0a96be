/**
 * A session that some resource asks for, before it is decided whether this node has it.
 */
import type { Address } from '@weft/ip';
import type { BfdTimers, BGPPeer, BGPPeerSpec, SecretKeySource } from '@weft/resources';
import type { Family } from 'bgp-speaker-ts';
import type { BgpNode } from '../bgp-node.ts';
import { bfdRequest } from './bfd.ts';
import { type SessionTimes, sessionTimes } from './session-times.ts';

/** Where a session comes from, in the words of `calicoctl node status`, which shows none with workloads. */
export type SessionType = 'node-to-node mesh' | 'global' | 'node specific' | 'local workload';

/** The link of a peer that is a workload of this node. */
export interface WorkloadLink {
  /** The host's end of the workload's veth pair. */
  readonly interface: string;
  /** The workload's address: of the peer, and next hop of what it announces. */
  readonly workload: Address;
  /** The host's on that interface, by which the workload knows it. */
  readonly host: Address;
}

/** A peer somebody asks for. */
export interface Candidate {
  readonly kind: 'candidate';
  readonly address: Address;
  /** Absent: 179. */
  readonly port?: number;
  /** The interface of a peer that is known by its link-local address. */
  readonly interface?: string;
  readonly asn: number | 'internal' | 'external';
  /** The node at the other end, if it is one. */
  readonly node: BgpNode | undefined;
  /** Where the workload at the other end is, if it is one. */
  readonly workload?: WorkloadLink;
  readonly families: readonly Family[];
  readonly type: SessionType;
  readonly options: SessionOptions;
  /** Who asks for it: "BGPPeer tor", "the mesh". */
  readonly askedBy: string;
}

/** What can be said of a session besides who the peer is. */
export interface SessionOptions
  extends SessionTimes,
    Pick<
      BGPPeerSpec,
      'keepOriginalNextHop' | 'nextHopMode' | 'sourceAddress' | 'ttlSecurity' | 'reachableBy' | 'filters'
    > {
  readonly password?: SecretKeySource;
  /** Watch the peer by BFD. */
  readonly bfd?: BfdTimers;
  /** Only for a peer that is named by its address. Source: Calico. */
  readonly localASNumber?: number;
  readonly numAllowedLocalASNumbers?: number;
}

/** A session somebody asks for that cannot be. */
export interface NoCandidate {
  readonly kind: 'left-out';
  /** Address of the peer, or the name of what should have led to one. */
  readonly peer: string;
  /** The interface on which it is waited for. */
  readonly interface?: string;
  readonly type: SessionType;
  readonly askedBy: string;
  readonly reason: string;
}

/** What a resource leads to. */
export type CandidateOutcome = Candidate | NoCandidate;

/** The options a BGPPeer gives to all its sessions. */
export function optionsOf({ metadata, spec }: BGPPeer): SessionOptions {
  const { keepOriginalNextHop, nextHopMode, sourceAddress, ttlSecurity, reachableBy, filters, password } =
    spec;
  return {
    ...(keepOriginalNextHop !== undefined && { keepOriginalNextHop }),
    ...(nextHopMode !== undefined && { nextHopMode }),
    ...(sourceAddress !== undefined && { sourceAddress }),
    ...(ttlSecurity !== undefined && { ttlSecurity }),
    ...(reachableBy !== undefined && { reachableBy }),
    ...(filters !== undefined && { filters }),
    ...(password !== undefined && { password }),
    ...withNotes(sessionTimes(spec), bfdRequest(metadata.annotations)),
  };
}

/**
 * The options it gives to the sessions of the way back: what is about the connection. What is about routes holds at the end that
 * the BGPPeer is for. Source: Calico, but for `ttlSecurity`, without which on both ends no session comes up.
 */
export function optionsOfWayBack(bgpPeer: BGPPeer): SessionOptions {
  const {
    filters: _filters,
    keepOriginalNextHop: _keepOriginalNextHop,
    nextHopMode: _nextHopMode,
    reachableBy: _reachableBy,
    ...options
  } = optionsOf(bgpPeer);
  return options;
}

/** Joins parts of options that have notes. */
export function withNotes<L extends Noted, R extends Noted>(left: L, right: R): L & R {
  return { ...left, ...right, notes: [...left.notes, ...right.notes] };
}

interface Noted {
  readonly notes: readonly string[];
}

/**
 * What `calculate` answers: everything this node should be, each item with its reason.
 */
import type { Address, Prefix } from '@weft/ip';
import type { SpeakerConfig } from 'bgp-speaker-ts';
import type { Announcement, NotAnnounced } from './announcements.ts';
import type { DesiredRoute } from './desired-route.ts';
import type { DesiredNat } from './nat.ts';
import type { WorkloadLink } from './sessions/candidate.ts';
import type { SessionDecision } from './sessions/sessions.ts';
import type { WayToPeer } from './sessions/way-to-peer.ts';
import type { WorkloadMtu } from './tunnels/mtu.ts';
import type { DesiredTunnel, Unencapsulated } from './tunnels/tunnels.ts';

/** The speaker to run, or why there is none; `isChosen`: because nobody wants one. */
export type DesiredSpeaker =
  | { readonly kind: 'bgp'; readonly config: SpeakerConfig }
  | { readonly kind: 'no-bgp'; readonly reason: string; readonly isChosen?: true };

/** The desired state of one node. Plain data; equal inputs give equal text as JSON, whatever their order. */
export interface DesiredState {
  readonly speaker: DesiredSpeaker;
  /** The routes this node originates: the speaker's local routes. */
  readonly announcements: readonly Announcement[];
  readonly notAnnounced: readonly NotAnnounced[];
  /** Routes that do not come from BGP: of `LOCAL_ROUTE_CLASSES`. */
  readonly routes: readonly DesiredRoute[];
  /** Ranges of service addresses that are announced as a whole: kube-proxy of every node serves them. */
  readonly serviceRanges: readonly Prefix[];
  readonly nat: DesiredNat;
  /** Addresses of all nodes, sorted as text: who there follows the same resources as this node. */
  readonly nodeAddresses: readonly Address[];
  /** The tunnel devices to have, and no others. */
  readonly tunnels: readonly DesiredTunnel[];
  /** Blocks of encapsulated pools that have no route of their pool's kind, sorted. */
  readonly unencapsulated: readonly Unencapsulated[];
  readonly mtu: WorkloadMtu;
  /** Every possible peer, sorted, with the reason why it is one or is not. */
  readonly sessions: readonly SessionDecision[];
  /** Interfaces to look for routers on: BGPPeers name them instead of addresses. */
  readonly interfaces: readonly string[];
  /** What peers are reached by that the routing table does not know: those of `speaker`, and those there are for now besides. */
  readonly waysToPeers: readonly WayToPeer[];
  /** Peers that are workloads of this node, on whose interfaces the host has an address. The same object until sessions change. */
  readonly peeringWorkloads: readonly WorkloadLink[];
}

/** The classes of `DesiredState.routes`; routes of the other classes come from the Loc-RIB. */
export const LOCAL_ROUTE_CLASSES = [
  'local-workload',
  'workload-gateway',
  'peer-gateway',
  'tunnel-address',
  'same-subnet',
  'vxlan',
  'ipip',
  'blackhole',
] as const;

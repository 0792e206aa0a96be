/** What the speaker says: its peers (`GET /v1/bgp/peers`) and its Loc-RIB (`GET /v1/bgp/rib`). */
import * as z from 'zod';
import { type Page, pageOf } from './page.ts';
import { replyOf } from './shape.ts';

/** States of RFC 4271 §8.2.2. */
export const BGP_STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;
export type BgpState = (typeof BGP_STATES)[number];

/** Why the peer is configured, in the words `calicoctl node status` prints; it passes over peers that are workloads. */
export const BGP_PEER_TYPES = ['node-to-node mesh', 'node specific', 'global', 'local workload'] as const;
export type BgpPeerType = (typeof BGP_PEER_TYPES)[number];

/** What a session did since the daemon's start. */
export interface BgpPeerCounters {
  readonly updatesReceived: number;
  /** Prefixes now in the Adj-RIB-In, all families. */
  readonly prefixesReceived: number;
  /** Prefixes now in the Adj-RIB-Out, all families. */
  readonly prefixesAdvertised: number;
  /** How often the session became Established. */
  readonly established: number;
}

/** States of RFC 5880 §6.2. */
export const BFD_STATES = ['AdminDown', 'Down', 'Init', 'Up'] as const;

/** The BFD session of a peer. */
export interface BgpPeerBfd {
  readonly state: (typeof BFD_STATES)[number];
  /** When this state was entered, RFC 3339. */
  readonly since: string;
  /** Why it is not Up, by its name in RFC 5880 §4.1. */
  readonly diagnostic?: string | undefined;
  /** Silence after which it is Down, in ms; absent while nothing is heard. */
  readonly detectionTimeMs?: number | undefined;
}

/** One configured peer and its session. */
export interface BgpPeer {
  readonly address: string;
  readonly port: number;
  readonly asn: number;
  readonly type: BgpPeerType;
  /** The peer's node, when it is one of the cluster. */
  readonly node?: string | undefined;
  readonly state: BgpState;
  /** When this state was entered, RFC 3339. */
  readonly since: string;
  /** What a reader should know beyond the state, such as the last error; may be empty. */
  readonly info: string;
  /** Families of the session as negotiated; empty unless Established. */
  readonly families: readonly ('ipv4-unicast' | 'ipv6-unicast')[];
  readonly counters: BgpPeerCounters;
  /** Absent when the peer is not watched by BFD. */
  readonly bfd?: BgpPeerBfd | undefined;
}

/** The local speaker and its peers, sorted by address. */
export interface BgpPeers {
  readonly asn: number;
  /** RFC 4271 §4.2, dotted quad. */
  readonly bgpIdentifier: string;
  readonly peers: readonly BgpPeer[];
}

const count = z.number().int();

export const bgpPeersSchema: z.ZodType<BgpPeers> = replyOf<BgpPeers>({
  asn: count,
  bgpIdentifier: z.string(),
  peers: z.array(
    replyOf<BgpPeer>({
      address: z.string(),
      port: count,
      asn: count,
      type: z.enum(BGP_PEER_TYPES),
      node: z.string().optional(),
      state: z.enum(BGP_STATES),
      since: z.string(),
      info: z.string(),
      families: z.array(z.enum(['ipv4-unicast', 'ipv6-unicast'])),
      counters: replyOf<BgpPeerCounters>({
        updatesReceived: count,
        prefixesReceived: count,
        prefixesAdvertised: count,
        established: count,
      }),
      bfd: replyOf<BgpPeerBfd>({
        state: z.enum(BFD_STATES),
        since: z.string(),
        diagnostic: z.string().optional(),
        detectionTimeMs: z.number().optional(),
      }).optional(),
    }),
  ),
});

/** A path as the decision process sees it. */
export interface RibPath {
  /** The peer it came from; absent for a route of this node. */
  readonly peer?: string | undefined;
  /** Absent for a route of this node. */
  readonly nextHop?: string | undefined;
  readonly origin: 'igp' | 'egp' | 'incomplete';
  /** AS numbers separated by spaces, sets in braces; empty for iBGP without hops. */
  readonly asPath: string;
  readonly localPreference?: number | undefined;
  readonly med?: number | undefined;
  /** `aa:nn`, or the well-known name. */
  readonly communities: readonly string[];
  /** Kept from a peer that restarts (RFC 4724). */
  readonly stale: boolean;
}

/** One prefix of the Loc-RIB. */
export interface RibRoute {
  readonly prefix: string;
  readonly best: RibPath;
  /** Paths there were to choose from. */
  readonly paths: number;
  /** The peers those came from, each once; absent from older daemons. */
  readonly senders?: readonly string[] | undefined;
  /** The step of the decision process that chose, RFC 4271 §9.1. */
  readonly reason: string;
}

export const ribPageSchema: z.ZodType<Page<RibRoute>> = pageOf(
  replyOf<RibRoute>({
    prefix: z.string(),
    best: replyOf<RibPath>({
      peer: z.string().optional(),
      nextHop: z.string().optional(),
      origin: z.enum(['igp', 'egp', 'incomplete']),
      asPath: z.string(),
      localPreference: count.optional(),
      med: count.optional(),
      communities: z.array(z.string()),
      stale: z.boolean(),
    }),
    paths: count,
    senders: z.array(z.string()).optional(),
    reason: z.string(),
  }),
);

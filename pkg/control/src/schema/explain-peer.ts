/** What one node knows of its session with a peer, or of why there is none: `GET /v1/explain/peer?address=10.0.0.2`. */
import * as z from 'zod';
import { BGP_STATES } from './bgp.ts';
import type { ExplainedSession } from './explain.ts';
import { replyOf, requestOf } from './shape.ts';

/** Which peer. */
export interface ExplainPeerQuery {
  readonly address: string;
}

/** How many prefixes of a family are exchanged. */
export interface PeerFamilyCounts {
  readonly family: string;
  /** In the Adj-RIB-In. */
  readonly received: number;
  /** Of those received: not let in. */
  readonly rejected: number;
  /** In the Adj-RIB-Out. */
  readonly advertised: number;
}

/** The session as it is configured, and as it goes. */
export interface PeerSession extends ExplainedSession {
  /** `node-to-node mesh`, `node specific`, `global`, `local workload`. */
  readonly type: string;
  /** True: the peer opens the connection. Absent for a session that is left out, as all below. */
  readonly passive?: boolean | undefined;
  /** The AS number of the peer: configured, or as its OPEN had it. */
  readonly asn?: number | undefined;
  /** The AS number that this end has in the session: `localASNumber` of its BGPPeer, else the speaker's own. */
  readonly localAsn?: number | undefined;
  readonly localAddress?: string | undefined;
  /** Whether a password is asked for (TCP MD5). Never the password. */
  readonly password?: boolean | undefined;
  /** RFC 3339. */
  readonly since?: string | undefined;
  /** How often it became Established since the daemon's start. */
  readonly established?: number | undefined;
  /** State of BFD, and its last diagnostic. */
  readonly bfd?: string | undefined;
  readonly families: readonly PeerFamilyCounts[];
  /** The rules of its policies by name, in order. */
  readonly importRules: readonly string[];
  readonly exportRules: readonly string[];
}

/** All that one node knows of a peer. */
export interface PeerExplanation {
  readonly node: string;
  /** The AS number of its speaker; 0 without BGP. A session may have another. */
  readonly asn: number;
  readonly addresses: readonly string[];
  readonly noBgp?: string | undefined;
  /** The node with the peer's address, if it is one. */
  readonly peerNode?: string | undefined;
  /** Those that are, and those that somebody asked for. Empty: nothing asks for it. */
  readonly sessions: readonly PeerSession[];
}

export const explainPeerQuerySchema: z.ZodType<ExplainPeerQuery> = requestOf<ExplainPeerQuery>({
  address: z.union([z.ipv4(), z.ipv6()], 'an IP address without prefix length'),
});

const count = z.number().int();

export const peerExplanationSchema: z.ZodType<PeerExplanation> = replyOf<PeerExplanation>({
  node: z.string(),
  asn: count,
  addresses: z.array(z.string()),
  noBgp: z.string().optional(),
  peerNode: z.string().optional(),
  sessions: z.array(
    replyOf<PeerSession>({
      peer: z.string(),
      node: z.string().optional(),
      port: count.optional(),
      configured: z.boolean(),
      reason: z.string(),
      state: z.enum(BGP_STATES).optional(),
      lastError: z.string().optional(),
      type: z.string(),
      passive: z.boolean().optional(),
      asn: count.optional(),
      localAsn: count.optional(),
      localAddress: z.string().optional(),
      password: z.boolean().optional(),
      since: z.string().optional(),
      established: count.optional(),
      bfd: z.string().optional(),
      families: z.array(
        replyOf<PeerFamilyCounts>({
          family: z.string(),
          received: count,
          rejected: count,
          advertised: count,
        }),
      ),
      importRules: z.array(z.string()),
      exportRules: z.array(z.string()),
    }),
  ),
});

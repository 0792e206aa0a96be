/**
 * What one node knows of a destination, from the pool to what its kernel does: `GET /v1/explain?prefix=10.1.0.5`. Facts with
 * their reasons; `@weft/explain` puts those of several nodes together.
 */
import * as z from 'zod';
import { BGP_STATES, type BgpState, type RibPath } from './bgp.ts';
import { ROUTE_STATES, type RouteNextHop, type RouteStatus } from './routes.ts';
import { replyOf, requestOf } from './shape.ts';

/** Which destination: an address, or a prefix without host bits. */
export interface ExplainQuery {
  readonly prefix: string;
}

/** An IPPool around the destination. */
export interface ExplainedPool {
  readonly name: string;
  readonly cidr: string;
  /** Why nobody gets an address of it at present. */
  readonly unusable?: string | undefined;
  /** Why a container of this node gets an address of it only by asking for the pool. */
  readonly notAutomatic?: string | undefined;
}

/** A claim on a block around the destination, as this node has read it. */
export interface ExplainedAffinity {
  readonly block: string;
  readonly node: string;
  readonly state: 'pending' | 'confirmed' | 'pendingDeletion';
}

/** A container of this node that has the destination. */
export interface ExplainedEndpoint {
  /** `namespace/pod`; of a container that is no pod, what its orchestrator calls it. */
  readonly name: string;
  /** Absent while the host's end is not known. */
  readonly hostInterface?: string | undefined;
  readonly addresses: readonly string[];
}

/** What this node announces, or could and does not. */
export interface ExplainedAnnouncement {
  readonly prefix: string;
  readonly announced: boolean;
  readonly reason: string;
}

/** Why a path is not the best one. */
export interface ExplainedLoss {
  readonly kind: 'rejected' | 'next-hop-unreachable' | 'not-selected-yet' | 'decision';
  /** Of `rejected`: the import rule, or the built-in check (`as-loop`, `originator-loop` …). */
  readonly rule?: string | undefined;
  /** Of `decision`: the step of RFC 4271 §9.1.2.2, and what it compared. */
  readonly step?: string | undefined;
  readonly value?: string | undefined;
  /** The peer whose path won; absent for a route of this node. */
  readonly against?: string | undefined;
  readonly againstValue?: string | undefined;
}

/** A path of the Adj-RIBs-In, with what became of it. */
export interface ExplainedPath extends RibPath {
  readonly source: 'local' | 'internal' | 'external';
  readonly best: boolean;
  /** Chosen beside the best path (ECMP). */
  readonly multipath: boolean;
  /** The rule of the import policy that let it in, or not. */
  readonly importRule?: string | undefined;
  /** Absent for the best path. */
  readonly lost?: ExplainedLoss | undefined;
}

/** Whether a peer is told, and the rule that decided. */
export interface ExplainedExport {
  readonly peer: string;
  readonly told: boolean;
  readonly rule: string;
}

/** A prefix around the destination that the speaker has a path of. */
export interface ExplainedPrefix {
  readonly prefix: string;
  readonly paths: readonly ExplainedPath[];
  readonly exports: readonly ExplainedExport[];
  /** Why the best path has no route in the kernel. */
  readonly noRoute?: string | undefined;
}

/** Whether a next hop of those paths is reached. */
export interface ExplainedNextHop {
  readonly address: string;
  readonly reachable: boolean;
  readonly reason: string;
}

/** A route as the kernel has it, whoever wrote it. */
export interface KernelRoute {
  readonly prefix: string;
  readonly type: string;
  readonly via: readonly RouteNextHop[];
  readonly metric: number;
  readonly table: number;
  /** Who wrote it: `weft`, `kernel`, `boot`, `static`, `bird` …, or the number. */
  readonly protocol: string;
}

/** What the kernel does with a packet to an address (RTM_GETROUTE). */
export interface KernelLookup {
  /** The address asked for; of a prefix its first. */
  readonly address: string;
  /** The route a packet takes; absent where there is none, or one that drops it. */
  readonly route?: KernelRoute | undefined;
  /** Where no route is taken: the one of the main table that drops the packet. */
  readonly dropping?: KernelRoute | undefined;
}

/** A prefix that a workload of this node may send from although the host has no route to it by the workload's interface. */
export interface ExplainedSource {
  readonly hostInterface: string;
  readonly prefix: string;
}

/** A block of an encapsulated pool around the destination that has no route of its pool's kind, and why. */
export interface ExplainedUnencapsulated {
  readonly prefix: string;
  readonly reason: string;
  /** What is missing: an address of a Node, the node's device, or knowing the blocks. Absent of an older daemon. */
  readonly lacks?: (typeof LACKING)[number] | undefined;
}

const LACKING = ['address', 'device', 'blocks'] as const;

/** One possible session, and where it stands. */
export interface ExplainedSession {
  /** Address of the peer; of one left out it may be the name of a node or a selector. */
  readonly peer: string;
  readonly node?: string | undefined;
  /** The port it is expected at; absent for one left out. */
  readonly port?: number | undefined;
  /** False: this node does not have it, for the reason given. */
  readonly configured: boolean;
  /** Who asks for it, and who opens; or why it is left out. */
  readonly reason: string;
  readonly state?: BgpState | undefined;
  /** Why the last session or attempt ended. */
  readonly lastError?: string | undefined;
}

/** All that one node knows of a destination. */
export interface NodeExplanation {
  readonly node: string;
  readonly role: 'node' | 'route-reflector';
  /** Its addresses in BGP; of a reflector all those of its host. */
  readonly addresses: readonly string[];
  /** The port it listens on for BGP. */
  readonly port: number;
  /** Why it speaks no BGP. */
  readonly noBgp?: string | undefined;
  /** Why its picture of the datastore is not the present one. */
  readonly notCurrent?: string | undefined;
  readonly pools: readonly ExplainedPool[];
  readonly affinities: readonly ExplainedAffinity[];
  readonly endpoints: readonly ExplainedEndpoint[];
  readonly announcements: readonly ExplainedAnnouncement[];
  /** The shortest first. */
  readonly prefixes: readonly ExplainedPrefix[];
  readonly nextHops: readonly ExplainedNextHop[];
  /** Weft's routes around the destination, wanted or there. */
  readonly routes: readonly RouteStatus[];
  /** Absent for a reflector. */
  readonly lookup?: KernelLookup | undefined;
  /** Address translation that packets of the destination meet on this node. */
  readonly nat: readonly string[];
  /** Absent for a reflector, and of an older daemon. */
  readonly allowedSources?: readonly ExplainedSource[] | undefined;
  /** Why the table of nftables is not as wanted, so that nobody knows whether sources are checked; absent while it is. */
  readonly natFailure?: string | undefined;
  /** Absent for a reflector, and of an older daemon. */
  readonly unencapsulated?: readonly ExplainedUnencapsulated[] | undefined;
  readonly sessions: readonly ExplainedSession[];
}

export const explainQuerySchema: z.ZodType<ExplainQuery> = requestOf<ExplainQuery>({
  prefix: z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'an IP address, or a prefix'),
});

const nextHop = replyOf<RouteNextHop>({ gateway: z.string().optional(), interface: z.string() });

const kernelRoute = replyOf<KernelRoute>({
  prefix: z.string(),
  type: z.string(),
  via: z.array(nextHop),
  metric: z.number().int(),
  table: z.number().int(),
  protocol: z.string(),
});

const path = replyOf<ExplainedPath>({
  peer: z.string().optional(),
  nextHop: z.string().optional(),
  origin: z.enum(['igp', 'egp', 'incomplete']),
  asPath: z.string(),
  localPreference: z.number().int().optional(),
  med: z.number().int().optional(),
  communities: z.array(z.string()),
  stale: z.boolean(),
  source: z.enum(['local', 'internal', 'external']),
  best: z.boolean(),
  multipath: z.boolean(),
  importRule: z.string().optional(),
  lost: replyOf<ExplainedLoss>({
    kind: z.enum(['rejected', 'next-hop-unreachable', 'not-selected-yet', 'decision']),
    rule: z.string().optional(),
    step: z.string().optional(),
    value: z.string().optional(),
    against: z.string().optional(),
    againstValue: z.string().optional(),
  }).optional(),
});

const route = replyOf<RouteStatus>({
  prefix: z.string(),
  type: z.string(),
  via: z.array(nextHop),
  metric: z.number().int(),
  class: z.string().optional(),
  state: z.enum(ROUTE_STATES),
  reason: z.string(),
  detail: z.string().optional(),
});

export const nodeExplanationSchema: z.ZodType<NodeExplanation> = replyOf<NodeExplanation>({
  node: z.string(),
  role: z.enum(['node', 'route-reflector']),
  addresses: z.array(z.string()),
  port: z.number().int(),
  noBgp: z.string().optional(),
  notCurrent: z.string().optional(),
  pools: z.array(
    replyOf<ExplainedPool>({
      name: z.string(),
      cidr: z.string(),
      unusable: z.string().optional(),
      notAutomatic: z.string().optional(),
    }),
  ),
  affinities: z.array(
    replyOf<ExplainedAffinity>({
      block: z.string(),
      node: z.string(),
      state: z.enum(['pending', 'confirmed', 'pendingDeletion']),
    }),
  ),
  endpoints: z.array(
    replyOf<ExplainedEndpoint>({
      name: z.string(),
      hostInterface: z.string().optional(),
      addresses: z.array(z.string()),
    }),
  ),
  announcements: z.array(
    replyOf<ExplainedAnnouncement>({ prefix: z.string(), announced: z.boolean(), reason: z.string() }),
  ),
  prefixes: z.array(
    replyOf<ExplainedPrefix>({
      prefix: z.string(),
      paths: z.array(path),
      exports: z.array(replyOf<ExplainedExport>({ peer: z.string(), told: z.boolean(), rule: z.string() })),
      noRoute: z.string().optional(),
    }),
  ),
  nextHops: z.array(
    replyOf<ExplainedNextHop>({ address: z.string(), reachable: z.boolean(), reason: z.string() }),
  ),
  routes: z.array(route),
  lookup: replyOf<KernelLookup>({
    address: z.string(),
    route: kernelRoute.optional(),
    dropping: kernelRoute.optional(),
  }).optional(),
  nat: z.array(z.string()),
  allowedSources: z
    .array(replyOf<ExplainedSource>({ hostInterface: z.string(), prefix: z.string() }))
    .optional(),
  natFailure: z.string().optional(),
  unencapsulated: z
    .array(
      replyOf<ExplainedUnencapsulated>({
        prefix: z.string(),
        reason: z.string(),
        lacks: z.enum(LACKING).optional(),
      }),
    )
    .optional(),
  sessions: z.array(
    replyOf<ExplainedSession>({
      peer: z.string(),
      node: z.string().optional(),
      port: z.number().int().optional(),
      configured: z.boolean(),
      reason: z.string(),
      state: z.enum(BGP_STATES).optional(),
      lastError: z.string().optional(),
    }),
  ),
});

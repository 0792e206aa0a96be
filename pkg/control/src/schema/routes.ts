/** The routes weft wants, and where each stands: `GET /v1/routes`. */
import * as z from 'zod';
import { type Page, pageOf } from './page.ts';
import { replyOf } from './shape.ts';

/**
 * Where a route stands. `in-kernel`: as wanted. `pending`: about to be written. `waiting`: for its interface. `failed`: the
 * kernel said no, see `detail`. `shadowed`: a route of another class has its place. `stale`: in the kernel, wanted by
 * nobody, kept until it is sure that nobody will.
 */
export const ROUTE_STATES = ['in-kernel', 'pending', 'waiting', 'failed', 'shadowed', 'stale'] as const;
export type RouteState = (typeof ROUTE_STATES)[number];

/** One way out. */
export interface RouteNextHop {
  /** Absent: the destination is on the link. */
  readonly gateway?: string | undefined;
  readonly interface: string;
}

/** One route: what it is, where it stands, and why. */
export interface RouteStatus {
  readonly prefix: string;
  /** `unicast` or `blackhole`; a stale one may be of any type the kernel knows. */
  readonly type: string;
  /** Empty for a blackhole; several are ECMP. */
  readonly via: readonly RouteNextHop[];
  readonly metric: number;
  /** Who wants it: `local-workload`, `no-encap`, `blackhole` …; absent for a stale one. */
  readonly class?: string | undefined;
  readonly state: RouteState;
  /** Why it is wanted, or why it is still there. */
  readonly reason: string;
  /** Why it is not in the kernel. */
  readonly detail?: string | undefined;
}

export const routePageSchema: z.ZodType<Page<RouteStatus>> = pageOf(
  replyOf<RouteStatus>({
    prefix: z.string(),
    type: z.string(),
    via: z.array(replyOf<RouteNextHop>({ gateway: z.string().optional(), interface: z.string() })),
    metric: z.number().int(),
    class: z.string().optional(),
    state: z.enum(ROUTE_STATES),
    reason: z.string(),
    detail: z.string().optional(),
  }),
);

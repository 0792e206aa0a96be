/** Desired routes against the kernel's: `GET /v1/routes`. */
import * as z from 'zod';
import { type Page, pageOf } from './page.ts';
import { replyOf } from './shape.ts';

/**
 * How desired and kernel compare. `in-sync`: as desired. `missing`: desired, not there yet. `different`: there with other
 * attributes. `refused`: the kernel said no, see `error`. `surplus`: ours, there, no longer desired (kept while a
 * peer restarts, or about to be removed).
 */
export const ROUTE_STATES = ['in-sync', 'missing', 'different', 'refused', 'surplus'] as const;
export type RouteState = (typeof ROUTE_STATES)[number];

/** One way out. */
export interface RouteNextHop {
  readonly gateway?: string | undefined;
  readonly interface?: string | undefined;
}

/** A route's attributes. */
export interface RouteForm {
  readonly type: 'unicast' | 'blackhole';
  /** Empty for a blackhole; several are ECMP. */
  readonly nextHops: readonly RouteNextHop[];
  readonly metric?: number | undefined;
}

/** One destination: what weft wants, what the kernel has, and why. */
export interface RouteStatus {
  readonly prefix: string;
  readonly state: RouteState;
  /** Why weft wants it, or why it is still there. */
  readonly reason: string;
  readonly desired?: RouteForm | undefined;
  readonly kernel?: RouteForm | undefined;
  /** The kernel's answer by errno name, when it refused. */
  readonly error?: string | undefined;
}

const formSchema: z.ZodType<RouteForm> = replyOf<RouteForm>({
  type: z.enum(['unicast', 'blackhole']),
  nextHops: z.array(
    replyOf<RouteNextHop>({ gateway: z.string().optional(), interface: z.string().optional() }),
  ),
  metric: z.number().int().optional(),
});

export const routePageSchema: z.ZodType<Page<RouteStatus>> = pageOf(
  replyOf<RouteStatus>({
    prefix: z.string(),
    state: z.enum(ROUTE_STATES),
    reason: z.string(),
    desired: formSchema.optional(),
    kernel: formSchema.optional(),
    error: z.string().optional(),
  }),
);

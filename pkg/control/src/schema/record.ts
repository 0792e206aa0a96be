/** What a node's record tells: `GET /v1/history?prefix=10.0.0.0/26`, `GET /v1/changes?from=…&to=…`. */
import * as z from 'zod';
import { replyOf, requestOf } from './shape.ts';

/** One thing that happened to a prefix, or to the session of a peer that has something to do with it. */
export interface RouteEvent {
  /** RFC 3339 with milliseconds, on the clock of the node that answers. */
  readonly time: string;
  /** `received`, `best-path`, `kernel-written`, `session-down` …; a newer daemon may know more. */
  readonly event: string;
  readonly prefix?: string | undefined;
  readonly peer?: string | undefined;
  /** What happened and why, in words. */
  readonly text: string;
}

/** What the record of one node knows, oldest first. */
export interface RouteHistory {
  readonly node: string;
  /** How far the record goes back, RFC 3339; absent for an empty one. */
  readonly recordedSince?: string | undefined;
  readonly events: readonly RouteEvent[];
  /** There are older ones that are not shown. */
  readonly cut: boolean;
  /** What of the record cannot be read. */
  readonly problems: readonly string[];
}

/** Which prefix, or which address, and since when. */
export interface RouteHistoryQuery {
  readonly prefix: string;
  readonly since?: string | undefined;
}

const moment = z.iso.datetime({ offset: true, error: 'a time such as 2026-01-31T12:00:00Z' });

export const routeHistoryQuerySchema: z.ZodType<RouteHistoryQuery> = requestOf<RouteHistoryQuery>({
  prefix: z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'an IP address or a prefix'),
  since: moment.optional(),
});

export const routeHistorySchema: z.ZodType<RouteHistory> = replyOf<RouteHistory>({
  node: z.string(),
  recordedSince: z.string().optional(),
  events: z.array(
    replyOf<RouteEvent>({
      time: z.string(),
      event: z.string(),
      prefix: z.string().optional(),
      peer: z.string().optional(),
      text: z.string(),
    }),
  ),
  cut: z.boolean(),
  problems: z.array(z.string()),
});

/** One difference between two times; `before` or `after` is absent for what was not there. */
export interface NodeChange {
  /** `session`, `resource`, `address`, `announcement`, `best-path` or `kernel-route`. */
  readonly what: string;
  readonly name: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** What is different at the second time, sorted by what and name. */
export interface NodeChanges {
  readonly node: string;
  readonly changes: readonly NodeChange[];
  /** There are more than are shown. */
  readonly cut: boolean;
  readonly problems: readonly string[];
}

/** Between which times. */
export interface NodeChangesQuery {
  readonly from: string;
  readonly to: string;
}

export const nodeChangesQuerySchema: z.ZodType<NodeChangesQuery> = requestOf<NodeChangesQuery>({
  from: moment,
  to: moment,
});

export const nodeChangesSchema: z.ZodType<NodeChanges> = replyOf<NodeChanges>({
  node: z.string(),
  changes: z.array(
    replyOf<NodeChange>({
      what: z.string(),
      name: z.string(),
      before: z.string().optional(),
      after: z.string().optional(),
    }),
  ),
  cut: z.boolean(),
  problems: z.array(z.string()),
});

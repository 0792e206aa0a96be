/** Mass withdrawals that are held: `GET /v1/fuse`, and the word that ends one: `PUT /v1/fuse/learned`. */
import * as z from 'zod';
import { replyOf, requestOf } from './shape.ts';

/**
 * Routes a fuse watches over. `learned`: kernel routes from BGP. `encapsulated`: kernel routes to other nodes' blocks of pools with
 * VXLAN or IPIP, from the datastore. `announced`: what this node tells its peers. `left-over`: kernel routes of an earlier daemon that
 * nobody wants.
 */
export const FUSE_TABLES = ['learned', 'encapsulated', 'announced', 'left-over'] as const;
export type FuseTable = (typeof FUSE_TABLES)[number];

/** One mass withdrawal that is held. */
export interface HeldRoutes {
  readonly table: FuseTable;
  /** RFC 3339. */
  readonly since: string;
  /** Routes held now. */
  readonly routes: number;
  /** How many there were before. */
  readonly of: number;
  /** `rejected`: somebody said that they stay. */
  readonly state: 'held' | 'rejected';
  /** Routes held now, by cause. */
  readonly causes: readonly { readonly cause: string; readonly routes: number }[];
  /** The first few, sorted. */
  readonly examples: readonly string[];
}

/** What is held, and from when on something is. */
export interface FuseStatus {
  /** More than this part of the routes of a table. */
  readonly percent: number;
  /** Tables with this many routes and fewer are never held. */
  readonly routes: number;
  readonly held: readonly HeldRoutes[];
}

/** `accept`: withdraw them. `reject`: keep them until they are announced again, or accepted after all. */
export interface FuseDecision {
  readonly decision: 'accept' | 'reject';
}

/** What became of the decision. */
export interface FuseDecided {
  readonly table: FuseTable;
  readonly decision: FuseDecision['decision'];
  /** Routes it was about. */
  readonly routes: number;
}

export const fuseTableSchema: z.ZodType<FuseTable> = z.enum(FUSE_TABLES);

export const fuseDecisionSchema: z.ZodType<FuseDecision> = requestOf<FuseDecision>({
  decision: z.enum(['accept', 'reject']),
});

export const fuseDecidedSchema: z.ZodType<FuseDecided> = replyOf<FuseDecided>({
  table: z.enum(FUSE_TABLES),
  decision: z.enum(['accept', 'reject']),
  routes: z.number().int(),
});

export const fuseStatusSchema: z.ZodType<FuseStatus> = replyOf<FuseStatus>({
  percent: z.number(),
  routes: z.number().int(),
  held: z.array(
    replyOf<HeldRoutes>({
      table: z.enum(FUSE_TABLES),
      since: z.string(),
      routes: z.number().int(),
      of: z.number().int(),
      state: z.enum(['held', 'rejected']),
      causes: z.array(replyOf<HeldRoutes['causes'][number]>({ cause: z.string(), routes: z.number().int() })),
      examples: z.array(z.string()),
    }),
  ),
});

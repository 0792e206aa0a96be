/** What a node's journal of IPAM knows of an address: `GET /v1/ipam/history?address=10.0.0.5`. */
import * as z from 'zod';
import { replyOf, requestOf } from './shape.ts';

/** What an address was for. */
export interface HistoryWorkload {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** The endpoint's id, which begins with that of its container. */
  readonly container?: string | undefined;
}

/** The program that did it, and what it was about. */
export interface HistoryAuthor {
  readonly program: string;
  readonly verb: string;
}

/** One operation on the address, or on the block that holds it. */
export interface HistoryEntry {
  /** RFC 3339 with milliseconds, on the clock of the node that answers. */
  readonly time: string;
  /** `assign`, `release`, `claim-block`, `release-block`, `repair`; a newer daemon may know more. */
  readonly operation: string;
  readonly address?: string | undefined;
  readonly block?: string | undefined;
  readonly pool?: string | undefined;
  readonly handle?: string | undefined;
  readonly node?: string | undefined;
  readonly workload?: HistoryWorkload | undefined;
  readonly reason: string;
  /** Names the allocation within its block. */
  readonly sequenceNumber?: string | undefined;
  readonly by: HistoryAuthor;
  /** Seen in the block afterwards: nobody wrote it when it happened. */
  readonly found?: boolean | undefined;
}

/** The newest entries of one node, oldest first. */
export interface AddressHistory {
  readonly node: string;
  readonly entries: readonly HistoryEntry[];
  /** There may be older ones that are not shown. */
  readonly cut: boolean;
}

/** Which address. */
export interface HistoryQuery {
  readonly address: string;
}

export const historyQuerySchema: z.ZodType<HistoryQuery> = requestOf<HistoryQuery>({
  address: z.union([z.ipv4(), z.ipv6()], 'an IP address without prefix length'),
});

export const addressHistorySchema: z.ZodType<AddressHistory> = replyOf<AddressHistory>({
  node: z.string(),
  entries: z.array(
    replyOf<HistoryEntry>({
      time: z.string(),
      operation: z.string(),
      address: z.string().optional(),
      block: z.string().optional(),
      pool: z.string().optional(),
      handle: z.string().optional(),
      node: z.string().optional(),
      workload: replyOf<HistoryWorkload>({
        namespace: z.string().optional(),
        name: z.string().optional(),
        container: z.string().optional(),
      }).optional(),
      reason: z.string(),
      sequenceNumber: z.string().optional(),
      by: replyOf<HistoryAuthor>({ program: z.string(), verb: z.string() }),
      found: z.boolean().optional(),
    }),
  ),
  cut: z.boolean(),
});

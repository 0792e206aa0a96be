/** The blocks of all nodes, and how full they are: `GET /v1/blocks`. */
import * as z from 'zod';
import { type Page, pageOf } from './page.ts';
import { replyOf } from './shape.ts';

/** One block of addresses. */
export interface BlockStatus {
  readonly cidr: string;
  /** The pool it lies in; absent when there is none any more. */
  readonly pool?: string | undefined;
  /** The node that owns it; absent where nobody does. */
  readonly node?: string | undefined;
  /** Addresses in it. */
  readonly size: number;
  /** Addresses that are assigned. */
  readonly used: number;
}

export const blockPageSchema: z.ZodType<Page<BlockStatus>> = pageOf(
  replyOf<BlockStatus>({
    cidr: z.string(),
    pool: z.string().optional(),
    node: z.string().optional(),
    size: z.number().int(),
    used: z.number().int(),
  }),
);

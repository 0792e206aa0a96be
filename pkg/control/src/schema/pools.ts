/** The pools of addresses, as this node sees them: `GET /v1/pools`. */
import * as z from 'zod';
import { type Page, pageOf } from './page.ts';
import { replyOf } from './shape.ts';

/** One IPPool. */
export interface PoolStatus {
  readonly name: string;
  readonly cidr: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Prefix length of its blocks. */
  readonly blockSize: number;
  /** Why a container of this node gets an address of it only by asking for the pool; absent when it may get one. */
  readonly notAutomatic?: string | undefined;
  /** Why nobody gets an address of it at present. */
  readonly unusable?: string | undefined;
}

export const poolPageSchema: z.ZodType<Page<PoolStatus>> = pageOf(
  replyOf<PoolStatus>({
    name: z.string(),
    cidr: z.string(),
    family: z.enum(['ipv4', 'ipv6']),
    blockSize: z.number().int(),
    notAutomatic: z.string().optional(),
    unusable: z.string().optional(),
  }),
);

/**
 * Addresses that are held before there is a container: `PUT /v1/addresses/{id}` and `DELETE /v1/addresses/{address}`. Docker's
 * IPAM driver needs them, because dockerd asks for the address first and for the endpoint afterwards.
 */
import * as z from 'zod';
import { replyOf, requestOf } from './shape.ts';

/** One address, of any pool that selects the node unless told. */
export interface AddressRequest {
  readonly family: 'ipv4' | 'ipv6';
  /** Pools to take it from, by name or CIDR; a CIDR inside a pool means that part of the pool. */
  readonly pools?: readonly string[] | undefined;
  /** Exactly this one, of that family; `pools` do not matter then. */
  readonly address?: string | undefined;
}

export const addressSchema: z.ZodType<string> = z.union(
  [z.ipv4(), z.ipv6()],
  'an IP address without prefix length',
);

export const addressRequestSchema: z.ZodType<AddressRequest> = requestOf<AddressRequest>({
  family: z.enum(['ipv4', 'ipv6']),
  pools: z.array(z.string().min(1).max(253)).min(1).max(64).optional(),
  address: addressSchema.optional(),
});

/** An address that is held. `already-held`: under the same id it was before; asking twice is safe. */
export interface AddressHold {
  readonly kind: 'held' | 'already-held';
  readonly id: string;
  /** Without prefix length. */
  readonly address: string;
}

export const addressHoldSchema: z.ZodType<AddressHold> = replyOf<AddressHold>({
  kind: z.enum(['held', 'already-held']),
  id: z.string(),
  address: z.string(),
});

/** An address that is given back. `not-held`: this node did not hold it in this way; releasing is safe to repeat. */
export interface AddressRelease {
  readonly kind: 'released' | 'not-held';
  readonly address: string;
}

export const addressReleaseSchema: z.ZodType<AddressRelease> = replyOf<AddressRelease>({
  kind: z.enum(['released', 'not-held']),
  address: z.string(),
});

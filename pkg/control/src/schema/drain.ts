/** A node that is to be taken out of the network: `PUT`, `GET`, `DELETE /v1/drain`, and its end: `POST /v1/stop`. */
import * as z from 'zod';
import { replyOf, requestOf } from './shape.ts';

/** How far a drain has come. */
export interface DrainStatus {
  readonly draining: boolean;
  /** RFC 3339; absent while the node is in service. */
  readonly since?: string | undefined;
  /** Containers that are still plugged in. */
  readonly endpoints: number;
  /** The first few of them: namespace and name where they have one, else the id. */
  readonly examples: readonly string[];
  /** Peers that have not been sent yet that they are to avoid this node. */
  readonly peersBehind: readonly string[];
}

/** How the daemon is to end. */
export interface StopRequest {
  /** What peers are told, at most 255 octets (RFC 9003). */
  readonly communication?: string | undefined;
}

/** The daemon ends once this is answered. */
export interface Stopping {
  /** Sessions that are closed with Administrative Shutdown. */
  readonly sessions: number;
}

export const drainStatusSchema: z.ZodType<DrainStatus> = replyOf<DrainStatus>({
  draining: z.boolean(),
  since: z.string().optional(),
  endpoints: z.number().int(),
  examples: z.array(z.string()),
  peersBehind: z.array(z.string()),
});

export const stopRequestSchema: z.ZodType<StopRequest> = requestOf<StopRequest>({
  communication: z
    .string()
    .refine((text) => new TextEncoder().encode(text).length <= 255, 'at most 255 octets')
    .optional(),
});

export const stoppingSchema: z.ZodType<Stopping> = replyOf<Stopping>({ sessions: z.number().int() });

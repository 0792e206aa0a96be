/** What the daemon says about itself: `GET /v1/status`, `/liveness`, `/readiness`. */
import * as z from 'zod';
import { replyOf } from './shape.ts';

/** Whether something is as it should be, and every reason why not. */
export interface Health {
  readonly ok: boolean;
  /** Sentences; empty when `ok`. */
  readonly reasons: readonly string[];
}

/** Answer of `/liveness` (200 or 503) and `/readiness` (200 or 503). */
export const healthSchema: z.ZodType<Health> = replyOf<Health>({
  ok: z.boolean(),
  reasons: z.array(z.string()),
});

/** The datastore as this daemon sees it. */
export interface DatastoreStatus {
  readonly type: 'embedded' | 'etcd' | 'kubernetes';
  /** The file or the endpoints, without credentials. */
  readonly location: string;
  /** A complete snapshot of every kind is held and the watches run. */
  readonly inSync: boolean;
  /** What is wrong or awaited, or what weftd goes on without though it is in sync; absent when all is well. */
  readonly detail?: string | undefined;
}

/** The address of a family that this node goes by. */
export interface NodeAddress {
  readonly family: 4 | 6;
  /** With the length of its subnet; absent: the node has none of this family. */
  readonly address?: string | undefined;
  /** How it was found, or why there is none. */
  readonly reason: string;
}

/** The daemon: who it is, since when, and whether it does its work. */
export interface DaemonStatus {
  /** The node's name in the datastore. */
  readonly node: string;
  readonly role: 'node' | 'route-reflector';
  readonly version: string;
  readonly pid: number;
  /** Start of the process, RFC 3339. */
  readonly since: string;
  /** One of each family; empty until they are chosen. */
  readonly addresses: readonly NodeAddress[];
  /** What the names of containers' interfaces on the host begin with; absent from older daemons. */
  readonly workloadInterfacePrefixes?: readonly string[] | undefined;
  readonly datastore: DatastoreStatus;
  readonly readiness: Health;
}

export const daemonStatusSchema: z.ZodType<DaemonStatus> = replyOf<DaemonStatus>({
  node: z.string(),
  role: z.enum(['node', 'route-reflector']),
  version: z.string(),
  pid: z.number().int(),
  since: z.string(),
  addresses: z.array(
    replyOf<NodeAddress>({
      family: z.literal([4, 6]),
      address: z.string().optional(),
      reason: z.string(),
    }),
  ),
  workloadInterfacePrefixes: z.array(z.string()).optional(),
  datastore: replyOf<DatastoreStatus>({
    type: z.enum(['embedded', 'etcd', 'kubernetes']),
    location: z.string(),
    inSync: z.boolean(),
    detail: z.string().optional(),
  }),
  readiness: healthSchema,
});

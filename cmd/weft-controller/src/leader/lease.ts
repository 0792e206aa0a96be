/**
 * The Lease in the API server (coordination.k8s.io/v1), read and written by compare-and-swap.
 */
import type { KubernetesCluster, KubernetesObject } from '@weft/datastore';
import type { LeaseRecord } from './election.ts';

const LEASES = { apiVersion: 'coordination.k8s.io/v1', plural: 'leases', kind: 'Lease' } as const;

/** Which Lease. */
export interface LeaseName {
  readonly name: string;
  readonly namespace: string;
}

/** A Lease as it was read. */
export interface ReadLease {
  readonly record: LeaseRecord;
  readonly object: KubernetesObject;
}

/** Where candidates meet. Its methods throw DatastoreError. */
export interface LeaseStore {
  read(): Promise<ReadLease | undefined>;
  /**
   * Writes what `read` found anew, or makes the Lease if it found none; false when somebody else was first. A lease that
   * was read names no later write of the same process: read before each.
   */
  write(read: ReadLease | undefined, record: LeaseRecord): Promise<boolean>;
}

/** The Lease of that name in a cluster. */
export function leaseIn(cluster: KubernetesCluster, name: LeaseName): LeaseStore {
  return {
    read: async () => {
      const object = await cluster.get(LEASES, name);
      return object && { record: recordOf(object), object };
    },
    write: async (read, record) => {
      const { apiVersion, kind } = LEASES;
      const object = { apiVersion, kind, metadata: name, ...read?.object, spec: specOf(record) };
      const outcome = read ? await cluster.update(LEASES, object) : await cluster.create(LEASES, object);
      return outcome.kind === 'written';
    },
  };
}

// An alias and no interface: it has to fit an object of any shape.
type LeaseSpec = {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
};

function recordOf({ spec }: KubernetesObject): LeaseRecord {
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = (spec ??
    {}) as LeaseSpec;
  return {
    holder: holderIdentity ?? '',
    durationSeconds: leaseDurationSeconds ?? 0,
    acquireTime: acquireTime ?? undefined,
    renewTime: renewTime ?? undefined,
    transitions: leaseTransitions ?? 0,
  };
}

function specOf({ holder, durationSeconds, acquireTime, renewTime, transitions }: LeaseRecord): LeaseSpec {
  return {
    holderIdentity: holder,
    leaseDurationSeconds: durationSeconds,
    ...(acquireTime && { acquireTime }),
    ...(renewTime && { renewTime }),
    leaseTransitions: transitions,
  };
}

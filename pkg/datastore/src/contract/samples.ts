/**
 * Objects to fill a store with, in tests here and in the processes that they start.
 */
import type { ResourceOf } from '@weft/resources';
import type { Datastore, WriteOutcome } from '../datastore.ts';

/** An IPPool; `labels` and `blockSize` are what cases vary. */
export function pool(
  name: string,
  options: { labels?: Record<string, string>; blockSize?: number } = {},
): Pool {
  const { labels, blockSize = 26 } = options;
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: labels ? { name, labels } : { name },
    spec: { cidr: '10.0.0.0/16', blockSize },
  } as Pool;
}

/** The kind most cases use. */
export type Pool = ResourceOf<'IPPool'>;

/** A BGPPeer: something that changes beside what a case looks at. */
export function peer(name: string): ResourceOf<'BGPPeer'> {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'BGPPeer',
    metadata: { name },
    spec: { peerIP: '10.0.0.1', asNumber: 64512 },
  } as ResourceOf<'BGPPeer'>;
}

/** A WorkloadEndpoint, which lives in a namespace. */
export function endpoint(namespace: string, name: string): ResourceOf<'WorkloadEndpoint'> {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: { name, namespace },
    spec: { node: 'n1', orchestrator: 'cni', endpoint: 'eth0' },
  } as ResourceOf<'WorkloadEndpoint'>;
}

/** The key of a pool. */
export function poolKey(name: string): { readonly kind: 'IPPool'; readonly name: string } {
  return { kind: 'IPPool', name };
}

/** Writes the pool with another block size: the change that cases count with. */
export function resize(store: Datastore, current: Pool, blockSize: number): Promise<WriteOutcome<'IPPool'>> {
  return store.update({ ...current, spec: { ...current.spec, blockSize } });
}

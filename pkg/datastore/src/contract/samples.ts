/**
 * Objects to fill a store with, in tests here and in the processes that they start.
 */
import type { ResourceOf } from '@weft/resources';
import type { Datastore, WriteOutcome } from '../datastore.ts';

/** Where the samples carry the number that cases count with: a place every store lets a writer change. */
const COUNT = 'example.org/count';

/** An IPPool; `labels` and `count` are what cases vary. */
export function pool(name: string, options: { labels?: Record<string, string>; count?: number } = {}): Pool {
  const { labels, count = 0 } = options;
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name, annotations: { [COUNT]: String(count) }, ...(labels && { labels }) },
    spec: { cidr: '10.0.0.0/16', blockSize: 26 },
  } as unknown as Pool;
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

/** A CalicoNodeStatus, which is about one node. */
export function statusOf(node: string, name: string): ResourceOf<'CalicoNodeStatus'> {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'CalicoNodeStatus',
    metadata: { name },
    spec: { node, classes: ['BGP'], updatePeriodSeconds: 10 },
  } as ResourceOf<'CalicoNodeStatus'>;
}

/** The key of a pool. */
export function poolKey(name: string): { readonly kind: 'IPPool'; readonly name: string } {
  return { kind: 'IPPool', name };
}

/** The number that a pool carries. */
export function countOf({ metadata }: Pool): number {
  return Number(metadata.annotations?.[COUNT]);
}

/** Writes the pool with another number. */
export function recount(store: Datastore, current: Pool, count: number): Promise<WriteOutcome<'IPPool'>> {
  const annotations = { ...current.metadata.annotations, [COUNT]: String(count) };
  return store.update({ ...current, metadata: { ...current.metadata, annotations } });
}

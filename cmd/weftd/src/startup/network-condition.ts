/**
 * Tells Kubernetes that the network of this node works: until its condition NetworkUnavailable is False, a node that some
 * cloud has marked gets no Pods.
 *
 * Source: Calico's node agent, whose words these are. Departs from Calico: True is never written, neither at the end nor when
 * something fails later. The node controller would taint the node for every restart, and a restart is to be invisible.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DatastoreError, type KubernetesCluster, type ObjectType } from '@weft/datastore';
import type { Logger } from '@weft/telemetry';

const NODES: ObjectType = { apiVersion: 'v1', plural: 'nodes', kind: 'Node' };

const READY_DEADLINE_MS = 5 * 60_000;
const RETRY_MS = 10_000;
/** How often readiness is looked at. */
const CHECK_MS = 1_000;

/** What telling needs. */
export interface NetworkConditionOptions {
  readonly nodeName: string;
  readonly cluster: () => KubernetesCluster;
  readonly log: Logger;
  readonly isReady: () => boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** How long the node may take to be ready; then it is told all the same. 5 minutes unless told, as in Calico. */
  readonly readyDeadlineMs?: number;
  /** Pause after a failed attempt: the API server is away, or the right is missing. 10 s unless told. */
  readonly retryMs?: number;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly [field: string]: unknown;
}

/** Waits until the node is ready, and writes the condition. Resolves when it is written, or at the signal. */
export async function tellNetworkAvailable(options: NetworkConditionOptions): Promise<void> {
  const { cluster, log, nodeName, retryMs = RETRY_MS, signal } = options;
  await whenReady(options);
  while (!signal.aborted) {
    try {
      if (await writeCondition(cluster(), nodeName)) return;
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      if (signal.aborted) return;
      log.error('network-condition-not-written', error.message, {
        hint: 'weftd tries again by itself',
      });
      await pause(retryMs, signal);
    }
  }
}

async function whenReady(options: NetworkConditionOptions): Promise<void> {
  const { isReady, log, readyDeadlineMs = READY_DEADLINE_MS, signal } = options;
  const deadline = performance.now() + readyDeadlineMs;
  while (!signal.aborted && !isReady()) {
    if (performance.now() >= deadline) {
      log.warn('network-not-ready', 'the node is not ready in time; Pods are let onto it all the same');
      return;
    }
    await pause(CHECK_MS, signal);
  }
}

/** False when somebody else changed the Node meanwhile. */
async function writeCondition(cluster: KubernetesCluster, name: string): Promise<boolean> {
  const node = await cluster.get(NODES, { name });
  const conditions = (node?.status?.conditions ?? []) as readonly Condition[];
  const current = conditions.find(({ type }) => type === 'NetworkUnavailable');
  if (node === undefined || (current?.status === 'False' && current.reason === 'CalicoIsUp')) return true;
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const condition: Condition = {
    type: 'NetworkUnavailable',
    status: 'False',
    reason: 'CalicoIsUp',
    message: 'Calico is running on this node',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  const others = conditions.filter(({ type }) => type !== 'NetworkUnavailable');
  // A merge patch replaces the list as a whole, hence the revision.
  const { resourceVersion } = node.metadata;
  const change = { metadata: { resourceVersion }, status: { conditions: [...others, condition] } };
  const outcome = await cluster.patch(NODES, { name }, change, 'status');
  return outcome.kind !== 'conflict';
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

/**
 * Who tells whom: the candidate runs in the election, and while it leads, the reclaimer works; metrics and health are answered
 * all the time.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type MonitoringServer, startMonitoringServer } from '@weft/control';
import { type Datastore, DatastoreError, openCluster, openDatastore } from '@weft/datastore';
import type { Logger } from '@weft/telemetry';
import { Candidate } from './leader/candidate.ts';
import { fencedStore } from './leader/fenced-store.ts';
import { leaseIn } from './leader/lease.ts';
import { Metrics } from './metrics.ts';
import type { Options } from './options.ts';
import { Reclaimer } from './reclaim/reclaimer.ts';

/** A lease that took longer to ask for would be renewed too late. */
const LEASE_CLIENT = { answerTimeoutMs: 4_000, patienceMs: 0 };
const LEASE_NAME = 'weft-controller';
/** Between two attempts to reach a cluster that is away when this controller begins. */
const OPEN_RETRY_MS = 5_000;

/** Runs until the signal aborts, and gives the Lease back. Rejects with what will not pass by itself. */
export async function runController(options: Options, log: Logger, signal: AbortSignal): Promise<void> {
  const cluster = openCluster(options.cluster);
  const leaseCluster = openCluster(options.cluster, LEASE_CLIENT);
  const candidate = new Candidate({
    identity: `${options.host}_${randomUUID()}`,
    lease: leaseIn(leaseCluster, { name: LEASE_NAME, namespace: options.leaseNamespace }),
    timing: options.timing,
    log,
  });
  let reclaimer: Reclaimer | undefined;
  const metrics = new Metrics(
    () => candidate.leads,
    () => figuresOf(reclaimer),
  );
  const monitoring = await monitor(options, metrics, () => whyNotReady(candidate, reclaimer));
  let store: Datastore | undefined;
  try {
    store = await openPatiently(options, log, signal);
    if (!store) return;
    const fenced = fencedStore(store, () => candidate.leads);
    await candidate.run(async (leading) => {
      reclaimer = new Reclaimer({
        ...options,
        store: fenced,
        cluster,
        log,
        onLook: (look) => metrics.looked(look),
        onReleased: (leak) => metrics.released(leak, reclaimer?.state.pools ?? []),
      });
      await reclaimer.run(leading).finally(() => {
        reclaimer = undefined;
      });
    }, signal);
  } finally {
    await Promise.all([monitoring.close(), store?.close()]);
    cluster.close();
    leaseCluster.close();
  }
}

/** Opens the cluster as soon as it answers; undefined when the signal aborts first. */
async function openPatiently(
  { cluster }: Options,
  log: Logger,
  signal: AbortSignal,
): Promise<Datastore | undefined> {
  const onUnreadable = (key: { readonly kind: string; readonly name: string }, reason: string): void =>
    log.warn('object-unreadable', `${key.kind} ${key.name} cannot be read: ${reason}`);
  while (!signal.aborted) {
    try {
      return await openDatastore(cluster, { onUnreadable });
    } catch (error) {
      if (!(error instanceof DatastoreError && error.code === 'unavailable')) throw error;
      log.error('cluster-away', error.message, { hint: 'weft-controller waits for it' });
      await pause(OPEN_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

function monitor(
  { metricsAddress }: Options,
  metrics: Metrics,
  reasons: () => readonly string[],
): Promise<MonitoringServer> {
  const backend = {
    // A process that cannot answer is not alive; everything else mends itself.
    liveness: () => ({ ok: true, reasons: [] }),
    readiness: () => ({ ok: reasons().length === 0, reasons: reasons() }),
    metrics: () => metrics.render(),
  };
  return startMonitoringServer({ backend }, metricsAddress);
}

function whyNotReady(candidate: Candidate, reclaimer: Reclaimer | undefined): readonly string[] {
  if (candidate.failure !== undefined) return [candidate.failure];
  if (!candidate.leads && candidate.leader === undefined) return ['no leader is known yet'];
  const reason = candidate.leads ? (reclaimer?.state.whyNotReady ?? undefined) : undefined;
  return reason === undefined ? [] : [reason];
}

function figuresOf(reclaimer: Reclaimer | undefined) {
  if (!reclaimer) return undefined;
  const { state, candidates } = reclaimer;
  const blocks = state.snapshot(Date.now()).blocks.map(({ spec }) => spec);
  return { pools: state.pools, reserved: state.reserved, nodes: state.nodes, blocks, candidates };
}

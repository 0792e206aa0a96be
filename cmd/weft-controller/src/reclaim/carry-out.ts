/**
 * Carrying a plan out. Whatever a step is about is read again first, and the step is dropped if it is not as it was; what one
 * step cannot do leaves the others alone.
 */
import { DatastoreError, type KubernetesCluster } from '@weft/datastore';
import { hostOwner, type Ipam, isStillLeaked, type Leak, leaksById, type ReclaimStep } from '@weft/ipam';
import type { Logger } from '@weft/telemetry';
import type { ClusterState, FreshFacts } from './cluster-state.ts';
import { readPodUser } from './pod-users.ts';

/** What the steps are carried out with. */
export interface Tools {
  readonly state: Pick<ClusterState, 'snapshot'>;
  readonly cluster: Pick<KubernetesCluster, 'get'>;
  readonly ipam: Ipam;
  /** Whether there is a Node of that name, asked of the API server. */
  readonly nodeExists: (name: string) => Promise<boolean>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** False as soon as nothing more may be done. */
  readonly mayAct: () => boolean;
  readonly onReleased: (leak: Leak) => void;
  readonly log: Logger;
}

/** Addresses whose Pods are read again and which are then released together. */
const BATCH_ADDRESSES = 500;
/** Requests to the API server at once. */
const CONCURRENCY = 16;

/** Does what the plan says. Returns the failures; what failed is in the next plan again. */
export async function carryOut(steps: readonly ReclaimStep[], tools: Tools): Promise<DatastoreError[]> {
  const failures: DatastoreError[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    if (!tools.mayAct()) return;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      failures.push(error);
    }
  };
  const kept = new Set<string>();
  const failed = (error: DatastoreError): void => void failures.push(error);
  for (const batch of batchesOf(steps)) await attempt(() => releaseAddresses(batch, tools, kept, failed));
  for (const step of steps) {
    // After a failure nobody knows what is still held on a dead node.
    if (step.kind === 'release-node' && failures.length === 0 && !kept.has(step.node))
      await attempt(() => releaseNode(step.node, tools));
    if (step.kind === 'release-block') await attempt(() => releaseBlock(step, tools));
    if (step.kind === 'free-cooled')
      await attempt(async () => void (await tools.ipam.freeCooled(step.block)));
  }
  return failures;
}

/** The leaks of whole handles, as many handles together as fit into a batch. */
function batchesOf(steps: readonly ReclaimStep[]): (readonly Leak[])[][] {
  const batches: (readonly Leak[])[][] = [];
  let size = BATCH_ADDRESSES;
  for (const step of steps) {
    if (step.kind !== 'release-addresses') continue;
    size += step.leaks.length;
    if (size > BATCH_ADDRESSES) {
      batches.push([]);
      size = step.leaks.length;
    }
    batches.at(-1)?.push(step.leaks);
  }
  return batches;
}

/** Looks again, and releases what is still a leak. The nodes of what is not released go into `kept`. */
async function releaseAddresses(
  batch: readonly (readonly Leak[])[],
  tools: Tools,
  kept: Set<string>,
  failed: (error: DatastoreError) => void,
): Promise<void> {
  const fresh = await lookAgain(batch.flat(), tools, failed);
  const seen = leaksById(tools.state.snapshot(tools.now(), fresh));
  const still = batch.filter((leaks) => isStillLeaked(leaks, seen)).flat();
  for (const { node = '' } of batch.flat().filter((leak) => !still.includes(leak))) kept.add(node);
  if (still.length === 0 || !tools.mayAct()) return;
  const results = await tools.ipam.releaseIps(
    still.map(({ address, handle, sequenceNumber }) => ({
      address,
      sequenceNumber,
      ...(handle !== undefined && { handle }),
    })),
  );
  for (const [index, { kind, message }] of results.entries()) {
    const leak = still[index] as Leak;
    if (kind === 'contention') kept.add(leak.node ?? '');
    if (kind === 'released') released(leak, tools);
    else tools.log.info('leak-kept', message, fieldsOf(leak));
  }
}

/** Asks the API server for the Pods and nodes that these leaks name. Whatever is not certainly gone is there. */
async function lookAgain(
  leaks: readonly Leak[],
  { cluster, nodeExists }: Tools,
  failed: (error: DatastoreError) => void,
): Promise<FreshFacts> {
  const orElse = async <T>(ask: () => Promise<T>, whenNotAnswered: T): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      failed(error);
      return whenNotAnswered;
    }
  };
  const pods = new Map<string, Awaited<ReturnType<typeof readPodUser>>>();
  const nodes = new Map<string, boolean>();
  const podOf = new Map(leaks.map(({ heldFor, node = '' }) => [heldFor, node]));
  await concurrently(
    [...podOf].filter(([name]) => name.includes('/')),
    async ([name, node]) => {
      const unknown = { name, node };
      pods.set(name, await orElse(() => readPodUser(cluster, name), unknown));
    },
  );
  await concurrently([...new Set(leaks.flatMap(({ node }) => node ?? []))], async (node) => {
    nodes.set(node, await orElse(() => nodeExists(node), true));
  });
  return { pods, nodes };
}

async function concurrently<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

async function releaseNode(node: string, { ipam, nodeExists, log }: Tools): Promise<void> {
  if (await nodeExists(node)) return;
  const { kind, blocks, message } = await ipam.releaseHost(node);
  log.info(kind === 'released' ? 'node-released' : 'node-kept', message, { node, blocks });
}

async function releaseBlock(
  { block: { cidr, node, sequenceNumber } }: Extract<ReclaimStep, { kind: 'release-block' }>,
  { ipam, log }: Tools,
): Promise<void> {
  const owner = hostOwner(node);
  const { kind, message } = await ipam.releaseAffinity({ owner, cidr, requireEmpty: true, sequenceNumber });
  log.info(kind === 'released' ? 'block-released' : 'block-kept', message, { node, block: cidr });
}

function released(leak: Leak, { log, onReleased }: Tools): void {
  onReleased(leak);
  log.info('leak-released', `Took ${leak.address} back, which was held for ${leak.heldFor}.`, fieldsOf(leak));
}

function fieldsOf({ address, handle, heldFor, node, reason, sequenceNumber }: Leak): Record<string, unknown> {
  return { address, handle, heldFor, node, reason, sequenceNumber: String(sequenceNumber) };
}

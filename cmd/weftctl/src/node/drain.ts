/**
 * `weftctl node drain`: peers avoid the node, containers leave it, then its daemon ends. What is waited for is told as it
 * changes; when the time is over nothing is undone, and the same command goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlClient, ControlError, type DrainStatus } from '@weft/control';
import { CliError, type Remark, type Report } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { oneDaemon } from './one-daemon.ts';

/** Options of the command. */
export interface DrainOptions extends WhereOptions {
  readonly timeoutSeconds: number;
  /** Containers stay; the network forgets them when the daemon ends. */
  readonly leaveContainers?: true;
  /** Take the node back into service. */
  readonly undo?: true;
  /** Drain, and let the daemon run. */
  readonly keepRunning?: true;
  readonly reason?: string;
}

/** How often the daemon is asked. */
const POLL_MS = 250;

/** Peers have their UPDATEs: how long they, and those behind them, have to move their traffic. */
const MOVE_MS = 3_000;

/** How long a daemon may take to end. */
const END_MS = 15_000;

/** Drains, or undoes it. */
export async function drain(node: string | undefined, options: DrainOptions): Promise<Report> {
  const daemon = await oneDaemon(options, node);
  if (options.undo !== undefined) {
    await daemon.client.undrain();
    return { text: `${daemon.node} is back in service`, failures: [] };
  }
  if (options.keepRunning === undefined) await requireEnd(daemon.node, daemon.client);
  return { text: progress(daemon.node, daemon.client, options), failures: [] };
}

/** A DaemonSet starts a daemon that ends again, and that one is in service. */
async function requireEnd(node: string, client: ControlClient): Promise<void> {
  const { datastore } = await client.status();
  if (datastore.type !== 'kubernetes') return;
  throw new CliError([
    {
      what: 'Kubernetes would start the daemon again, in service',
      object: `node ${node}`,
      hint: 'Drain it with --keep-running; then end the host, or take the DaemonSet from the node.',
    },
  ]);
}

async function* progress(
  node: string,
  client: ControlClient,
  options: DrainOptions,
): AsyncGenerator<string | Remark> {
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  yield* waitUntilLeft(node, client, options, deadline);
  yield { note: 'peers have been told; waiting until their traffic has moved' };
  await sleep(MOVE_MS);
  if (options.keepRunning !== undefined) {
    yield `${node} is drained; its daemon runs on`;
    return;
  }
  const { sessions } = await client.stop(
    options.reason === undefined ? {} : { communication: options.reason },
  );
  await waitUntilGone(node, client);
  yield `${node} is drained and stopped: ${sessions} sessions closed`;
}

async function* waitUntilLeft(
  node: string,
  client: ControlClient,
  { leaveContainers, timeoutSeconds }: DrainOptions,
  deadline: number,
): AsyncGenerator<Remark> {
  let told = '';
  for (let status = await client.drain(); ; status = await client.drainStatus()) {
    const awaited = awaitedOf(status, leaveContainers !== undefined);
    if (awaited === undefined) return;
    if (awaited !== told) yield { note: `waiting for ${awaited}` };
    told = awaited;
    if (performance.now() > deadline)
      throw new CliError([
        {
          what: `After ${timeoutSeconds} s still waiting for ${awaited}`,
          object: `node ${node}`,
          hint: 'It stays drained: run the command again to go on, with --leave-containers to leave them, or with --undo.',
        },
      ]);
    await sleep(POLL_MS);
  }
}

function awaitedOf(
  { endpoints, examples, peersBehind }: DrainStatus,
  leavesContainers: boolean,
): string | undefined {
  if (peersBehind.length > 0)
    return `${peersBehind.length} peers to take the news: ${peersBehind.join(', ')}`;
  if (leavesContainers || endpoints === 0) return undefined;
  const more = endpoints > examples.length ? ', …' : '';
  return `${endpoints} containers to leave: ${examples.join(', ')}${more}`;
}

async function waitUntilGone(node: string, client: ControlClient): Promise<void> {
  const deadline = performance.now() + END_MS;
  do {
    if (await isGone(client)) return;
    await sleep(POLL_MS);
  } while (performance.now() < deadline);
  throw new CliError([
    { what: 'The daemon was told to end and still answers', object: `node ${node}`, hint: 'Read its log.' },
  ]);
}

async function isGone(client: ControlClient): Promise<boolean> {
  try {
    await client.status();
    return false;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return error.code === 'unreachable';
  }
}

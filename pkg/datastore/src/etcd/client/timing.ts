/**
 * How long the etcd client waits for what.
 */
import type { ConnectionTiming } from '../grpc/connection.ts';

/** In milliseconds but for the last. */
export interface EtcdTiming extends ConnectionTiming {
  /** A dial that has not succeeded is joined by one to the next endpoint after this time. */
  readonly staggerMs: number;
  /** For one attempt at a call; then another endpoint is asked. */
  readonly attemptMs: number;
  /** For a call with all its attempts, and for a watch to find a server again: an election and a restart fit into it. */
  readonly patienceMs: number;
  /** How long a name stays claimed after its holder was last heard of. */
  readonly claimTtlSeconds: number;
}

/** Dial, ping and ping timeout as Calico has them. */
export const DEFAULT_TIMING: EtcdTiming = {
  dialMs: 10_000,
  pingEveryMs: 30_000,
  pingTimeoutMs: 10_000,
  staggerMs: 500,
  attemptMs: 5_000,
  patienceMs: 15_000,
  claimTtlSeconds: 15,
};

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * The pause after so many failed attempts: none until every endpoint had its turn, then doubling, and at random from its upper
 * half, so that a thousand clients do not come back in step.
 */
export function pauseMs(failures: number, endpoints: number, random: () => number = Math.random): number {
  if (failures < endpoints) return 0;
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - endpoints));
  return longest * (0.5 + random() / 2);
}

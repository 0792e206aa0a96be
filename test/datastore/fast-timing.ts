/** The etcd client's times for tests in which something is broken: short, so that nobody waits for what will not come. */
import type { EtcdTiming } from '@weft/datastore/etcd';

export const fastTiming: EtcdTiming = {
  dialMs: 1000,
  pingEveryMs: 300,
  pingTimeoutMs: 500,
  staggerMs: 200,
  attemptMs: 1000,
  patienceMs: 10_000,
  claimTtlSeconds: 15,
};

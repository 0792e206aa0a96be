/**
 * The etcd driver by itself: for whoever wants no other, and for tests that set its times.
 */
export type { EtcdTiming } from './client/timing.ts';
export { type EtcdOptions, type EtcdStore, openEtcd } from './etcd-store.ts';

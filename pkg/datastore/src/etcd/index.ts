/**
 * The etcd driver by itself: for whoever wants no other, for tests that set its times, and for those who write etcd's keys and
 * values elsewhere.
 */
export type { EtcdTiming } from './client/timing.ts';
export { type EtcdOptions, type EtcdStore, openEtcd } from './etcd-store.ts';
export type { Mapping, RawResource } from './mapping/mapping.ts';
export { mappingOf } from './mapping/mappings.ts';

/**
 * Resources with compare-and-swap and watch: the interface, its drivers, and how to follow a store.
 */
export {
  CALICO_SETTINGS,
  type CalicoSettings,
  choiceFromSettings,
  SettingsError,
  settingsFromEnvironment,
} from './choice/calico-settings.ts';
export type {
  DatastoreChoice,
  EmbeddedChoice,
  EtcdChoice,
  KubernetesChoice,
  PemSource,
  TlsFiles,
} from './choice/datastore-choice.ts';
export { type OpenOptions, openDatastore } from './choice/open-datastore.ts';
export { DATASTORE_FORMS, type ParsedDatastore, parseDatastore } from './choice/parse-datastore.ts';
export { portable } from './copy/comparable.ts';
export { copyDatastore } from './copy/copy-datastore.ts';
export {
  CopyInterrupted,
  type CopyOptions,
  type CopyReport,
  type CopyTrouble,
  type KindCount,
} from './copy/copy-report.ts';
export * from './datastore.ts';
export { type EmbeddedOptions, type EmbeddedStore, openEmbedded } from './embedded/embedded-store.ts';
export type { EtcdOptions, EtcdStore } from './etcd/etcd-store.ts';
export { type FollowEvent, follow, type Pacing } from './follow.ts';
export {
  type DeleteTerms,
  KubernetesCluster,
  type ObjectEvent,
  type ObjectName,
  type ObjectOutcome,
  type ObjectSelection,
  type ObjectType,
  openCluster,
} from './kubernetes/cluster.ts';
export type { KubernetesObject } from './kubernetes/convert/kubernetes-object.ts';
export { hasPodEnded, possiblePodAddresses } from './kubernetes/convert/pod.ts';
export type { StampSource } from './local/local-store.ts';
export { createMemoryStore, type MemoryStoreOptions } from './memory/memory-store.ts';
export { type Mirror, type MirrorChange, mirror } from './mirror.ts';
export { claimsNames, type NameClaim, type NameClaiming, type NameHolder } from './name-claiming.ts';
export { pagesOf } from './pages.ts';

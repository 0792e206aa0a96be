/**
 * How the kinds of weft lie in Kubernetes: a collection of objects, and what an object means.
 */
import { apiVersion, type Kind, type ResourceOf } from '@weft/resources';
import {
  DatastoreError,
  type ListOptions,
  type OfKind,
  type ResourceKey,
  type Revision,
  type WriteOutcome,
} from '../datastore.ts';
import type { ApiCall } from './api/api-call.ts';
import type { ApiClient } from './api/api-client.ts';
import type { ApiGroup } from './convert/custom-resource.ts';
import type { KubernetesObject } from './convert/kubernetes-object.ts';
import type { Reading } from './convert/reading.ts';

/** One kind in Kubernetes. The writes keep the contract of `Datastore`. */
export interface Collection<K extends Kind> {
  /** The list of what the options keep, as far as the server can select it. */
  listCall(options?: ListOptions): ApiCall;
  /** Which resource an object is; undefined for one that is none. */
  keyOf(object: KubernetesObject): ResourceKey<K> | undefined;
  /** True for an object that is deleted but for its removal. */
  isDeleted(object: KubernetesObject): boolean;
  /** What an object says that has a key. */
  read(object: KubernetesObject): Reading<K>;
  get(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined>;
  create(resource: OfKind<K>): Promise<WriteOutcome<K>>;
  update(resource: OfKind<K>): Promise<WriteOutcome<K>>;
  delete(key: ResourceKey<K>, revision: Revision | undefined): Promise<WriteOutcome<K>>;
}

/** What every collection works with. */
export interface Context {
  readonly client: ApiClient;
  readonly group: ApiGroup;
}

/** The resource of an object that somebody asked for by name. Throws `corrupt` when nobody can read it. */
export function readable<K extends Kind>(
  { title }: ApiClient,
  key: ResourceKey<K>,
  reading: Reading<K>,
): ResourceOf<K> {
  if (reading.ok) return reading.resource;
  throw new DatastoreError(
    'corrupt',
    `Cannot read ${describe(key)} in ${title}: ${reading.reason}. Correct it with kubectl edit.`,
  );
}

/** What an object was that is gone now; one that nobody can read is its key alone. */
export function removed<K extends Kind>(key: ResourceKey<K>, reading: Reading<K>): ResourceOf<K> {
  if (reading.ok) return reading.resource;
  const { kind, ...metadata } = key;
  return { apiVersion, kind, metadata } as unknown as ResourceOf<K>;
}

/** `IPPool "a"`, as messages name an object. */
export function describe({ kind, name, namespace }: ResourceKey): string {
  return `${kind} "${namespace === undefined ? name : `${namespace}/${name}`}"`;
}

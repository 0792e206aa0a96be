/**
 * How the kinds of weft lie in Kubernetes: a collection of objects, and what an object means.
 */
import type { Kind, ResourceOf } from '@weft/resources';
import {
  DatastoreError,
  type OfKind,
  type ResourceKey,
  type Revision,
  type WriteOutcome,
} from '../datastore.ts';
import type { ApiCall } from './api/api-call.ts';
import type { ApiClient } from './api/api-client.ts';
import type { ApiGroup } from './convert/custom-resource.ts';
import type { KubernetesObject } from './convert/kubernetes-object.ts';

/** One kind in Kubernetes. The writes keep the contract of `Datastore`. */
export interface Collection<K extends Kind> {
  /** The list of all, or of one namespace. */
  listCall(namespace?: string): ApiCall;
  /** Which resource an object is; undefined for one that is none. */
  keyOf(object: KubernetesObject): ResourceKey<K> | undefined;
  /** True for an object that is deleted but for its removal. */
  isDeleted(object: KubernetesObject): boolean;
  /** The resource; undefined, and told to whoever asked for it, when nobody can read it. */
  decode(object: KubernetesObject): ResourceOf<K> | undefined;
  get(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined>;
  create(resource: OfKind<K>): Promise<WriteOutcome<K>>;
  update(resource: OfKind<K>): Promise<WriteOutcome<K>>;
  delete(key: ResourceKey<K>, revision: Revision | undefined): Promise<WriteOutcome<K>>;
}

/** What every collection works with. */
export interface Context {
  readonly client: ApiClient;
  readonly group: ApiGroup;
  /** Is told of each object that nobody can read, at each of its revisions. */
  readonly tellUnreadable: (object: KubernetesObject, key: ResourceKey, reason: string) => void;
}

/** A resource that must be there. Throws `corrupt` when it could not be read. */
export function readable<K extends Kind>(
  { client }: Context,
  key: ResourceKey<K>,
  resource: ResourceOf<K> | undefined,
): ResourceOf<K> {
  if (resource) return resource;
  const text = `Cannot read ${describe(key)} in ${client.title}: it holds what nobody can read. Correct it with kubectl edit.`;
  throw new DatastoreError('corrupt', text);
}

/** `IPPool "a"`, as messages name an object. */
export function describe({ kind, name, namespace }: ResourceKey): string {
  return `${kind} "${namespace === undefined ? name : `${namespace}/${name}`}"`;
}

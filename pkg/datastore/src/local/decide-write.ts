/**
 * Decides what a write does to the object it meets: pure, so that every driver of this machine decides alike.
 */
import type { Kind, ResourceOf } from '@weft/resources';
import { DatastoreError, keyText, type Revision } from '../datastore.ts';

/** What to do with the object; the last three change nothing. */
export type WriteDecision<K extends Kind> =
  | { readonly kind: 'put'; readonly resource: ResourceOf<K> }
  | { readonly kind: 'remove' }
  | { readonly kind: 'already-exists' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'not-found' };

/** What a store gives to a new object, and keeps when it is replaced. */
export interface Stamp {
  readonly uid?: string | undefined;
  /** RFC 3339, whole seconds. */
  readonly creationTimestamp?: string | undefined;
}

/** The object that a write meets: all that matters of it, so that also one that cannot be read can be removed. */
export interface Current extends Stamp {
  readonly resourceVersion: Revision;
}

/** Refuses what `create` cannot store. Throws `invalid-resource`. */
export function assertCreatable(resource: ResourceOf<Kind>): void {
  assertNamed(resource, 'create');
  if (resource.metadata.resourceVersion === undefined) return;
  throw refusal(
    resource,
    'create',
    'its metadata.resourceVersion is set',
    'Remove that field, or update instead',
  );
}

/** Refuses what `update` cannot store. Throws `invalid-resource`. */
export function assertUpdatable(resource: ResourceOf<Kind>): void {
  assertNamed(resource, 'update');
  if (resource.metadata.resourceVersion !== undefined) return;
  throw refusal(
    resource,
    'update',
    'it has no metadata.resourceVersion',
    'Get the object and change that copy',
  );
}

/** Stores a new object unless one is there. */
export function decideCreate<K extends Kind>(
  current: Current | undefined,
  resource: ResourceOf<K>,
  stamp: Stamp,
): WriteDecision<K> {
  return current ? { kind: 'already-exists' } : { kind: 'put', resource: stamped(resource, stamp) };
}

/** Replaces an object if it is still the one the caller read; what the store stamped on it stays. */
export function decideUpdate<K extends Kind>(
  current: Current | undefined,
  resource: ResourceOf<K>,
): WriteDecision<K> {
  if (!current) return { kind: 'not-found' };
  if (current.resourceVersion !== resource.metadata.resourceVersion) return { kind: 'conflict' };
  return { kind: 'put', resource: stamped(resource, current) };
}

/** Removes an object; when a revision is given, only if it is still that one. */
export function decideDelete(
  current: Current | undefined,
  revision: Revision | undefined,
): WriteDecision<never> {
  if (!current) return { kind: 'not-found' };
  const isThatOne = revision === undefined || revision === current.resourceVersion;
  return isThatOne ? { kind: 'remove' } : { kind: 'conflict' };
}

function stamped<K extends Kind>(resource: ResourceOf<K>, { uid, creationTimestamp }: Stamp): ResourceOf<K> {
  return { ...resource, metadata: { ...resource.metadata, uid, creationTimestamp } };
}

function assertNamed(resource: ResourceOf<Kind>, verb: string): void {
  if (resource.metadata.name) return;
  throw refusal(resource, verb, 'it has no metadata.name', 'Give it a name');
}

function refusal(resource: ResourceOf<Kind>, verb: string, why: string, next: string): DatastoreError {
  const object = `${resource.kind} "${keyText(resource.metadata)}"`;
  return new DatastoreError('invalid-resource', `Cannot ${verb} ${object}: ${why}. ${next}.`);
}

/**
 * Compares objects of two stores: all but what a store itself puts on an object, whatever the order of fields.
 */
import { createHash } from 'node:crypto';
import { type Kind, type ResourceOf, stringifyJson } from '@weft/resources';
import type { OfKind } from '../datastore.ts';

/**
 * Metadata that says something about an object in its own store only. Owners and finalizers name what lives in one
 * cluster: in another, Kubernetes would remove the object for a missing owner, or never, for a missing finalizer.
 */
const ofOneStore = [
  'resourceVersion',
  'uid',
  'creationTimestamp',
  'generation',
  'generateName',
  'selfLink',
  'managedFields',
  'ownerReferences',
  'finalizers',
] as const;

/** The object as another store can create it. */
export function portable<K extends Kind>(resource: ResourceOf<K>): OfKind<K> {
  const metadata = Object.fromEntries(
    Object.entries(resource.metadata).filter(([field]) => !(ofOneStore as readonly string[]).includes(field)),
  );
  return { ...resource, metadata } as unknown as OfKind<K>;
}

/** A short text that is equal for equal objects: what a verification holds of each object instead of its value. */
export function fingerprint(resource: ResourceOf<Kind>): string {
  return createHash('sha256')
    .update(stringifyJson(sorted(portable(resource))))
    .digest('base64');
}

/** The path of the first field in which two objects differ, "spec.cidr"; undefined when there is none. */
export function firstDifference(one: ResourceOf<Kind>, other: ResourceOf<Kind>): string | undefined {
  return differenceAt(portable(one), portable(other), []);
}

function differenceAt(one: unknown, other: unknown, path: readonly string[]): string | undefined {
  if (isObject(one) && isObject(other)) {
    const fields = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
    for (const field of fields) {
      const found = differenceAt(one[field], other[field], [...path, field]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return stringifyJson({ value: one }) === stringifyJson({ value: other }) ? undefined : path.join('.');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([field, item]) => [field, sorted(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

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
const ofOneStore: readonly string[] = [
  'resourceVersion',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'generateName',
  'selfLink',
  'managedFields',
  'ownerReferences',
  'finalizers',
];

/** Labels that follow from what a BlockAffinity is: drivers that look affinities up by them add them themselves. */
const derivedLabels: readonly string[] = [
  'projectcalico.org/hostname-hash',
  'projectcalico.org/affinity-type',
  'projectcalico.org/ip-version',
];

/** The object as another store can create it. */
export function portable<K extends Kind>(resource: ResourceOf<K>): OfKind<K> {
  const { labels = {}, ...metadata } = without(resource.metadata, ofOneStore);
  const own = resource.kind === 'BlockAffinity' ? without(labels, derivedLabels) : labels;
  const kept = Object.keys(own).length === 0 ? metadata : { ...metadata, labels: own };
  return { ...resource, metadata: kept } as unknown as OfKind<K>;
}

function without(
  fields: object,
  unwanted: readonly string[],
): { readonly [field: string]: unknown; labels?: object } {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !unwanted.includes(field)));
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

/**
 * The path of the first field of an object that its copy does not have like that; undefined when nothing was lost. The copy
 * may have fields more: an API server fills in the defaults of its CRDs.
 */
export function firstLoss(source: ResourceOf<Kind>, copy: ResourceOf<Kind>): string | undefined {
  return differenceAt(portable(source), portable(copy), [], 'more is fine');
}

function differenceAt(
  one: unknown,
  other: unknown,
  path: readonly string[],
  more?: 'more is fine',
): string | undefined {
  const areLists = Array.isArray(one) && Array.isArray(other);
  if (!(isObject(one) && isObject(other)) || (areLists && one.length !== other.length))
    return stringifyJson({ value: one }) === stringifyJson({ value: other }) ? undefined : path.join('.');
  const fields = new Set([...Object.keys(one), ...(more ? [] : Object.keys(other))]);
  for (const field of [...fields].sort()) {
    const found = differenceAt(one[field], other[field], [...path, field], more);
    if (found !== undefined) return found;
  }
  return undefined;
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

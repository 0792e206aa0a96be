/**
 * Objects as the API server speaks of them: as much of their shape as this driver looks at.
 */

/** Metadata of any object of the API server. */
export interface ObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string | null;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

/** Who an object belongs to. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** Any object: a custom resource, a Node, a Pod. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Metadata as weft has it. */
export interface ResourceMeta extends Omit<ObjectMeta, 'creationTimestamp'> {
  readonly creationTimestamp?: string;
}

/** A record without the entries that are undefined; undefined when none is left. */
export function compact<T>(record: Readonly<Record<string, T | undefined>>): Record<string, T> | undefined {
  const entries = Object.entries(record).filter((entry): entry is [string, T] => entry[1] !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/**
 * What a mapping says: where etcd keeps a kind, and how. `mappings.ts` has them all.
 */
import type { ResourceKey } from '../../datastore.ts';

/** A value before it is known to be a resource, or on its way to be stored. */
export interface RawResource {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata: RawMetadata;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Metadata of which only the name is certain. */
export type RawMetadata = Readonly<Record<string, unknown>> & {
  readonly name: string;
  readonly namespace?: string;
};

/** All keys from `key` up to, not including, `rangeEnd`. */
export interface Range {
  readonly key: string;
  readonly rangeEnd: string;
}

/** What the driver has to know of a kind. */
export interface Mapping {
  /** Where all objects of the kind are, or of one namespace; other things may lie there, too. */
  range(namespace?: string): Range;
  /** Where an object of this name may be. More than one place where a name does not say all that the key does. */
  keysNamed(key: ResourceKey): readonly string[];
  /** Where this object belongs; undefined when its name and its content do not belong together. */
  keyOf(resource: RawResource): string | undefined;
  /** Which object a key names; undefined when none of this kind. */
  nameIn(etcdKey: string): { readonly name: string; readonly namespace?: string } | undefined;
  /** The value to store. */
  encode(resource: RawResource): Readonly<Record<string, unknown>>;
  /** The resource in a value. It has neither revision nor, unless the value holds them, uid and creation time. */
  decode(etcdKey: string, value: Readonly<Record<string, unknown>>): RawResource;
  /** The value has metadata of its own: uid and creation time are stored there. */
  readonly hasMetadata: boolean;
}

/**
 * Where etcd keeps a kind, and how: Calico's keys and values, both to the byte. Pure. Sources: Calico,
 * libcalico-go/lib/backend/model (paths and values) and lib/backend/etcdv3 (which of them are used).
 */
import type { Kind } from '@weft/resources';
import type { ResourceKey } from '../../datastore.ts';
import { affinityMapping } from './block-affinity.ts';
import { blockMapping } from './ipam-block.ts';
import { configurationMapping } from './ipam-configuration.ts';
import { handleMapping } from './ipam-handle.ts';
import { objectMapping } from './object.ts';

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

const IPAM: Partial<Record<Kind, Mapping>> = {
  BlockAffinity: affinityMapping,
  IPAMBlock: blockMapping,
  IPAMConfiguration: configurationMapping,
  IPAMHandle: handleMapping,
};

/** How etcd keeps the kind: IPAM has its own forms, everything else is stored as the object it is. */
export function mappingOf(kind: Kind): Mapping {
  return IPAM[kind] ?? objectMapping(kind);
}

/**
 * Kinds that are stored whole: `/calico/resources/v3/projectcalico.org/<plural>/[<namespace>/]<name>` holds the object as
 * JSON, its metadata included. The revision is no part of the value.
 */
import { definitionOf, type Kind } from '@weft/resources';
import type { Mapping, RawMetadata, RawResource } from './mapping.ts';
import { prefixRange } from './range.ts';

const ROOT = '/calico/resources/v3/projectcalico.org/';

/** The fields of metadata in the order in which Go prints them; others follow. */
const METADATA_ORDER = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
];

/** The mapping of a kind that has no form of its own. */
export function objectMapping(kind: Kind): Mapping {
  const { plural, namespaced } = definitionOf(kind);
  const root = `${ROOT}${plural}/`;
  const keyNamed = (name: string, namespace: string | undefined): string[] => {
    const parts = namespaced ? [namespace ?? '', name] : [name];
    return parts.every((part) => part !== '' && !part.includes('/')) ? [root + parts.join('/')] : [];
  };
  const nameIn: Mapping['nameIn'] = (etcdKey) => {
    const parts = etcdKey.slice(root.length).split('/');
    const [first = '', second = ''] = parts;
    if (!etcdKey.startsWith(root) || parts.includes('') || parts.length !== (namespaced ? 2 : 1))
      return undefined;
    return namespaced ? { name: second, namespace: first } : { name: first };
  };
  return {
    hasMetadata: true,
    range: (namespace) => prefixRange(namespaced && namespace !== undefined ? `${root}${namespace}/` : root),
    keysNamed: ({ name, namespace }) => keyNamed(name, namespace),
    keyOf: ({ metadata }) => keyNamed(metadata.name, metadata.namespace)[0],
    nameIn,
    encode: ({ apiVersion, metadata, ...rest }) => ({
      kind,
      apiVersion,
      metadata: inGoOrder(metadata),
      ...rest,
    }),
    decode: (etcdKey, value) => {
      const stored = (value.metadata ?? {}) as Record<string, unknown>;
      return { ...value, metadata: { ...stored, ...nameIn(etcdKey) } } as unknown as RawResource;
    },
  };
}

function inGoOrder({ resourceVersion: _, ...metadata }: RawMetadata): Record<string, unknown> {
  const ordered = METADATA_ORDER.filter((field) => metadata[field] !== undefined).map((field) => [
    field,
    metadata[field],
  ]);
  return { ...Object.fromEntries(ordered), ...metadata };
}

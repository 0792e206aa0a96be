/**
 * What the values of IPAM have in common: JSON without kind and metadata.
 */
import { apiVersion, type Kind } from '@weft/resources';
import type { RawMetadata, RawResource } from './mapping.ts';

/** Calico's IPAM values have no place for labels and annotations; where somebody sets them, they are kept in this member. */
const METADATA = 'metadata';

/** A value with what of the metadata neither the key nor etcd itself knows. */
export function withMetadata(value: Record<string, unknown>, metadata: RawMetadata): Record<string, unknown> {
  const { name, namespace, uid, creationTimestamp, resourceVersion, ...others } = metadata;
  const kept = Object.entries(others).filter(([, item]) => item !== undefined);
  return kept.length === 0 ? value : { ...value, [METADATA]: Object.fromEntries(kept) };
}

/** The resource in such a value. */
export function ipamResource(
  kind: Kind,
  name: string,
  { [METADATA]: kept, ...spec }: Readonly<Record<string, unknown>>,
): RawResource {
  return { apiVersion, kind, metadata: { ...(kept as object), name }, spec };
}

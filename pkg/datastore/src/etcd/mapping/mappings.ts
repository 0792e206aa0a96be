/**
 * Where etcd keeps a kind, and how: Calico's keys and values, both to the byte. Pure. Sources: Calico,
 * libcalico-go/lib/backend/model (paths and values) and lib/backend/etcdv3 (which of them are used).
 */
import type { Kind } from '@weft/resources';
import { affinityMapping } from './block-affinity.ts';
import { blockMapping } from './ipam-block.ts';
import { configurationMapping } from './ipam-configuration.ts';
import { handleMapping } from './ipam-handle.ts';
import type { Mapping } from './mapping.ts';
import { objectMapping } from './object.ts';

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

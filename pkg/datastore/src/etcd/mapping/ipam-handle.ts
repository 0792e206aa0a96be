/**
 * IPAMHandle: `/calico/ipam/v2/handle/<ID>`. The key holds the ID as it is; the name of the object is the ID in lower case, as
 * everywhere. `HandleNames` finds the key where the two differ. Source: Calico IPAMHandleKey.
 */
import { handleName } from '@weft/resources';
import { ipamResource, withMetadata } from './ipam-value.ts';
import type { Mapping } from './mapping.ts';
import { prefixRange } from './range.ts';

const ROOT = '/calico/ipam/v2/handle/';

/** The mapping of IPAMHandle. */
export const handleMapping: Mapping = {
  hasMetadata: false,
  range: () => prefixRange(ROOT),
  keysNamed: ({ name }) => (name === '' || name.includes('/') ? [] : [ROOT + name]),
  keyOf: ({ metadata, spec }) => {
    const id = String(spec.handleID);
    return id === '' || id.includes('/') || handleName(id) !== metadata.name ? undefined : ROOT + id;
  },
  nameIn: (etcdKey) => {
    const id = handleIn(etcdKey);
    return id === undefined ? undefined : { name: handleName(id) };
  },
  encode: ({ metadata, spec }) => {
    const { handleID, block, deleted, ...rest } = spec;
    return withMetadata({ block, deleted, ...rest }, metadata);
  },
  decode: (etcdKey, value) => {
    const handleID = handleIn(etcdKey) ?? '';
    return ipamResource('IPAMHandle', handleName(handleID), { ...value, handleID });
  },
};

/** The ID in a key; undefined when the key is no handle's. */
export function handleIn(etcdKey: string): string | undefined {
  const id = etcdKey.slice(ROOT.length);
  return !etcdKey.startsWith(ROOT) || id === '' || id.includes('/') ? undefined : id;
}

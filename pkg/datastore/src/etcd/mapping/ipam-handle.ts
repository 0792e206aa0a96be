/**
 * IPAMHandle: `/calico/ipam/v2/handle/<ID>`. The key holds the ID as it is, so the object's name keeps the ID's case here,
 * whereas Kubernetes wants names in lower case. Source: Calico IPAMHandleKey.
 */
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
    return id.includes('/') || id.toLowerCase() !== metadata.name.toLowerCase() ? undefined : ROOT + id;
  },
  nameIn,
  encode: ({ metadata, spec }) => {
    const { handleID, block, deleted, ...rest } = spec;
    return withMetadata({ block, deleted, ...rest }, metadata);
  },
  decode: (etcdKey, value) => {
    const name = nameIn(etcdKey)?.name ?? '';
    return ipamResource('IPAMHandle', name, { ...value, handleID: name });
  },
};

function nameIn(etcdKey: string): { readonly name: string } | undefined {
  const name = etcdKey.slice(ROOT.length);
  return !etcdKey.startsWith(ROOT) || name === '' || name.includes('/') ? undefined : { name };
}

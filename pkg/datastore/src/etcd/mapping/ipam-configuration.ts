/**
 * IPAMConfiguration: the one key `/calico/ipam/v2/config`, which is what IPAM obeys. Calico's API can also store an object of
 * this kind among the resources; IPAM never looks at it, and so it is not looked at here. Source: Calico IPAMConfig.
 */
import { ipamResource, withMetadata } from './ipam-value.ts';
import type { Mapping } from './mapping.ts';

const KEY = '/calico/ipam/v2/config';
const NAME = 'default';

/** The mapping of IPAMConfiguration. */
export const configurationMapping: Mapping = {
  hasMetadata: false,
  range: () => ({ key: KEY, rangeEnd: `${KEY}\0` }),
  keysNamed: ({ name }) => (name === NAME ? [KEY] : []),
  keyOf: ({ metadata }) => (metadata.name === NAME ? KEY : undefined),
  nameIn: (etcdKey) => (etcdKey === KEY ? { name: NAME } : undefined),
  encode: ({ metadata, spec }) => {
    const { strictAffinity, autoAllocateBlocks, maxBlocksPerHost, ...rest } = spec;
    const value = {
      strict_affinity: strictAffinity,
      auto_allocate_blocks: autoAllocateBlocks,
      maxBlocksPerHost,
      ...rest,
    };
    // Go leaves a cooldown of 0 out, too; but here an absent one means 60 s, and Calico reads a 0 that is there as its own.
    const isWritten = ([name, item]: [string, unknown]) =>
      (item !== false && item !== 0) || name === 'ipCooldownSeconds';
    const written = Object.entries(value).filter(isWritten);
    return withMetadata(Object.fromEntries(written), metadata);
  },
  // What Go leaves out is false. An absent `auto_allocate_blocks` therefore means false, although without any object it is true.
  decode: (_etcdKey, { strict_affinity = false, auto_allocate_blocks = false, ...rest }) =>
    ipamResource('IPAMConfiguration', NAME, {
      strictAffinity: strict_affinity,
      autoAllocateBlocks: auto_allocate_blocks,
      ...rest,
    }),
};

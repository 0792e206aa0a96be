/**
 * IPAMBlock: `/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26`. The names of the fields are those of the resource, but for
 * `affinity_claim_time`; a block without an owner says `"affinity":null`. Source: Calico AllocationBlock.
 */
import { blockName } from '@weft/resources';
import { blockPath, cidrInPath, cidrNamed } from './block-text.ts';
import { ipamResource, withMetadata } from './ipam-value.ts';
import type { Mapping } from './mapping.ts';
import { prefixRange } from './range.ts';

const ROOT = '/calico/ipam/v2/assignment/';

/** The mapping of IPAMBlock. */
export const blockMapping: Mapping = {
  hasMetadata: false,
  range: () => prefixRange(ROOT),
  keysNamed: ({ name }) => {
    const cidr = cidrNamed(name);
    return cidr === undefined ? [] : [ROOT + blockPath(cidr)];
  },
  keyOf: ({ metadata, spec }) => {
    const cidr = cidrNamed(metadata.name);
    return cidr !== undefined && cidr === spec.cidr ? ROOT + blockPath(cidr) : undefined;
  },
  nameIn,
  encode: ({ metadata, spec }) => {
    const { cidr, affinity, affinityClaimTime, strictAffinity, ...rest } = spec;
    const claimTime = affinityClaimTime === undefined ? {} : { affinity_claim_time: affinityClaimTime };
    // Deprecated, always false, and no part of Calico's value.
    const strict = strictAffinity ? { strictAffinity } : {};
    return withMetadata(
      { cidr, affinity: affinity ?? null, ...claimTime, ...inGoOrder(rest), ...strict },
      metadata,
    );
  },
  decode: (etcdKey, value) => {
    const { affinity, affinity_claim_time, hostAffinity, ...rest } = value;
    const owner = affinity ?? (typeof hostAffinity === 'string' ? `host:${hostAffinity}` : undefined);
    return ipamResource('IPAMBlock', nameIn(etcdKey)?.name ?? '', {
      ...rest,
      ...(owner ? { affinity: owner } : {}),
      ...(affinity_claim_time ? { affinityClaimTime: affinity_claim_time } : {}),
    });
  },
};

function nameIn(etcdKey: string): { readonly name: string } | undefined {
  const [, text = ''] = /^\/calico\/ipam\/v2\/assignment\/ipv[46]\/block\/([^/]+)$/.exec(etcdKey) ?? [];
  const cidr = cidrInPath(text);
  return cidr === undefined ? undefined : { name: blockName(cidr) };
}

function inGoOrder(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const {
    allocations,
    unallocated,
    attributes,
    sequenceNumber,
    sequenceNumberForAllocation,
    deleted,
    ...rest
  } = spec;
  return {
    allocations,
    unallocated,
    attributes,
    sequenceNumber,
    sequenceNumberForAllocation,
    deleted,
    ...rest,
  };
}

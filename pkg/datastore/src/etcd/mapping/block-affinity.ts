/**
 * BlockAffinity: `/calico/ipam/v2/host/<node>/ipv4/block/10.0.0.0-26`, or `virtual` for `host`. The value is the state; none
 * at all, which old versions wrote, means confirmed. Owner, type and block are in the key. Source: Calico BlockAffinityKey.
 */
import { createHash } from 'node:crypto';
import { affinityName } from '@weft/resources';
import { blockPath, type Cidr, cidrInPath, cidrNamed } from './block-text.ts';
import { ipamResource, withMetadata } from './ipam-value.ts';
import type { Mapping } from './mapping.ts';

const ROOT = '/calico/ipam/v2/';
const TYPES = ['host', 'virtual'] as const;

interface Claim {
  readonly type: string;
  readonly node: string;
  readonly cidr: Cidr;
}

/** The mapping of BlockAffinity. */
export const affinityMapping: Mapping = {
  hasMetadata: false,
  // One range for both types: nothing else of Calico's lies between "host/" and "virtual/".
  range: () => ({ key: `${ROOT}host/`, rangeEnd: `${ROOT}virtual0` }),
  keysNamed: ({ name }) =>
    splits(name).flatMap(([node, cidr]) => TYPES.map((type) => keyOf({ type, node, cidr }))),
  keyOf: ({ metadata, spec }) => {
    const { type = 'host', node, cidr } = spec as Partial<Record<string, string>>;
    if (!node || node.includes('/') || !cidr || affinityName(node, cidr as Cidr) !== metadata.name)
      return undefined;
    return keyOf({ type, node, cidr: cidr as Cidr });
  },
  nameIn: (etcdKey) => {
    const claim = claimIn(etcdKey);
    return claim && { name: affinityName(claim.node, claim.cidr) };
  },
  encode: ({ metadata, spec }) => {
    const { state, deleted, node, type, cidr, ...rest } = spec;
    return withMetadata({ state, deleted, ...rest }, withoutDerivedLabels(metadata, spec));
  },
  decode: (etcdKey, value) => {
    const claim = claimIn(etcdKey) ?? { type: 'host', node: '', cidr: '' as Cidr };
    const { node, cidr } = claim;
    const resource = ipamResource('BlockAffinity', affinityName(node, cidr), { ...value, ...claim });
    const labels = { ...(resource.metadata.labels as object | undefined), ...derivedLabels(claim) };
    return { ...resource, metadata: { ...resource.metadata, labels } };
  },
};

function keyOf({ type, node, cidr }: Claim): string {
  return `${ROOT}${type}/${node}/${blockPath(cidr)}`;
}

/** Calico's own parser takes `@` for a type as well, but none of its lists finds such a key, and nobody writes one. */
function claimIn(etcdKey: string): Claim | undefined {
  const match = /^\/calico\/ipam\/v2\/(host|virtual)\/([^/]+)\/ipv[46]\/block\/([^/]+)$/.exec(etcdKey);
  const [, type = '', node = '', text = ''] = match ?? [];
  const cidr = cidrInPath(text);
  return cidr === undefined ? undefined : { type, node, cidr };
}

/**
 * The nodes and blocks whose affinity may have this name: one for IPv4; for IPv6, whose blocks differ in length, there can be
 * several ("a-b-c-1---122": node a-b with c:1::/122, or a with b:c:1::/122).
 */
function splits(name: string): [node: string, cidr: Cidr][] {
  return [...name.matchAll(/-/g)].flatMap(({ index }) => {
    const cidr = cidrNamed(name.slice(index + 1));
    return cidr === undefined || index === 0 ? [] : [[name.slice(0, index), cidr] as [string, Cidr]];
  });
}

/** Calico's labels in Kubernetes, where affinities are found by them. They follow from the key. */
function derivedLabels({ type, node, cidr }: Claim): Record<string, string> {
  return {
    'projectcalico.org/hostname-hash': base32(createHash('sha3-256').update(node).digest()),
    'projectcalico.org/affinity-type': type,
    'projectcalico.org/ip-version': cidr.includes(':') ? '6' : '4',
  };
}

function withoutDerivedLabels<M extends Readonly<Record<string, unknown>>>(
  metadata: M,
  spec: Readonly<Record<string, unknown>>,
): M {
  const derived = derivedLabels({ type: 'host', ...spec } as unknown as Claim);
  const labels = Object.entries((metadata.labels ?? {}) as object).filter(
    ([label]) => !Object.hasOwn(derived, label),
  );
  return { ...metadata, labels: labels.length === 0 ? undefined : Object.fromEntries(labels) };
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 base32 without padding. */
function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}

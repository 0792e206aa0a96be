/**
 * The range of a pool that nobody gave one. Pure.
 *
 * Source: Calico: the Pods' range of kubeadm, else 192.168.0.0/16 or the first 172.16.0.0/16 … 172.31.0.0/16 that the host
 * has no address near, else a random unique local prefix (RFC 4193).
 */
import {
  type Family,
  familyOf,
  overlaps,
  type Prefix,
  parseInterfaceAddress,
  parsePrefix,
  prefix,
  prefixFromBytes,
} from '@weft/ip';

/** What the choice depends on. */
export interface RangeFacts {
  /** `ClusterConfiguration` of kubeadm's ConfigMap, YAML; absent where there is none. */
  readonly kubeadm?: string;
  /** Of all interfaces, "10.0.0.1/24". */
  readonly hostAddresses: readonly string[];
  /** Five random bytes. */
  readonly random: Uint8Array;
}

/** A range, and what it comes from. */
export interface PoolRange {
  readonly cidr: Prefix;
  readonly source: string;
}

const PREFERRED = [
  prefix('192.168.0.0/16'),
  ...Array.from({ length: 16 }, (_, index) => prefix(`172.${16 + index}.0.0/16`)),
];

/** Chooses the range of a family. */
export function choosePoolRange(family: Family, { hostAddresses, kubeadm, random }: RangeFacts): PoolRange {
  const ofPods = kubeadm === undefined ? undefined : podSubnet(kubeadm, family);
  if (ofPods !== undefined) return { cidr: ofPods, source: "the Pods' range of kubeadm" };
  if (family === 6) return { cidr: randomPrefix(random), source: 'drawn at random (RFC 4193)' };
  const taken = hostAddresses.flatMap((text) => {
    const parsed = parseInterfaceAddress(text);
    return parsed.ok ? [parsed.value.prefix] : [];
  });
  const [first] = PREFERRED;
  const cidr = PREFERRED.find((candidate) => !taken.some((network) => overlaps(candidate, network)));
  if (cidr === undefined || cidr === first)
    return {
      cidr: first as Prefix,
      source: cidr ? 'the usual one' : 'the usual one, and none is free of the host',
    };
  return { cidr, source: `the first that the host is not in; it is in ${first}` };
}

/** The range of a family in `networking.podSubnet`, which may name one of each. */
function podSubnet(yaml: string, family: Family): Prefix | undefined {
  const [, text = ''] = /^\s*podSubnet:\s*["']?([^"'\s#]*)/m.exec(yaml) ?? [];
  return text
    .split(',')
    .flatMap((part) => {
      const parsed = parsePrefix(part);
      return parsed.ok ? [parsed.value] : [];
    })
    .find((range) => familyOf(range) === family);
}

/** A /48 in fd00::/8. */
function randomPrefix(random: Uint8Array): Prefix {
  const bytes = new Uint8Array(16);
  bytes.set([0xfd, ...random.subarray(0, 5)]);
  return prefixFromBytes(bytes, 48);
}

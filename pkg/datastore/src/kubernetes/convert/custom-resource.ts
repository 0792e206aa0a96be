/**
 * Resources that have a CRD, to and from the object the API server stores.
 */
import { createHash } from 'node:crypto';
import {
  affinityName,
  apiVersion,
  type BlockAffinity,
  crdNames,
  type Kind,
  type Resource,
  shortAffinityName,
} from '@weft/resources';
import type { KubernetesObject, ResourceMeta } from './kubernetes-object.ts';
import { fromV1Metadata, fromV3Metadata, toV1Metadata, toV3Metadata } from './metadata.ts';

/** The group and version that stores the resources of a cluster. */
export type ApiGroup = 'crd.projectcalico.org/v1' | 'projectcalico.org/v3';

/** What the group calls a kind; undefined for kinds without a CRD. */
export function storedNames(kind: Kind, group: ApiGroup): { kind: string; plural: string } | undefined {
  return crdNames(kind, group === 'projectcalico.org/v3' ? 'v3' : 'v1');
}

/** The object to send; the resource must have its defaults, which Calico's CRDs require to be there. */
export function toCustomResource(resource: Resource, group: ApiGroup): KubernetesObject {
  const { kind, metadata, spec, ...rest } = resource as Resource & KubernetesObject & { readonly kind: Kind };
  const labelled = { ...(metadata as ResourceMeta), ...storedIdentity(resource) };
  return {
    ...rest,
    apiVersion: group,
    kind: storedNames(kind, group)?.kind ?? kind,
    metadata: group === 'projectcalico.org/v3' ? toV3Metadata(labelled) : toV1Metadata(labelled),
    ...(spec && { spec: isTextual(kind, group) ? deletedAsText(spec) : spec }),
  };
}

/** The resource as `readResource` takes it, its defaults not filled in yet. */
export function fromCustomResource(kind: Kind, object: KubernetesObject, group: ApiGroup): unknown {
  const stored =
    group === 'projectcalico.org/v3' ? fromV3Metadata(object.metadata) : fromV1Metadata(object.metadata);
  const spec = affinitySpec(kind, object);
  const metadata = spec ? withoutAffinityLabels(stored, spec) : stored;
  return { ...object, apiVersion, kind, metadata: { ...metadata, name: nameOf(kind, object) } };
}

/** The name weft knows an object by: that of an affinity may be longer than Kubernetes allows. */
export function nameOf(kind: Kind, object: KubernetesObject): string {
  const { name = '' } = object.metadata;
  const spec = affinitySpec(kind, object);
  const isShort = spec !== undefined && name === shortAffinityName(spec.node, spec.cidr, sha256);
  return isShort ? affinityName(spec.node, spec.cidr) : name;
}

type AffinitySpec = Pick<BlockAffinity['spec'], 'node' | 'cidr'> & { readonly type?: string };

/** The spec of an affinity, as far as it can be told who claims what. */
function affinitySpec(kind: Kind, { spec }: KubernetesObject): AffinitySpec | undefined {
  if (kind !== 'BlockAffinity') return undefined;
  const isWhole = typeof spec?.node === 'string' && typeof spec.cidr === 'string';
  return isWhole ? (spec as unknown as AffinitySpec) : undefined;
}

/** True when the object is deleted but for its removal, see `SOFT_DELETED`. */
export function isSoftDeleted({ spec }: KubernetesObject): boolean {
  return spec?.deleted === true || spec?.deleted === 'true';
}

/** Kinds that are marked before they are removed: a server that cannot compare and delete in one step can still compare. */
export const SOFT_DELETED: ReadonlySet<Kind> = new Set<Kind>(['BlockAffinity', 'IPAMBlock', 'IPAMHandle']);

/** The same object, marked as deleted. */
export function softDeleted(kind: Kind, object: KubernetesObject, group: ApiGroup): KubernetesObject {
  return { ...object, spec: { ...object.spec, deleted: isTextual(kind, group) ? 'true' : true } };
}

/** What an affinity carries in Kubernetes only: labels, and a short form of a name that is too long. */
function storedIdentity(resource: Resource): Partial<ResourceMeta> {
  if (resource.kind !== 'BlockAffinity') return {};
  const { metadata, spec } = resource as BlockAffinity;
  const labels = { ...metadata.labels, ...affinityLabels(spec) };
  const isLong = metadata.name === affinityName(spec.node, spec.cidr);
  return { labels, name: isLong ? shortAffinityName(spec.node, spec.cidr, sha256) : metadata.name };
}

/** The labels by which Calico finds the affinities of a node. Source: Calico EnsureBlockAffinityLabels. */
function affinityLabels({ node, type = 'host', cidr }: AffinitySpec): Record<string, string> {
  return {
    'projectcalico.org/hostname-hash': base32(createHash('sha3-256').update(node).digest()),
    'projectcalico.org/affinity-type': type,
    'projectcalico.org/ip-version': cidr.includes(':') ? '6' : '4',
  };
}

/** Metadata without the labels that follow from the spec: they are no part of the resource. */
function withoutAffinityLabels({ labels = {}, ...meta }: ResourceMeta, spec: AffinitySpec): ResourceMeta {
  const derived = affinityLabels(spec);
  const others = Object.entries(labels).filter(([name, value]) => derived[name] !== value);
  return others.length === 0 ? meta : { ...meta, labels: Object.fromEntries(others) };
}

/** True where `deleted` is text: crd.projectcalico.org/v1 declares it so, for one kind. */
function isTextual(kind: Kind, group: ApiGroup): boolean {
  return kind === 'BlockAffinity' && group === 'crd.projectcalico.org/v1';
}

function deletedAsText(spec: KubernetesObject['spec']): Record<string, unknown> {
  return { ...spec, deleted: String(spec?.deleted ?? false) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** RFC 4648 §6, without padding. */
function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups
    .map((group) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('');
}

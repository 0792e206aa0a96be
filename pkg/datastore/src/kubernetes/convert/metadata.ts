/**
 * Metadata of a resource as the two API groups store it.
 *
 * projectcalico.org/v3 stores it as it is. In crd.projectcalico.org/v1 the object itself keeps only its name, and Calico
 * puts everything a user wrote into one annotation, as JSON; labels and annotations of Calico's own stand in both places.
 *
 * Source: Calico libcalico-go/lib/backend/k8s/resources/resources.go.
 */
import { goJson, sortedMap } from './go-json.ts';
import type { ObjectMeta, OwnerReference, ResourceMeta } from './kubernetes-object.ts';
import { convertUid } from './uid.ts';

const METADATA_ANNOTATION = 'projectcalico.org/metadata';
const STORED_GROUP = 'crd.projectcalico.org/v1';
const USER_GROUP = 'projectcalico.org/v3';

/** The part of metadata that a writer decides. */
type WrittenMeta = Omit<ResourceMeta, 'uid' | 'creationTimestamp' | 'deletionTimestamp'>;

/** Metadata for an object of projectcalico.org/v3: without what only the server decides. */
export function toV3Metadata(meta: ObjectMeta): WrittenMeta {
  const { name, generateName, namespace, resourceVersion, labels, annotations, ownerReferences, finalizers } =
    meta;
  return defined({
    name,
    generateName,
    namespace,
    resourceVersion,
    labels,
    annotations,
    ownerReferences,
    finalizers,
  });
}

/** Metadata of an object of projectcalico.org/v3, without the server's bookkeeping (managedFields, generation). */
export function fromV3Metadata(meta: ObjectMeta): ResourceMeta {
  return defined({ ...toV3Metadata(meta), ...stampsOf(meta), uid: meta.uid });
}

/**
 * Metadata for an object of crd.projectcalico.org/v1.
 *
 * Departs from Calico in one point: the creation time inside the annotation stays empty, which Calico reads as that
 * of the object. It is the server's to tell, and an update need not read the object first to keep it.
 */
export function toV1Metadata(meta: ResourceMeta): ObjectMeta {
  const { name, namespace, resourceVersion, labels = {}, annotations = {} } = meta;
  return defined({
    name,
    namespace,
    resourceVersion,
    labels: nonEmpty(ours(labels)),
    annotations: { ...ours(annotations), [METADATA_ANNOTATION]: goJson(annotated(meta)) },
  });
}

/** Metadata of an object of crd.projectcalico.org/v1, whether or not it carries the annotation. */
export function fromV1Metadata(meta: ObjectMeta): ResourceMeta {
  const uid = meta.uid === undefined ? undefined : convertUid(meta.uid);
  const stored = storedMetadata(meta);
  if (!stored) return { ...fromV3Metadata(meta), ...defined({ uid }) };
  const { [METADATA_ANNOTATION]: _, ...own } = meta.annotations ?? {};
  return defined({
    name: meta.name,
    generateName: stored.generateName,
    namespace: meta.namespace,
    resourceVersion: meta.resourceVersion,
    uid,
    ...stampsOf({ ...meta, creationTimestamp: stored.creationTimestamp ?? meta.creationTimestamp ?? null }),
    labels: nonEmpty({ ...meta.labels, ...stored.labels }),
    annotations: nonEmpty({ ...own, ...stored.annotations }),
    ownerReferences: stored.ownerReferences?.map(toUserOwner),
    finalizers: stored.finalizers,
  });
}

/** What the annotation says; undefined when there is none, or none that can be read. */
function storedMetadata({ annotations }: ObjectMeta): ObjectMeta | undefined {
  const text = annotations?.[METADATA_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const stored: unknown = JSON.parse(text);
    return typeof stored === 'object' && stored !== null ? (stored as ObjectMeta) : undefined;
  } catch {
    return undefined;
  }
}

/** The fields of Go's ObjectMeta in its order, as far as a user writes them. */
function annotated({ generateName, labels, annotations, ownerReferences, finalizers }: ResourceMeta): object {
  return defined({
    generateName,
    creationTimestamp: null,
    labels: labels && nonEmpty(sortedMap(labels)),
    annotations: annotations && nonEmpty(sortedMap(annotations)),
    ownerReferences: ownerReferences?.map(toStoredOwner),
    finalizers,
  });
}

function toStoredOwner(owner: OwnerReference): OwnerReference {
  if (owner.apiVersion !== USER_GROUP) return owner;
  return { ...owner, apiVersion: STORED_GROUP, uid: convertUid(owner.uid) };
}

/** Owners of the user's group were stored so by old versions of Calico, with the uid of the other. */
function toUserOwner(owner: OwnerReference): OwnerReference {
  if (owner.apiVersion !== STORED_GROUP && owner.apiVersion !== USER_GROUP) return owner;
  return { ...owner, apiVersion: USER_GROUP, uid: convertUid(owner.uid) };
}

function stampsOf({
  creationTimestamp,
  deletionTimestamp,
}: ObjectMeta): Pick<ResourceMeta, 'creationTimestamp' | 'deletionTimestamp'> {
  return defined({ creationTimestamp: creationTimestamp ?? undefined, deletionTimestamp });
}

function ours(map: Readonly<Record<string, string>>): Record<string, string> {
  const isOurs = (key: string) => key.includes('projectcalico.org/') || key.includes('operator.tigera.io/');
  return Object.fromEntries(Object.entries(map).filter(([key]) => isOurs(key)));
}

function nonEmpty<T extends object>(map: T): T | undefined {
  return Object.keys(map).length > 0 ? map : undefined;
}

type Defined<T> = { [Field in keyof T]?: Exclude<T[Field], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

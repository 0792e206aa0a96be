/**
 * What the API server does with a write: conflicts, preconditions, merge patches.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Address } from './address.ts';
import type { Objects, StoredObject } from './objects.ts';

/** An answer: its status and its body. */
export interface Reply {
  readonly status: number;
  readonly body: object;
}

/** A Status object. */
export function failed(status: number, reason: string, message: string, details: object = {}): Reply {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message,
    reason,
    details,
    code: status,
  };
  return { status, body };
}

/** POST, PUT, PATCH and DELETE. Of custom resources with a status of its own, `hasStatus`, only `…/status` writes it. */
export function write(
  objects: Objects,
  method: string,
  address: Address,
  body: unknown,
  hasStatus: boolean,
): Reply {
  const { collection, namespace, name } = address;
  if (method === 'POST')
    return create(objects, address, withStatusOf(body as StoredObject, hasStatus ? {} : body));
  const current = name === undefined ? undefined : objects.get(collection, name, namespace);
  if (!current) return missing(address);
  const sent = (body ?? {}) as StoredObject & { preconditions?: Precondition };
  const precondition = method === 'DELETE' ? sent.preconditions : (sent.metadata as Precondition);
  const conflict = whyConflict(current, precondition);
  if (conflict)
    return failed(409, 'Conflict', `Operation cannot be fulfilled on "${name}": ${conflict}`, { name });
  if (method === 'DELETE') return remove(objects, collection, current);
  if (method === 'PUT' && !sent.metadata.resourceVersion)
    return failed(422, 'Invalid', 'metadata.resourceVersion: must be specified for an update', { name });
  const next = method === 'PATCH' ? (merged(current, sent) as StoredObject) : withoutStamps(sent, current);
  const kept = address.isStatus
    ? { ...next, spec: current.spec }
    : withStatusOf(next, hasStatus ? current : next);
  if (isDeepStrictEqual(kept, current)) return { status: 200, body: current };
  return { status: 200, body: objects.put(collection, kept) };
}

/** The object with the status of another one. */
function withStatusOf({ status: _, ...object }: StoredObject, other: unknown): StoredObject {
  const { status } = other as StoredObject;
  return { ...object, ...(status !== undefined && { status }) };
}

/** The answer for an object that is not there. */
export function missing({ collection, name }: Address): Reply {
  const [plural] = collection.split('/').toReversed();
  return failed(404, 'NotFound', `${plural} "${name}" not found`, { name, kind: plural });
}

interface Precondition {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

function create(objects: Objects, { collection, namespace }: Address, sent: StoredObject): Reply {
  const { name } = sent.metadata;
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) || name.length > 253) {
    const causes = [
      { field: 'metadata.name', message: `Invalid value: "${name}": a lowercase RFC 1123 subdomain` },
    ];
    return failed(422, 'Invalid', `"${name}" is invalid`, { name, causes });
  }
  if (objects.get(collection, name, namespace))
    return failed(409, 'AlreadyExists', `"${name}" already exists`, { name });
  const metadata = { ...sent.metadata, ...(namespace !== undefined && { namespace }) };
  return { status: 201, body: objects.put(collection, { ...sent, metadata }) };
}

function remove(objects: Objects, collection: string, current: StoredObject): Reply {
  const finalizers = current.metadata.finalizers as readonly string[] | undefined;
  if (finalizers && finalizers.length > 0) {
    const deletionTimestamp = new Date().toISOString();
    return {
      status: 200,
      body: objects.put(collection, { ...current, metadata: { ...current.metadata, deletionTimestamp } }),
    };
  }
  objects.remove(collection, current);
  return { status: 200, body: { kind: 'Status', status: 'Success' } };
}

function whyConflict({ metadata }: StoredObject, wanted: Precondition | undefined): string | undefined {
  if (wanted?.uid && wanted.uid !== metadata.uid) return 'Precondition failed: UID';
  const { resourceVersion } = wanted ?? {};
  return resourceVersion && resourceVersion !== metadata.resourceVersion
    ? 'the object has been modified'
    : undefined;
}

/** A replacement: what the server stamped stays. */
function withoutStamps(sent: StoredObject, { metadata }: StoredObject): StoredObject {
  const { uid, creationTimestamp, generation, managedFields, resourceVersion } = metadata;
  const stamps = { uid, creationTimestamp, generation, managedFields, resourceVersion };
  return { ...sent, metadata: { ...sent.metadata, ...stamps } } as StoredObject;
}

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else result[field] = merged(result[field], value);
  }
  return result;
}

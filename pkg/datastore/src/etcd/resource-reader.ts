/**
 * From etcd's bytes to resources: parsed, read with defaults, with the identity and the revision that etcd knows.
 */
import { createHash } from 'node:crypto';
import { type Kind, parseJson, type ResourceOf, readResource, type ValidationIssue } from '@weft/resources';
import {
  DatastoreError,
  type OnUnreadable,
  type ResourceKey,
  type ResourcePage,
  type UnreadableObject,
} from '../datastore.ts';
import type { RawResource } from './mapping/mapping.ts';
import { mappingOf } from './mapping/mappings.ts';
import type { KeyValue } from './protobuf/kv.ts';

/** How many unreadable objects are remembered as told; beyond that they are told again. */
const TOLD = 1000;

/** A resource, or why there is none. */
type Reading<K extends Kind> =
  | { readonly ok: true; readonly resource: ResourceOf<K> }
  | { readonly ok: false; readonly reason: string };

/** Reads values; remembers which unreadable ones it has told of. */
export class ResourceReader {
  readonly #onUnreadable: OnUnreadable;
  readonly #told = new Set<string>();

  constructor(onUnreadable: OnUnreadable = () => undefined) {
    this.#onUnreadable = onUnreadable;
  }

  /** The resource; undefined for what is none of this kind, and for one that cannot be read, which is told. */
  read<K extends Kind>(kind: K, kv: KeyValue): ResourceOf<K> | undefined {
    const name = mappingOf(kind).nameIn(kv.key.toString());
    if (!name) return undefined;
    const reading = readValue(kind, kv);
    if (reading.ok) return reading.resource;
    this.#tell({ kind, ...name }, reading.reason, `${kv.key} ${kv.modRevision}`);
    return undefined;
  }

  /** What a page of keys holds of a kind. */
  page<K extends Kind>(kind: K, kvs: readonly KeyValue[]): ResourcePage<K> {
    const page = { items: [] as ResourceOf<K>[], unreadable: [] as UnreadableObject[] };
    for (const kv of kvs) {
      const name = mappingOf(kind).nameIn(kv.key.toString());
      if (!name) continue;
      const reading = readValue(kind, kv);
      if (reading.ok) page.items.push(reading.resource);
      else page.unreadable.push({ key: { kind, ...name }, reason: reading.reason });
    }
    return page;
  }

  /** The resource, which somebody asked for by name. Throws `corrupt` when it cannot be read. */
  require<K extends Kind>(kind: K, kv: KeyValue): ResourceOf<K> {
    const reading = readValue(kind, kv);
    if (reading.ok) return reading.resource;
    throw new DatastoreError(
      'corrupt',
      `Cannot read ${kind} at etcd's key ${kv.key}: ${reading.reason}. Correct the value there, or delete it.`,
    );
  }

  /** What an object was that is gone now. One that could not be read is no more than its name. */
  readLast<K extends Kind>(kind: K, kv: KeyValue): ResourceOf<K> {
    const reading = readValue(kind, kv);
    const name = mappingOf(kind).nameIn(kv.key.toString());
    return reading.ok ? reading.resource : ({ kind, metadata: name, spec: {} } as unknown as ResourceOf<K>);
  }

  /** The identity that a stored value holds. */
  stampsIn(kv: KeyValue): Record<string, unknown> {
    const { metadata = {} } = (parseObject(kv.value) ?? {}) as { metadata?: Record<string, unknown> };
    const { uid, creationTimestamp } = metadata;
    return { uid: uid || derivedUid(kv), ...(creationTimestamp ? { creationTimestamp } : {}) };
  }

  /** Why a resource, once stored, could not be read back; undefined when it can. */
  problemWith(raw: RawResource): string | undefined {
    const parsed = readResource(raw);
    return parsed.ok ? undefined : reasonOf(parsed.issues);
  }

  #tell(key: ResourceKey, reason: string, once: string): void {
    if (this.#told.has(once)) return;
    if (this.#told.size >= TOLD) this.#told.clear();
    this.#told.add(once);
    this.#onUnreadable(key, reason);
  }
}

function readValue<K extends Kind>(kind: K, kv: KeyValue): Reading<K> {
  const value = parseObject(kv.value);
  if (!value) return { ok: false, reason: 'the value is no JSON object' };
  const raw = mappingOf(kind).decode(kv.key.toString(), value);
  const metadata = {
    ...raw.metadata,
    uid: raw.metadata.uid || derivedUid(kv),
    resourceVersion: String(kv.modRevision),
  };
  const parsed = readResource({ ...raw, metadata });
  return parsed.ok
    ? { ok: true, resource: parsed.resource as ResourceOf<K> }
    : { ok: false, reason: reasonOf(parsed.issues) };
}

/** An empty value, which old affinities have, is an empty object. */
function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  if (bytes.length === 0) return {};
  try {
    const value = parseJson(bytes.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(issues: readonly ValidationIssue[]): string {
  return issues.map(({ path, reason }) => (path === '' ? reason : `${path} ${reason}`)).join('; ');
}

/**
 * Calico's IPAM values have no place for a uid. The key and the revision of its creation name an object for good: a key that
 * is deleted and made again has another creation. The form is that of RFC 9562 version 8.
 */
function derivedUid({ key, createRevision }: KeyValue): string {
  const hash = createHash('sha256').update(key).update(`\0${createRevision}`).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

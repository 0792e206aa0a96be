/**
 * Turns a resource into the text that is stored, and back. The text is the resource's own JSON, so that fields
 * nobody here knows and integers beyond 2^53 return as they came; on the way back `readResource` fills in defaults.
 */
import {
  describeIssue,
  type Kind,
  parseJson,
  type ResourceOf,
  readResource,
  stringifyJson,
} from '@weft/resources';
import {
  DatastoreError,
  keyText,
  type ListOptions,
  type OnUnreadable,
  type ResourceKey,
} from '../datastore.ts';
import { isSelected } from '../selection.ts';
import type { StoredObject } from './backend.ts';

/** The object behind a stored value, or why nobody can read it. */
export type ReadValue<K extends Kind> =
  | { readonly ok: true; readonly resource: ResourceOf<K> }
  | { readonly ok: false; readonly reason: string };

/** The resource as JSON, without its revision, which is stored beside it. */
export function encodeValue(resource: ResourceOf<Kind>): string {
  const { resourceVersion: _, ...metadata } = resource.metadata;
  return stringifyJson({ ...resource, metadata });
}

/** The resource at its revision. */
export function readValue<K extends Kind>({ key, revision, value }: StoredObject): ReadValue<K> {
  const parsed = parseStored(value);
  if (parsed === undefined) return { ok: false, reason: 'what is stored there is not JSON' };
  const result = readResource(parsed);
  if (!result.ok) return { ok: false, reason: result.issues.map((issue) => describe(issue)).join('; ') };
  if (result.resource.kind !== key.kind) return { ok: false, reason: `it is a ${result.resource.kind}` };
  const metadata = { ...result.resource.metadata, resourceVersion: String(revision) };
  return { ok: true, resource: { ...result.resource, metadata } as unknown as ResourceOf<K> };
}

function parseStored(value: string): unknown {
  try {
    return parseJson(value);
  } catch {
    return undefined;
  }
}

function describe(issue: Parameters<typeof describeIssue>[1]): string {
  return describeIssue('', issue).replace(/^: /, '');
}

/** What a store stamped on the object; nothing where that cannot be read. */
export function stampOf({ value }: StoredObject): {
  readonly uid?: string | undefined;
  readonly creationTimestamp?: string | undefined;
} {
  const parsed = parseStored(value) as { metadata?: Record<string, unknown> } | null | undefined;
  const { uid, creationTimestamp } = parsed?.metadata ?? {};
  return {
    uid: typeof uid === 'string' ? uid : undefined,
    creationTimestamp: typeof creationTimestamp === 'string' ? creationTimestamp : undefined,
  };
}

/** How many unreadable objects are remembered; beyond that some are told of twice. */
const MOST_TOLD = 1000;

/** Reads what one store holds, and says once of each unreadable value that it is. */
export class StoredReader {
  readonly #title: string;
  readonly #onUnreadable: OnUnreadable | undefined;
  readonly #told = new Set<string>();

  /** `title` is how messages call the store. */
  constructor(title: string, onUnreadable?: OnUnreadable) {
    this.#title = title;
    this.#onUnreadable = onUnreadable;
  }

  /** The resource, or undefined for a value that nobody can read, and for what the options leave out. */
  tryRead<K extends Kind>(stored: StoredObject, options: ListOptions = {}): ResourceOf<K> | undefined {
    const read = readValue<K>(stored);
    if (read.ok) return isSelected(read.resource, options) ? read.resource : undefined;
    this.#tell(stored, read.reason);
    return undefined;
  }

  /** The resource. Throws `corrupt`, naming the object, the store and the fault. */
  read<K extends Kind>(stored: StoredObject): ResourceOf<K> {
    const read = readValue<K>(stored);
    if (read.ok) return read.resource;
    this.#tell(stored, read.reason);
    throw new DatastoreError(
      'corrupt',
      `Cannot read ${describeKey(stored.key)} in ${this.#title}: ${read.reason}. ` +
        'Delete that object and create it again, or restore the store from a copy.',
    );
  }

  #tell({ key, revision }: StoredObject, reason: string): void {
    const id = `${revision} ${describeKey(key)}`;
    if (!this.#onUnreadable || this.#told.has(id)) return;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(id);
    this.#onUnreadable(key, reason);
  }
}

/** `IPPool "a"`, as messages name an object. */
export function describeKey(key: ResourceKey): string {
  return `${key.kind} "${keyText(key)}"`;
}

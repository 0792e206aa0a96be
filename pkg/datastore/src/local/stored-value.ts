/**
 * Turns a resource into the text that is stored, and back. The text is the resource's own JSON, so that fields
 * nobody here knows and integers beyond 2^53 return as they came.
 */
import { type Kind, parseJson, type ResourceOf, stringifyJson } from '@weft/resources';
import { DatastoreError, keyText, type ResourceKey } from '../datastore.ts';
import type { StoredObject } from './backend.ts';

/** The resource as JSON, without its revision, which is stored beside it. */
export function encodeValue(resource: ResourceOf<Kind>): string {
  const { resourceVersion: _, ...metadata } = resource.metadata;
  return stringifyJson({ ...resource, metadata });
}

/** The resource at its revision. Throws `corrupt`, naming the object and the store, when the text is damaged. */
export function decodeValue<K extends Kind>(stored: StoredObject, storeTitle: string): ResourceOf<K> {
  const resource = parseStored(stored, storeTitle) as ResourceOf<K>;
  return { ...resource, metadata: { ...resource.metadata, resourceVersion: String(stored.revision) } };
}

function parseStored({ key, value }: StoredObject, storeTitle: string): unknown {
  try {
    return parseJson(value);
  } catch (cause) {
    throw new DatastoreError(
      'corrupt',
      `Cannot read ${describeKey(key)} in ${storeTitle}: what is stored there is not JSON. ` +
        'Restore the store from a copy, or delete that object and create it again.',
      { cause },
    );
  }
}

function describeKey(key: ResourceKey): string {
  return `${key.kind} "${keyText(key)}"`;
}

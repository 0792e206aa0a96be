/**
 * What a change that the server tells means to a watch of resources.
 */
import type { Kind, ResourceOf } from '@weft/resources';
import type { WatchEvent } from '../../datastore.ts';
import type { Collection } from '../collection.ts';
import type { KubernetesObject } from '../convert/kubernetes-object.ts';
import type { RawEvent } from './watch-collection.ts';

/**
 * Translates the changes of one watch, in their order; undefined for those that change nothing a reader can see.
 *
 * An object that is marked as deleted is gone for readers. The removal that follows the mark is no second delete, and
 * neither is a mark that somebody sets again. An object that `tryRead` cannot read is gone, too: what a reader knew of it
 * does not hold any more.
 */
export function eventTranslator<K extends Kind>(
  collection: Collection<K>,
  tryRead: (object: KubernetesObject) => ResourceOf<K> | undefined,
): (raw: RawEvent) => WatchEvent<K> | undefined {
  const marked = new Set<string>();
  return ({ type, object }) => {
    const key = collection.keyOf(object);
    if (!key) return undefined;
    const { resourceVersion: revision = '' } = object.metadata;
    if (type === 'DELETED') {
      marked.delete(key.name);
      return collection.isDeleted(object) ? undefined : { kind: 'delete', key, revision };
    }
    if (collection.isDeleted(object)) {
      if (marked.has(key.name)) return undefined;
      marked.add(key.name);
      return { kind: 'delete', key, revision };
    }
    const resource = tryRead(object);
    return resource ? { kind: 'put', resource, revision } : { kind: 'delete', key, revision };
  };
}

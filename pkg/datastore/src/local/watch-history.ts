/**
 * Reads a store's history as a watch: page by page, as fast as the consumer takes it, then waiting for the feed.
 * Nothing is queued: the consumer's place in the history is all there is, so a slow one costs no memory, and one that
 * falls behind the kept history is told so.
 */
import type { Kind, ResourceOf } from '@weft/resources';
import { DatastoreError, type ResourceKey, type Revision, type WatchEvent } from '../datastore.ts';
import type { Backend, Change, StoredObject } from './backend.ts';

/** How many changes a watch holds at a time. */
const PAGE_CHANGES = 64;

/** The resource in a stored value; undefined where a reader is to have none of it. */
type Read<K extends Kind> = (stored: StoredObject) => ResourceOf<K> | undefined;

/** The watch of `Datastore`, over the history of a backend. */
export async function* watchHistory<K extends Kind>(
  backend: Backend,
  read: Read<K>,
  kind: K,
  since: Revision,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<K>, void, undefined> {
  if (signal.aborted) return;
  using _lease = backend.keepFeedCurrent();
  let place = parseRevision(since);
  while (!signal.aborted) {
    const page = await readPage(backend, kind, place);
    for (const change of page.changes) {
      if (signal.aborted) return;
      yield toEvent<K>(change, read);
    }
    place = page.through;
    if (backend.feed.revision <= place) place = Math.max(place, await backend.feed.wait(kind, signal));
  }
}

async function readPage(backend: Backend, kind: Kind, place: number) {
  const page = await backend.read((tables) => tables.changesAfter(kind, place, PAGE_CHANGES));
  if (page) return page;
  throw new DatastoreError(
    'compacted',
    `Cannot watch ${kind} from revision ${place}: ${backend.title} does not hold that history. List again.`,
  );
}

/** Text that is no revision of ours came from another store, whose history we do not have: no place at all. */
function parseRevision(text: Revision): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

/** A value that is not for the reader is as good as removed: what he knew of the object before does not hold any more. */
function toEvent<K extends Kind>({ key, revision, value }: Change, read: Read<K>): WatchEvent<K> {
  const resource = value === undefined ? undefined : read({ key, revision, value });
  return resource
    ? { kind: 'put', resource, revision: String(revision) }
    : { kind: 'delete', key: key as ResourceKey<K>, revision: String(revision) };
}

/** Reads all objects of a kind, and tells what cannot be read, which a list leaves out. */
import { type Datastore, pagesOf, type UnreadableObject } from '@weft/datastore';
import type { Kind, ResourceOf } from '@weft/resources';

/** All objects of a kind. */
export interface Everything<K extends Kind> {
  readonly items: readonly ResourceOf<K>[];
  readonly unreadable: readonly UnreadableObject[];
}

const PAGE_OBJECTS = 1000;

/** Reads page by page; the pages are not of one moment. */
export async function readAll<K extends Kind>(store: Datastore, kind: K): Promise<Everything<K>> {
  const items: ResourceOf<K>[] = [];
  const unreadable: UnreadableObject[] = [];
  for await (const page of pagesOf(store, kind, PAGE_OBJECTS)) {
    items.push(...page.items);
    unreadable.push(...page.unreadable);
  }
  return { items, unreadable };
}

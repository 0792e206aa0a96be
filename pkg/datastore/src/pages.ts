/**
 * Reads a kind piece by piece, for whoever must not hold 50,000 objects at once.
 */
import type { Kind } from '@weft/resources';
import type { Datastore, ResourcePage } from './datastore.ts';

/** The objects of a kind in pages of at most `size`; one page with all of them where the driver has no pages. */
export async function* pagesOf<K extends Kind>(
  store: Datastore,
  kind: K,
  size: number,
): AsyncGenerator<ResourcePage<K>, void, undefined> {
  if (store.pages) return yield* store.pages(kind, size);
  yield { items: (await store.list(kind)).items, unreadable: [] };
}

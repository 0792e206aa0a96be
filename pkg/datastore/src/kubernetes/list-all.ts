/**
 * Lists a collection page by page, all pages being of one revision.
 */
import { DatastoreError, type Revision } from '../datastore.ts';
import type { ApiCall } from './api/api-call.ts';
import type { ApiClient } from './api/api-client.ts';
import { refusal } from './api/api-failure.ts';
import type { KubernetesObject } from './convert/kubernetes-object.ts';

const PAGE_SIZE = 500;
/** How often a list whose revision was forgotten half-way begins again before it asks for everything at once. */
const PAGED_ATTEMPTS = 2;

/** Takes the objects of a list; `begin` forgets those of an attempt that came to nothing. */
export interface ListReader {
  readonly begin: () => void;
  readonly take: (object: KubernetesObject) => void;
}

/** Reads a whole list, and returns the revision of all of it. */
export async function listAll(client: ApiClient, call: ApiCall, reader: ListReader): Promise<Revision> {
  for (let attempt = 1; ; attempt++) {
    reader.begin();
    try {
      return await readAll(client, call, attempt > PAGED_ATTEMPTS ? undefined : PAGE_SIZE, reader);
    } catch (error) {
      const isForgotten = error instanceof DatastoreError && error.code === 'compacted';
      if (!isForgotten || attempt > PAGED_ATTEMPTS) throw error;
    }
  }
}

async function readAll(
  client: ApiClient,
  call: ApiCall,
  limit: number | undefined,
  { take }: ListReader,
): Promise<Revision> {
  const pages = pagesOfCollection(client, call, limit);
  for (;;) {
    const { value, done } = await pages.next();
    if (done) return value;
    for (const object of value) take(object);
  }
}

interface Page {
  readonly metadata: { readonly resourceVersion: Revision; readonly continue?: string };
  readonly items: readonly KubernetesObject[] | null;
}

/**
 * Yields the objects of a list in pages of at most `limit`, none of them empty, and returns their common revision.
 *
 * @throws DatastoreError `compacted` when the server forgot that revision between two pages
 */
export async function* pagesOfCollection(
  client: ApiClient,
  call: ApiCall,
  limit: number | undefined,
): AsyncGenerator<readonly KubernetesObject[], Revision, undefined> {
  let token = '';
  for (;;) {
    const query = {
      ...call.query,
      ...(limit && { limit: String(limit) }),
      ...(token !== '' && { continue: token }),
    };
    const answer = await client.request({ ...call, query });
    if (answer.status !== 200) throw refusal(call, client.title, answer);
    const { metadata, items } = answer.body as Page;
    if (items && items.length > 0) yield items;
    token = metadata.continue ?? '';
    if (token === '') return metadata.resourceVersion;
  }
}

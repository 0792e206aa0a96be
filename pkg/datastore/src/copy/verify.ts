/**
 * Compares two stores after a copy. Of each object only a fingerprint is held, one kind at a time.
 */
import type { Kind } from '@weft/resources';
import { type Datastore, keyText } from '../datastore.ts';
import { pagesOf } from '../pages.ts';
import { fingerprint, firstLoss } from './comparable.ts';
import { keyOf } from './copy-object.ts';
import type { CopyTrouble } from './copy-report.ts';

/**
 * The objects of a kind that are in the source and not, or not the same, in the target. Objects whose `keyText` is in
 * `excused` were not written, and are passed over.
 */
export async function differencesOf(
  kind: Kind,
  { source, target }: { readonly source: Datastore; readonly target: Datastore },
  excused: ReadonlySet<string>,
  pageSize: number,
): Promise<CopyTrouble[]> {
  const expected = await fingerprintsOf(source, kind, excused, pageSize);
  const differing: CopyTrouble[] = [];
  for await (const { items } of pagesOf(target, kind, pageSize)) {
    for (const item of items) {
      const name = keyText(item.metadata);
      const wanted = expected.get(name);
      expected.delete(name);
      if (wanted === undefined || wanted === fingerprint(item)) continue;
      const current = await source.get(keyOf(item));
      const path = current ? firstLoss(current, item) : 'it';
      if (path === undefined) continue;
      differing.push({ key: keyOf(item), reason: `${path} differs from the source` });
    }
  }
  const missing = [...expected.keys()].map((name) => ({
    key: keyFrom(kind, name),
    reason: 'it is missing in the target',
  }));
  return [...differing, ...missing];
}

async function fingerprintsOf(
  store: Datastore,
  kind: Kind,
  excused: ReadonlySet<string>,
  pageSize: number,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { items } of pagesOf(store, kind, pageSize)) {
    for (const item of items) {
      const name = keyText(item.metadata);
      if (!excused.has(name)) found.set(name, fingerprint(item));
    }
  }
  return found;
}

function keyFrom(kind: Kind, text: string): CopyTrouble['key'] {
  const [name = '', namespace] = text.split('/').reverse();
  return namespace === undefined ? { kind, name } : { kind, name, namespace };
}

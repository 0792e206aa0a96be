/**
 * What became of a write whose answer was lost. The client sends it again; when that fails, the first attempt may have come
 * through. The history tells some of it, and what it cannot tell is not guessed: two writers may write the very same bytes.
 */
import { type Kind, parseJson } from '@weft/resources';
import { DatastoreError, keyText } from '../datastore.ts';
import type { EtcdClient } from './client/etcd-client.ts';
import type { KeyValue } from './protobuf/kv.ts';

/** How many later writes are walked back through; under more than that, nobody waits for this answer. */
const STEPS = 32;

/** True when the value holds the uid that was made for this very write. */
export function isOurs(kv: KeyValue, uid: string): boolean {
  try {
    return (parseJson(kv.value.toString()) as { metadata?: { uid?: unknown } }).metadata?.uid === uid;
  } catch {
    return false;
  }
}

/**
 * True when it is certain that another writer replaced revision `base` (undefined: made the object), and not we with `value`:
 * then ours failed. False: it may have been ours.
 *
 * @param found the object as it is now
 */
export async function replacedByOther(
  client: EtcdClient,
  found: KeyValue,
  base: number | undefined,
  value: string,
): Promise<boolean> {
  const first = await firstAfter(client, found, base).catch(historyGone);
  return first !== undefined && first.value.toString() !== value;
}

/** The write that followed `base`, or the one that made the object; undefined when the history does not reach there. */
async function firstAfter(
  client: EtcdClient,
  found: KeyValue,
  base: number | undefined,
): Promise<KeyValue | undefined> {
  const key = found.key.toString();
  if (base === undefined) return (await client.range({ key, revision: found.createRevision })).kvs[0];
  let later = found;
  for (let step = 0; step < STEPS; step++) {
    const earlier = (await client.range({ key, revision: later.modRevision - 1 })).kvs[0];
    if (earlier === undefined || earlier.modRevision < base) return undefined;
    if (earlier.modRevision === base) return later;
    later = earlier;
  }
  return undefined;
}

function historyGone(error: unknown): undefined {
  if (!(error instanceof DatastoreError && error.code === 'compacted')) throw error;
}

/** Says that nobody knows. */
export function outcomeUnknown(
  {
    kind,
    metadata,
  }: { readonly kind: Kind; readonly metadata: { readonly name: string; readonly namespace?: string } },
  what: string,
): DatastoreError {
  return new DatastoreError(
    'unavailable',
    `Cannot tell whether ${kind} ${keyText(metadata)} was ${what}: the connection to etcd was lost before the answer. Read it again and decide.`,
  );
}

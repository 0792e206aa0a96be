/**
 * Copies one object, by compare-and-swap, so that a target which others use meanwhile loses nothing of theirs.
 */
import type { Kind, ResourceOf } from '@weft/resources';
import { type Datastore, DatastoreError, type OfKind, type ResourceKey } from '../datastore.ts';
import { firstDifference, portable } from './comparable.ts';

/** What became of one object. */
export type ObjectOutcome =
  | { readonly kind: 'created' | 'replaced' | 'unchanged' | 'kept' }
  | { readonly kind: 'failed'; readonly reason: string };

/** How to write one object. */
export interface ObjectCopy {
  readonly target: Datastore;
  readonly existing: 'refuse' | 'keep' | 'replace';
  readonly dryRun: boolean;
}

/** Somebody else wrote the object each time between our reading and writing it. */
const MOST_ATTEMPTS = 10;

/**
 * Writes an object of another store into the target. What is wrong with the object itself is an outcome.
 *
 * @throws DatastoreError when the target fails, whatever the object
 */
export async function copyObject(source: ResourceOf<Kind>, copy: ObjectCopy): Promise<ObjectOutcome> {
  if (source.metadata.deletionTimestamp !== undefined)
    return { kind: 'failed', reason: 'it is being deleted, which a copy would undo' };
  try {
    return await write(portable(source), copy);
  } catch (error) {
    if (error instanceof DatastoreError && error.code === 'invalid-resource')
      return { kind: 'failed', reason: error.message };
    throw error;
  }
}

/** The key of an object. */
export function keyOf({ kind, metadata: { name, namespace } }: ResourceOf<Kind>): ResourceKey {
  return namespace === undefined ? { kind, name } : { kind, name, namespace };
}

async function write(wanted: OfKind<Kind>, copy: ObjectCopy): Promise<ObjectOutcome> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const outcome = await tryToWrite(wanted, copy);
    if (outcome) return outcome;
  }
  return { kind: 'failed', reason: `it changed in the target at each of ${MOST_ATTEMPTS} attempts` };
}

/** Undefined when another writer was faster. */
async function tryToWrite(wanted: OfKind<Kind>, copy: ObjectCopy): Promise<ObjectOutcome | undefined> {
  const { target, dryRun } = copy;
  const current = await target.get(keyOf(wanted));
  if (current) return meet(wanted, current, copy);
  if (dryRun) return wouldCreate(wanted, target);
  const { kind } = await target.create(wanted);
  return kind === 'written' ? { kind: 'created' } : undefined;
}

function wouldCreate(wanted: OfKind<Kind>, { ownedElsewhere }: Datastore): ObjectOutcome {
  return ownedElsewhere?.has(wanted.kind)
    ? { kind: 'failed', reason: `the target makes no ${wanted.kind} itself and has none of that name` }
    : { kind: 'created' };
}

/** What another program owns is there before us as a matter of course, and only completed. */
async function meet(
  wanted: OfKind<Kind>,
  current: ResourceOf<Kind>,
  { target, existing, dryRun }: ObjectCopy,
): Promise<ObjectOutcome | undefined> {
  if (firstDifference(wanted, current) === undefined) return { kind: 'unchanged' };
  if (existing === 'keep') return { kind: 'kept' };
  if (existing === 'refuse' && !target.ownedElsewhere?.has(wanted.kind))
    return { kind: 'failed', reason: 'the target holds another object of that name' };
  if (dryRun) return { kind: 'replaced' };
  const { resourceVersion, uid } = current.metadata;
  const next = { ...wanted, metadata: { ...wanted.metadata, resourceVersion, uid } } as OfKind<Kind>;
  const { kind } = await target.update(next);
  return kind === 'written' ? { kind: 'replaced' } : undefined;
}

/** `weftctl delete`: by kind and name, or what a file lists. */
import type { Datastore, ResourceKey } from '@weft/datastore';
import { type Failure, type Report, usageError } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { withStore } from '../where.ts';
import { readDocuments } from './documents.ts';
import { notThere } from './get.ts';
import { keyOf, type NamespaceOptions, namespaceFor, objectName, readKind } from './kind-argument.ts';
import { type Outcome, summarise } from './summary.ts';

/** Options of `delete`. */
export interface DeleteOptions extends WhereOptions, NamespaceOptions {
  readonly filename?: string;
  readonly skipNotExists?: boolean;
}

/** One object to delete; with `revision` only if it is still that one. */
interface Wanted {
  readonly key: ResourceKey;
  readonly revision?: string | undefined;
}

/** Deletes one after the other; what fails does not stop the rest. */
export async function remove(
  word: string | undefined,
  names: string[],
  options: DeleteOptions,
): Promise<Report> {
  const wanted = await whatToDelete(word, names, options);
  return withStore(options, false, async (store) => {
    const outcomes: Outcome[] = [];
    for (const { key, revision } of wanted) {
      const failure = await removeOne(store, key, revision, options.skipNotExists ?? false);
      outcomes.push({ kind: key.kind, failure });
    }
    return summarise('delete', outcomes);
  });
}

async function whatToDelete(
  word: string | undefined,
  names: readonly string[],
  options: DeleteOptions,
): Promise<Wanted[]> {
  if (options.filename !== undefined) {
    if (word !== undefined) {
      throw usageError(
        '-f and a kind name two things',
        `-f ${options.filename} ${word}`,
        'Give one of them.',
      );
    }
    const documents = await readDocuments(options.filename, options.namespace);
    return documents.map(({ key, resource }) => ({ key, revision: resource.metadata.resourceVersion }));
  }
  if (word === undefined || names.length === 0) {
    throw usageError('Nothing to delete is named', word ?? 'delete', 'Give KIND NAME..., or -f FILE.');
  }
  const kind = readKind(word);
  const namespace = namespaceFor(kind, options);
  return names.map((name) => ({ key: keyOf(kind, name, namespace) }));
}

async function removeOne(
  store: Datastore,
  key: ResourceKey,
  revision: string | undefined,
  skipNotExists: boolean,
): Promise<Failure | undefined> {
  const outcome = await store.delete(key, revision);
  if (outcome.kind === 'written' || (outcome.kind === 'not-found' && skipNotExists)) return undefined;
  if (outcome.kind === 'not-found') return notThere(key);
  return {
    what: `The object has changed since revision ${revision}`,
    object: objectName(key),
    hint: 'Read it again, or remove metadata.resourceVersion from the file to delete it anyway.',
  };
}

/** `weftctl delete`: by kind and name, or what a file lists. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Datastore, ResourceKey } from '@weft/datastore';
import type { Resource } from '@weft/resources';
import { type Report, usageError } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { withStore } from '../../where.ts';
import { type InputOptions, readDocuments } from '../input/documents.ts';
import {
  keyOf,
  type NamespaceOptions,
  namespaceFor,
  notThere,
  objectName,
  readKind,
} from '../kind-argument.ts';
import { refuseManaged } from './managed.ts';
import { forEach, type Outcome } from './outcomes.ts';

/** Options of `delete`. */
export interface DeleteOptions extends WhereOptions, NamespaceOptions, Partial<InputOptions> {
  readonly skipNotExists?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
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
  if (wanted.length === 0) return { text: 'No resources specified', failures: [] };
  refuseManaged(
    wanted.map(({ key }) => key),
    options.force,
  );
  return withStore(options, false, (store) =>
    forEach('delete', wanted, (one) => removeOne(store, one, options), { dryRun: options.dryRun }),
  );
}

async function whatToDelete(
  word: string | undefined,
  names: readonly string[],
  options: DeleteOptions,
): Promise<Wanted[]> {
  const { filename } = options;
  if (filename !== undefined) {
    if (word !== undefined) {
      throw usageError(
        '-f and a kind name two things',
        `-f ${filename.join(' -f ')} ${word}`,
        'Give one of them.',
      );
    }
    const documents = await readDocuments({ ...options, filename });
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
  { key, revision }: Wanted,
  { dryRun, skipNotExists }: DeleteOptions,
): Promise<Outcome> {
  const stored = await store.get(key);
  if (stored === undefined) return gone(key, skipNotExists);
  if (revision !== undefined && stored.metadata.resourceVersion !== revision) return changed(key, revision);
  if (dryRun) return { done: 'deleted' };
  if (key.kind === 'IPPool') return removePool(store, stored, skipNotExists);
  const outcome = await store.delete(key, revision);
  if (outcome.kind === 'conflict') return changed(key, revision);
  if (outcome.kind === 'not-found') return gone(key, skipNotExists);
  return key.kind === 'Node' ? giveUp(store, key.name) : { done: 'deleted' };
}

/** What a node that is gone had in IPAM: its tunnels' addresses and its blocks, but for addresses of workloads. */
async function giveUp(store: Datastore, node: string): Promise<Outcome> {
  const { createIpam } = await import('@weft/ipam');
  const { kind, blocks, message } = await createIpam({ store, now: Date.now }).releaseHost(node);
  const isNews = kind === 'contention' || blocks.length > 0;
  return { done: 'deleted', ...(isNews && { note: message }) };
}

/** Nobody may take from the pool while it goes, and its blocks lose their owners. Blocks in use stay until they are empty. */
async function removePool(
  store: Datastore,
  { metadata }: Resource,
  skipNotExists: boolean | undefined,
): Promise<Outcome> {
  const { deletePool } = await import('@weft/ipam');
  const deletion = await deletePool({ store, now: Date.now, pause }, metadata.name);
  switch (deletion.kind) {
    case 'deleted':
      return { done: 'deleted', ...(deletion.inUse.length > 0 && { note: deletion.message }) };
    case 'not-found':
      return gone({ kind: 'IPPool', name: metadata.name }, skipNotExists);
    case 'contention':
      return { failure: { what: deletion.message, object: '', hint: '' } };
  }
}

function gone(key: ResourceKey, isNoError: boolean | undefined): Outcome {
  return isNoError ? { done: 'skipped' } : { failure: notThere(key) };
}

function changed(key: ResourceKey, revision: string | undefined): Outcome {
  return {
    failure: {
      what: `The object has changed since revision ${revision}`,
      object: objectName(key),
      hint: 'Read it again, or remove metadata.resourceVersion from the file to delete it anyway.',
    },
  };
}

/** `weftctl apply`, `create` and `replace`: what a file lists goes into the datastore. */
import type { Datastore } from '@weft/datastore';
import { notActedOn, type Resource } from '@weft/resources';
import type { Failure, Report } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { withStore } from '../../where.ts';
import { type Document, type InputOptions, readDocuments } from '../input/documents.ts';
import { notThere, objectName } from '../kind-argument.ts';
import { asNew, asReplacement, isUnchanged, outdated } from './change.ts';
import { crossCheck } from './cross-checks.ts';
import { refuseManaged } from './managed.ts';
import { forEach, type Outcome } from './outcomes.ts';

/** How often a write is tried when other writers come in between, as calicoctl does. */
export const WRITE_ATTEMPTS = 5;

/** Options of the three commands. */
export interface WriteOptions extends WhereOptions, InputOptions {
  readonly skipExists?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** Checks all documents, then writes one after the other; what fails does not stop the rest. */
export async function write(verb: 'apply' | 'create' | 'replace', options: WriteOptions): Promise<Report> {
  const documents = await readDocuments(options);
  if (documents.length === 0) return { text: 'No resources specified', failures: [] };
  const { dryRun = false } = options;
  refuseManaged(
    documents.map(({ key }) => key),
    options.force,
  );
  const makeStore = verb === 'replace' ? false : dryRun ? 'imagine' : true;
  const report = await withStore(options, makeStore, async (store) => {
    await crossCheck(store, documents);
    const work = (document: Document) => writeOne(store, verb, document, options);
    return forEach(verb, documents, work, { dryRun, each: verb === 'apply' });
  });
  return { ...report, notes: [...(report.notes ?? []), ...withoutEffect(documents)] };
}

function writeOne(
  store: Datastore,
  verb: 'apply' | 'create' | 'replace',
  document: Document,
  options: WriteOptions,
): Promise<Outcome> {
  switch (verb) {
    case 'create':
      return create(store, document, options);
    case 'replace':
      return replace(store, document, options);
    case 'apply':
      return apply(store, document, options);
  }
}

async function create(
  store: Datastore,
  document: Document,
  { dryRun, skipExists }: WriteOptions,
): Promise<Outcome> {
  const isNew = dryRun
    ? (await store.get(document.key)) === undefined
    : (await store.create(asNew(document.resource))).kind === 'written';
  if (isNew) return { done: 'created' };
  if (skipExists) return { done: 'skipped' };
  return {
    failure: {
      what: 'resource already exists',
      object: objectName(document.key),
      hint: '"weftctl apply" replaces it.',
    },
  };
}

/** Reads and replaces until no other writer comes in between. */
async function replace(store: Datastore, document: Document, options: WriteOptions): Promise<Outcome> {
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
    const stored = await store.get(document.key);
    if (stored === undefined) return { failure: notThere(document.key) };
    const outcome = await overwrite(store, document, stored, options);
    if (outcome === undefined) continue;
    return 'done' in outcome && outcome.done === 'configured' ? { done: 'replaced' } : outcome;
  }
  return { failure: tooBusy(document.key) };
}

async function apply(store: Datastore, document: Document, options: WriteOptions): Promise<Outcome> {
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
    const stored = await store.get(document.key);
    if (stored !== undefined) {
      const outcome = await overwrite(store, document, stored, options);
      if (outcome !== undefined) return outcome;
      continue;
    }
    if (options.dryRun) return { done: 'created' };
    const outcome = await store.create(asNew(document.resource));
    if (outcome.kind === 'written') return { done: 'created' };
  }
  return { failure: tooBusy(document.key) };
}

/** One attempt; undefined when another writer came in between. What would change nothing is not written. */
async function overwrite(
  store: Datastore,
  document: Document,
  stored: Resource,
  { dryRun }: WriteOptions,
): Promise<Outcome | undefined> {
  const failure = outdated(document, stored);
  if (failure !== undefined) return { failure };
  const next = asReplacement(document.resource, stored);
  if (isUnchanged(next, stored)) return { done: 'unchanged' };
  if (dryRun) return { done: 'configured' };
  const outcome = await store.update(next);
  return outcome.kind === 'written' ? { done: 'configured' } : undefined;
}

/** The failure after `WRITE_ATTEMPTS`. */
export function tooBusy(key: Document['key']): Failure {
  return {
    what: `Other writers changed the object ${WRITE_ATTEMPTS} times while it was written`,
    object: objectName(key),
    hint: 'Try again.',
  };
}

/** Objects whose fields are named; of more, one line says how many. */
const MAX_NOTES = 10;

/** Calico's fields that weft keeps and does nothing with: whoever sets them should know. */
function withoutEffect(documents: readonly Document[]): string[] {
  const notes: string[] = [];
  let more = 0;
  for (const { resource, key } of documents) {
    const fields = notActedOn(resource);
    if (fields.length === 0) continue;
    if (notes.length === MAX_NOTES) more += 1;
    else notes.push(`Note: ${objectName(key)}: weft keeps but does not act on ${fields.join(', ')}`);
  }
  return more > 0 ? [...notes, `Note: ${more} more objects set fields that weft does not act on`] : notes;
}

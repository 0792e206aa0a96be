/** What `get` is asked for, and what of it there is. */
import type { Datastore, ResourceKey } from '@weft/datastore';
import { type Kind, matchesSelector, type Resource, type Selector } from '@weft/resources';
import { type Failure, usageError } from '../../failure.ts';
import { keyOf, namespaceFor, notThere, readKind } from '../kind-argument.ts';
import type { GetOptions } from './options.ts';

/** Objects of one kind: those of a list, or those that are named. */
export interface Question {
  readonly kind: Kind;
  /** Absent: all namespaces, or a kind without. */
  readonly namespace?: string | undefined;
  readonly selector?: Selector | undefined;
  /** Absent for a list. */
  readonly keys?: readonly ResourceKey[];
}

/** What was found. */
export interface Found {
  /** Absent when the items are of several kinds. */
  readonly kind?: Kind;
  readonly items: readonly Resource[];
  /** False when one object was asked for. */
  readonly isList: boolean;
  /** Of a list; a single object has its own. */
  readonly revision?: string;
  readonly failures: readonly Failure[];
}

/** What the arguments ask for: one question, or one for each kind that a file lists. */
export async function readQuestions(
  word: string | undefined,
  names: readonly string[],
  options: GetOptions,
): Promise<Question[]> {
  const { filename, selector, allNamespaces } = options;
  if (filename !== undefined) {
    if (word !== undefined)
      throw usageError(
        '-f and a kind name two things',
        `-f ${filename.join(' -f ')} ${word}`,
        'Give one of them.',
      );
    // It brings the YAML library, which a table does not need.
    const { readDocuments } = await import('../input/documents.ts');
    const keys = (await readDocuments({ ...options, filename })).map(({ key }) => key);
    return [...Map.groupBy(keys, ({ kind }) => kind)].map(([kind, keys]) => ({ kind, keys }));
  }
  const kind = readKind(word ?? '');
  const namespace = namespaceFor(kind, options);
  if (names.length === 0) {
    return [{ kind, namespace, selector: await readSelector(selector) }];
  }
  const what = `${word} ${names.join(' ')}`;
  if (allNamespaces)
    throw usageError('A name is looked up in one namespace', `${what} -A`, 'Give -n instead.');
  if (selector !== undefined)
    throw usageError('Names and a selector name two things', `${what} -l ${selector}`, 'Give one of them.');
  return [{ kind, keys: names.map((name) => keyOf(kind, name, namespace)) }];
}

async function readSelector(text: string | undefined): Promise<Selector | undefined> {
  if (text === undefined) return undefined;
  const { readLabelSelector } = await import('./label-selector.ts');
  return readLabelSelector(text);
}

/** Reads the answer. Objects that are not there are failures. */
export async function find(store: Datastore, question: Question): Promise<Found> {
  const { kind, namespace, keys } = question;
  if (keys === undefined) {
    const { items, revision } = await store.list(kind, namespace === undefined ? {} : { namespace });
    const asked = items.filter((item) => isAskedFor(question, item));
    return { kind, items: asked, isList: true, revision, failures: [] };
  }
  const objects = await Promise.all(keys.map((key) => store.get(key)));
  return {
    kind,
    items: objects.filter((object) => object !== undefined),
    isList: keys.length > 1,
    failures: keys.filter((_, index) => objects[index] === undefined).map(notThere),
  };
}

/** True for an object that the question is about. */
export function isAskedFor({ namespace, selector, keys }: Question, { metadata }: Resource): boolean {
  if (keys !== undefined)
    return keys.some((key) => key.name === metadata.name && key.namespace === metadata.namespace);
  return (
    (namespace === undefined || namespace === metadata.namespace) &&
    (selector === undefined || matchesSelector(selector, metadata.labels ?? {}))
  );
}

/** `weftctl get`: resources as a table in calicoctl's columns, as YAML or JSON, by name, or by a template. */
import type { Datastore } from '@weft/datastore';
import { kindNames, kinds, type Resource } from '@weft/resources';
import { type Report, usageError } from '../../failure.ts';
import { type Output, parseOutput } from '../../print/output.ts';
import { printTable } from '../../print/table.ts';
import { withStore } from '../../where.ts';
import { type Found, find, type Question, readQuestions } from './find.ts';
import { type GetOptions, showsNamespace } from './options.ts';
import { printerFor, readDefaultAsNumber } from './printer.ts';

/** Reads and prints. Objects that are not there are failures; the others are printed all the same. */
export async function get(word: string | undefined, names: string[], options: GetOptions): Promise<Report> {
  const output = await parseOutput(options.output);
  if (word === undefined && options.filename === undefined) return { text: kindTable(), failures: [] };
  const questions = await readQuestions(word, names, options);
  if (options.watch) return watchOne(questions, output, options);
  return withStore(options, false, async (store) => {
    const answers = await Promise.all(questions.map((question) => find(store, question)));
    return report(store, answers, output, options, names.length > 0);
  });
}

/** Only a watch needs what follows a store, and what handles signals. */
async function watchOne(
  questions: readonly Question[],
  output: Output,
  options: GetOptions,
): Promise<Report> {
  const [question] = questions;
  if (question === undefined || questions.length > 1)
    throw usageError(
      'A watch is of one kind',
      `${questions.length} kinds are listed`,
      'Watch them one by one.',
    );
  const { watch } = await import('./watch.ts');
  return watch(question, output, options);
}

async function report(
  store: Datastore,
  answers: readonly Found[],
  output: Output,
  options: GetOptions,
  isNamed: boolean,
): Promise<Report> {
  const shown = merged(answers, output)
    .filter(({ items, failures }) => items.length > 0 || failures.length === 0)
    .map((found) => (options.export ? exported(found, isNamed) : found));
  const pieces: Iterable<string>[] = [];
  for (const [index, found] of shown.entries()) {
    const printer = await printerFor(output, {
      kind: found.kind,
      defaultAsNumber: await readDefaultAsNumber(store, output),
      withNamespace: showsNamespace(options),
      withEvents: false,
    });
    if (index > 0) pieces.push(['']);
    pieces.push(printer.all(found));
  }
  const isRaw = output.kind === 'jsonpath';
  const text = chain(pieces);
  const failures = answers.flatMap((found) => found.failures);
  return { text: isRaw ? [...text].join('') : text, isRaw, failures };
}

function isTable({ kind }: Output): boolean {
  return kind === 'ps' || kind === 'wide' || kind === 'custom-columns';
}

/** A table is of one kind; every other format takes objects of several kinds as one list. */
function merged(answers: readonly Found[], output: Output): readonly Found[] {
  if (answers.length < 2 || isTable(output)) return answers;
  const items = answers.flatMap((found) => found.items);
  return [{ items, isList: true, failures: answers.flatMap(({ failures }) => failures) }];
}

/** As calicoctl does it: what belongs to this cluster goes, for named objects the namespace as well. */
function exported({ revision: _revision, ...found }: Found, isNamed: boolean): Found {
  return { ...found, items: found.items.map((resource) => withoutCluster(resource, isNamed)) };
}

function withoutCluster(resource: Resource, isNamed: boolean): Resource {
  const {
    uid: _uid,
    resourceVersion: _resourceVersion,
    creationTimestamp: _creationTimestamp,
    deletionTimestamp: _deletionTimestamp,
    deletionGracePeriodSeconds: _deletionGracePeriodSeconds,
    namespace,
    ...metadata
  } = resource.metadata;
  const isKept = namespace !== undefined && !isNamed;
  return { ...resource, metadata: { ...metadata, ...(isKept && { namespace }) } } as Resource;
}

function* chain(pieces: readonly Iterable<string>[]): Generator<string> {
  for (const piece of pieces) yield* piece;
}

function kindTable(): string {
  const rows = kindNames.map((kind) => {
    const { plural, aliases, namespaced, description } = kinds[kind];
    return [kind, plural, aliases.join(','), namespaced ? 'yes' : 'no', description];
  });
  return printTable(['KIND', 'NAME', 'SHORT', 'NAMESPACED', 'DESCRIPTION'], rows);
}

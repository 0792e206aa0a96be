/** `weftctl __complete -- WORD…`: the candidates for the last word, one a line, for the shells' scripts. */
import type { Command } from 'commander';
import type { Report } from '../failure.ts';
import { type Candidate, type Context, type Question, questionAt, type ValueName } from './question.ts';

/** The line that asks a shell for file names. */
const FILES = ':files';

/** Names of one kind that are offered; nobody reads more. */
const MAX_NAMES = 1000;

/** Whoever presses Tab will not wait longer for a store that does not answer. */
const PATIENCE_MS = 3000;

/** Each line is a word and, after a tab, its description. What cannot be found out gives no lines, and no error. */
export async function complete(program: Command, words: readonly string[]): Promise<Report> {
  const current = words.at(-1) ?? '';
  const question = questionAt(program, words);
  if (question.kind === 'files') return { text: FILES, failures: [] };
  const candidates = await candidatesFor(question);
  const lines = candidates
    .filter(({ word }) => word.startsWith(current))
    .map(({ word, description }) => `${word}\t${description.split('\n')[0]}`);
  return { text: lines.join('\n'), failures: [] };
}

async function candidatesFor(question: Exclude<Question, { kind: 'files' }>): Promise<readonly Candidate[]> {
  if (question.kind === 'words') return question.candidates;
  const impatient = setTimeout(() => process.exit(), PATIENCE_MS);
  try {
    return await valuesOf(question.of, question.context);
  } catch {
    // A store that is away is no reason to disturb the command line.
    return [];
  } finally {
    clearTimeout(impatient);
  }
}

async function valuesOf(name: ValueName, context: Context): Promise<readonly Candidate[]> {
  switch (name) {
    case 'kind':
      return kindCandidates();
    case 'name':
      return namesOf(context.args[0] ?? '', context);
    case 'node':
      return context.options.lab === undefined ? namesOf('node', context) : hostsOf(context.options.lab);
    case 'destination':
      return [...(await namesOf('node', context)), ...(await podsOf(context))];
    case 'lab':
      return (await import('@weft/lab')).existingLabs().map(plain);
    case 'host':
      return hostsOf(context.options.name ?? 'lab');
    case 'nothing':
      return [];
  }
}

async function kindCandidates(): Promise<readonly Candidate[]> {
  const { kindNames, kinds } = await import('@weft/resources');
  return kindNames.map((kind) => ({ word: kinds[kind].plural, description: kinds[kind].description }));
}

/** The names of a kind in the store that the options before the cursor choose. */
async function namesOf(word: string, { options }: Context): Promise<readonly Candidate[]> {
  const { DEFAULT_NAMESPACE, readKind } = await import('../resource/kind-argument.ts');
  const { definitionOf } = await import('@weft/resources');
  const { withStore } = await import('../where.ts');
  const kind = readKind(word);
  const namespace = definitionOf(kind).namespaced ? (options.namespace ?? DEFAULT_NAMESPACE) : undefined;
  const { items } = await withStore(options, false, (store) =>
    store.list(kind, namespace === undefined ? {} : { namespace }),
  );
  return items.slice(0, MAX_NAMES).map(({ metadata }) => plain(metadata.name));
}

/** Every pod as `explain` takes it. */
async function podsOf({ options }: Context): Promise<readonly Candidate[]> {
  const { withStore } = await import('../where.ts');
  const { workloadName } = await import('@weft/explain');
  const { items } = await withStore(options, false, (store) => store.list('WorkloadEndpoint'));
  return [...new Set(items.slice(0, MAX_NAMES).map(workloadName))].map(plain);
}

async function hostsOf(lab: string): Promise<readonly Candidate[]> {
  const { resolveLab } = await import('@weft/lab');
  return (await resolveLab(lab)).hosts.map(({ name }) => plain(name));
}

function plain(word: string): Candidate {
  return { word, description: '' };
}

/**
 * Runs a writing command over many objects: one after the other, what fails does not stop the rest. A store that is away,
 * full or read-only does: the rest would only fail alike, and slowly.
 */
import type { ResourceKey } from '@weft/datastore';
import { type Failure, failuresOf, type Report } from '../../failure.ts';

/** What became of one object. */
export type Done =
  | 'created'
  | 'configured'
  | 'unchanged'
  | 'replaced'
  | 'deleted'
  | 'patched'
  | 'labeled'
  | 'skipped';

/** Done, or the reason why not. `note` is worth a line although it is no failure. */
export type Outcome = { readonly done: Done; readonly note?: string } | { readonly failure: Failure };

/** The verbs, with their past tense for messages. */
const PAST_TENSE = {
  apply: 'applied',
  create: 'created',
  replace: 'replaced',
  delete: 'deleted',
  patch: 'patched',
  label: 'labeled',
  validate: 'validated',
} as const;

/** A verb that counts what it did. */
export type Verb = keyof typeof PAST_TENSE;

/** How a command reports. */
export interface ReportOptions {
  readonly dryRun?: boolean | undefined;
  /** Name each object with what became of it; a dry run does so in any case. */
  readonly each?: boolean;
}

/** Something to work on. */
export interface Target {
  readonly key: ResourceKey;
}

/** Does `work` for each target and reports in calicoctl's words. */
export async function forEach<T extends Target>(
  verb: Verb,
  targets: readonly T[],
  work: (target: T) => Promise<Outcome>,
  options: ReportOptions = {},
): Promise<Report> {
  const lines: string[] = [];
  const failures: Failure[] = [];
  const notes: string[] = [];
  let done = 0;
  for (const [index, target] of targets.entries()) {
    const { outcome, isFinal } = await attempt(work, target);
    if ('failure' in outcome) failures.push(outcome.failure);
    else {
      done += 1;
      lines.push(`${shortName(target.key)} ${outcome.done}${options.dryRun ? ' (dry run)' : ''}`);
      if (outcome.note !== undefined) notes.push(outcome.note);
    }
    if (!isFinal) continue;
    const left = targets.length - index - 1;
    if (left > 0) failures.push({ what: `${left} more not tried`, object: '', hint: '' });
    break;
  }
  const kind = commonKind(targets);
  const isListed = options.each || options.dryRun;
  const summary = options.dryRun
    ? drySummary(verb, kind, done, targets.length)
    : summarise(verb, kind, done, targets.length);
  const text = [...(isListed ? lines : []), ...(summary === '' ? [] : [summary])].join('\n');
  const before = done === 0 && !options.dryRun ? [failedNote(verb, kind, targets.length)] : [];
  return { text, failures, notes: [...notes, ...before] };
}

/** `kind/name`, as `get -o name` prints it. */
export function shortName({ kind, name }: ResourceKey): string {
  return `${kind.toLowerCase()}/${name}`;
}

async function attempt<T>(
  work: (target: T) => Promise<Outcome>,
  target: T,
): Promise<{ readonly outcome: Outcome; readonly isFinal: boolean }> {
  try {
    return { outcome: await work(target), isFinal: false };
  } catch (error) {
    if ((error as Error).name !== 'DatastoreError') throw error;
    const [failure] = failuresOf(error);
    const isFinal = (error as { code?: string }).code !== 'invalid-resource';
    return { outcome: { failure: failure as Failure }, isFinal };
  }
}

/** The kind in quotes when all are of one. */
function commonKind(targets: readonly Target[]): string {
  const kinds = new Set(targets.map(({ key }) => key.kind));
  return kinds.size === 1 ? `'${[...kinds][0]}' ` : '';
}

function summarise(verb: Verb, kind: string, done: number, all: number): string {
  const past = PAST_TENSE[verb];
  if (done === all) return `Successfully ${past} ${done} ${kind}resource(s)`;
  return done === 0 ? '' : `Partial success: ${past} ${done} out of ${all} ${kind}resources:`;
}

function drySummary(verb: Verb, kind: string, done: number, all: number): string {
  const past = PAST_TENSE[verb];
  const count = done === all ? `${done}` : `${done} out of ${all}`;
  return `Dry run: ${count} ${kind}resource(s) would be ${past}, nothing was changed`;
}

function failedNote(verb: Verb, kind: string, all: number): string {
  return `Failed to ${verb} ${all === 1 ? `${kind}resource` : `any ${kind}resources`}:`;
}

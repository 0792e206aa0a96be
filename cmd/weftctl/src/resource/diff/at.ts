/** `weftctl diff --at T1 --to T2`: what the records of nodes say has changed between two times. */
import type { NodeChange, NodeChanges } from '@weft/control';
import { CliError, EXIT, type Report, usageError } from '../../failure.ts';
import { readMoment } from '../../history/moment.ts';
import { askNodes, type NodeAnswer } from '../../node/ask.ts';
import type { WhereOptions } from '../../options.ts';
import { paintForStdout } from '../../print/colour.ts';
import { printStructured } from '../../print/structured.ts';
import { type Paint, plain, printTable } from '../../print/table.ts';

/** Options of `diff` with `--at`. */
export interface DiffAtOptions extends WhereOptions {
  readonly at: string;
  readonly to?: string;
  readonly node?: string;
  readonly output: 'json' | 'ps' | 'yaml';
}

/** Longest text of a resource in the table; `-o json` has all of it. */
const MOST_CHARACTERS = 160;

/** Exit code 0 without differences, 1 with some, 2 when it could not be found out, as that of a file. */
export async function diffAt(options: DiffAtOptions): Promise<Report> {
  const now = new Date();
  const from = readMoment('--at', options.at, now);
  const to = readMoment('--to', options.to ?? 'now', now);
  if (Date.parse(from) >= Date.parse(to))
    throw usageError(
      '--at is not before --to',
      `${options.at}, ${options.to ?? 'now'}`,
      'Give the earlier time to --at and the later one to --to.',
    );
  const { answers, failures } = await askNodes(options, options.node, (client) => client.changes(from, to));
  if (answers.length === 0) throw new CliError(failures, EXIT.usage);
  const isDifferent = answers.some(({ value }) => value.changes.length > 0);
  return {
    text:
      options.output === 'ps'
        ? printChanges(answers, paintForStdout())
        : await printStructured({ from, to, nodes: answers.map(({ value }) => value) }, options.output),
    failures,
    notes: remarks(answers),
    ...(isDifferent && { exitCode: EXIT.failed }),
  };
}

/** One row for each thing that came, went or changed; empty when nothing did. */
export function printChanges(answers: readonly NodeAnswer<NodeChanges>[], paint: Paint = plain): string {
  const rows = answers.flatMap(({ node, value }) =>
    value.changes.map((change) => [node, change.what, change.name, ...sides(change)]),
  );
  return rows.length === 0 ? '' : printTable(['NODE', 'WHAT', 'NAME', 'BEFORE', 'AFTER'], rows, paint);
}

function sides({ after, before }: NodeChange): [string, string] {
  return [shortened(before), shortened(after)];
}

function shortened(text = '-'): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text || '-';
}

function remarks(answers: readonly NodeAnswer<NodeChanges>[]): string[] {
  return answers.flatMap(({ node, value }) => [
    ...(value.cut ? [`There is more on ${node}: only the first ${value.changes.length} are shown.`] : []),
    ...value.problems.map((problem) => `Of the record of ${node} something is missing: ${problem}.`),
  ]);
}

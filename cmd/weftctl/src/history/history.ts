/** `weftctl history`: the records of all daemons that are asked, as one story. */
import type { RouteEvent, RouteHistory } from '@weft/control';
import { parseAddress, parsePrefix } from '@weft/ip';
import { type Report, usageError } from '../failure.ts';
import { askNodes, type NodeAnswer } from '../node/ask.ts';
import type { WhereOptions } from '../options.ts';
import { paintForStdout } from '../print/colour.ts';
import { printStructured } from '../print/structured.ts';
import { type Paint, plain, printTable } from '../print/table.ts';
import { readMoment } from './moment.ts';

/** Options of the command. */
export interface HistoryOptions extends WhereOptions {
  readonly node?: string;
  readonly since?: string;
  readonly output: 'json' | 'ps' | 'yaml';
}

/** One event and the node it happened on. */
export interface NodeEvent extends RouteEvent {
  readonly node: string;
}

/** Asks the daemons and prints what they say, newest last. */
export async function history(text: string, options: HistoryOptions): Promise<Report> {
  const prefix = readSubject(text);
  const since = options.since === undefined ? undefined : readMoment('--since', options.since, new Date());
  const { answers, failures } = await askNodes(options, options.node, (client) =>
    client.history(prefix, since),
  );
  const events = mergeEvents(answers);
  const { output } = options;
  return {
    text:
      output === 'ps'
        ? printEvents(events, paintForStdout())
        : await printStructured({ prefix, nodes: answers.map(({ value }) => value) }, output),
    failures,
    notes: remarks(prefix, events, answers, since),
  };
}

/** One list of several, by time. The clocks of nodes may differ, so events of one node keep their order. */
export function mergeEvents(answers: readonly NodeAnswer<RouteHistory>[]): NodeEvent[] {
  return answers
    .flatMap(({ node, value }) => value.events.map((event) => ({ node, ...event })))
    .sort((left, right) => Date.parse(left.time) - Date.parse(right.time));
}

/** The table; empty when there is nothing to show. */
export function printEvents(events: readonly NodeEvent[], paint: Paint = plain): string {
  if (events.length === 0) return '';
  const rows = events.map(({ event, node, prefix, text, time }) => [time, node, prefix ?? '-', event, text]);
  return printTable(['TIME', 'NODE', 'PREFIX', 'EVENT', 'WHAT'], rows, paint);
}

function readSubject(text: string): string {
  const parsed = text.includes('/') ? parsePrefix(text) : parseAddress(text);
  if (parsed.ok) return parsed.value;
  throw usageError(
    `This is neither a prefix nor an address: ${parsed.reason}`,
    text,
    'Write it as 10.244.0.0/26, or an address as 10.244.0.5.',
  );
}

function remarks(
  prefix: string,
  events: readonly NodeEvent[],
  answers: readonly NodeAnswer<RouteHistory>[],
  since: string | undefined,
): string[] {
  const notes: string[] = [];
  if (new Set(events.map(({ node }) => node)).size > 1)
    notes.push('Times are those of the clock of each node.');
  for (const { node, value } of answers) {
    if (value.cut) notes.push(`There is more, and older, on ${node}.`);
    for (const problem of value.problems)
      notes.push(`Of the record of ${node} something is missing: ${problem}.`);
  }
  if (events.length > 0 || answers.length === 0) return notes;
  const when = since === undefined ? '' : ` since ${since}`;
  const back = answers.map(({ node, value }) => `${node} to ${value.recordedSince ?? 'nothing'}`).join(', ');
  return [...notes, `No record tells of ${prefix}${when}. They go back: ${back}.`];
}

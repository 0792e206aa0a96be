/**
 * `weftctl ipam history`: who had an address, when and why, from the journals of all daemons that are asked, as one story.
 */
import type { HistoryEntry } from '@weft/control';
import type { Report } from '../failure.ts';
import { askNodes } from '../node/ask.ts';
import type { WhereOptions } from '../options.ts';
import { paintForStdout } from '../print/colour.ts';
import { printStructured } from '../print/structured.ts';
import { type Cell, type Paint, plain, printTable } from '../print/table.ts';
import { chooseDaemons } from '../where.ts';
import { readAddress } from './read-address.ts';

/** Options of the command. */
export interface HistoryOptions extends WhereOptions {
  readonly output: 'ps' | 'wide' | 'json' | 'yaml';
}

/** Asks the daemons and prints what they say, newest last. */
export async function history(text: string, options: HistoryOptions): Promise<Report> {
  const address = readAddress(text);
  const { answers, failures } = await askNodes(options, undefined, (client) => client.ipamHistory(address));
  const asked = (await chooseDaemons(options, undefined)).flatMap(({ name }) => name ?? []);
  const answered = new Set(answers.map(({ node }) => node));
  const silent = asked.filter((name) => !answered.has(name));
  const entries = mergeHistories(answers.map(({ value }) => value.entries));
  const cut = answers.filter(({ value }) => value.cut).map(({ node }) => node);
  const { output } = options;
  const structured = { address, entries, nodesThatDidNotAnswer: silent };
  return {
    text:
      output === 'json' || output === 'yaml'
        ? await printStructured(structured, output)
        : printHistory(entries, output === 'wide', paintForStdout()),
    failures,
    notes: remarks(address, entries, answered.size, silent, cut),
  };
}

/** One list of several, oldest first; daemons that share a journal say the same thing once. */
export function mergeHistories(histories: readonly (readonly HistoryEntry[])[]): HistoryEntry[] {
  const distinct = new Map(histories.flat().map((entry) => [JSON.stringify(entry), entry]));
  return [...distinct.values()].sort((left, right) => Date.parse(left.time) - Date.parse(right.time));
}

/** The table; empty when there is nothing to show. */
export function printHistory(entries: readonly HistoryEntry[], wide: boolean, paint: Paint = plain): string {
  if (entries.length === 0) return '';
  const headings = ['TIME', 'OPERATION', 'NODE', 'WORKLOAD', 'REASON', 'BY'];
  const more = ['POOL', 'BLOCK', 'HANDLE', 'SEQUENCE'];
  const rows = entries.map((entry) => [...cells(entry), ...(wide ? wideCells(entry) : [])]);
  return printTable(wide ? [...headings, ...more] : headings, rows, paint);
}

function cells({ by, found, node, operation, reason, time, workload }: HistoryEntry): Cell[] {
  const name = workload?.name ?? workload?.container;
  const namespace = workload?.namespace;
  return [
    time,
    found ? `${operation} (found)` : operation,
    node ?? '-',
    name === undefined ? '-' : namespace === undefined ? name : `${namespace}/${name}`,
    reason,
    `${by.program} ${by.verb}`,
  ];
}

function wideCells({ block, handle, pool, sequenceNumber }: HistoryEntry): Cell[] {
  return [pool ?? '-', block ?? '-', handle ?? '-', sequenceNumber ?? '-'];
}

function remarks(
  address: string,
  entries: readonly HistoryEntry[],
  answered: number,
  silent: readonly string[],
  cut: readonly string[],
): string[] {
  const notes: string[] = [];
  if (silent.length > 0) notes.push(`Did not answer, so what they know is missing: ${silent.join(', ')}.`);
  if (cut.length > 0) notes.push(`There is more, and older, on ${cut.join(', ')}.`);
  if (entries.length === 0 && answered > 0)
    notes.push(
      `The journal of no node that was asked knows ${address}; each keeps its newest 100,000 entries.`,
    );
  return notes;
}

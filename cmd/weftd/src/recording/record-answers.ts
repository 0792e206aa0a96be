/**
 * What the control API answers from the record. Files are read as a stream, so that the daemon goes on meanwhile; one answer at
 * a time, because each reads all of them.
 */
import {
  type NodeChanges,
  type NodeChangesQuery,
  type Refusal,
  type RouteHistory,
  type RouteHistoryQuery,
  refuse,
} from '@weft/control';
import { address, type Prefix, parsePrefix } from '@weft/ip';
import { compareStates, type HistorySubject, PrefixHistory, RecordedState } from '@weft/recording';
import type { Options } from '../options.ts';
import { readRecord, recordFiles } from './read-record.ts';
import type { Recorder } from './recorder.ts';

/** Differences of one answer. */
const MAX_CHANGES = 5_000;

/** Answers from the record of one daemon. */
export class RecordAnswers {
  readonly #options: Options;
  readonly #recorder: Recorder;
  #isAnswering = false;

  constructor(options: Options, recorder: Recorder) {
    this.#options = options;
    this.#recorder = recorder;
  }

  /** What happened to a prefix. */
  history(query: RouteHistoryQuery): Promise<RouteHistory | Refusal> {
    return this.#alone(() => this.#history(query));
  }

  /** What differs between two times. */
  changes(query: NodeChangesQuery): Promise<NodeChanges | Refusal> {
    return this.#alone(() => this.#changes(query));
  }

  async #alone<Answer>(answer: () => Promise<Answer | Refusal>): Promise<Answer | Refusal> {
    const { nodeName } = this.#options;
    if (this.#isAnswering)
      return refuse('unavailable', 'weftd reads its record for another question', nodeName, 'Ask again.');
    this.#isAnswering = true;
    try {
      return await answer();
    } finally {
      this.#isAnswering = false;
    }
  }

  async #history({
    prefix: text,
    since = '1970-01-01T00:00:00Z',
  }: RouteHistoryQuery): Promise<RouteHistory | Refusal> {
    const files = await this.#files();
    if (!Array.isArray(files)) return files;
    const history = new PrefixHistory(subjectOf(text), Date.parse(since));
    const problems = this.#troubles();
    let first: number | undefined;
    for await (const item of readRecord(files)) {
      if (item.kind === 'problem') {
        problems.push(`${item.file}: ${item.reason}`);
        continue;
      }
      first ??= item.line.at;
      history.take(item.line);
    }
    const { cut, events } = history.result();
    return {
      node: this.#options.nodeName,
      ...(first !== undefined && { recordedSince: timeText(first) }),
      events: events.map(({ at, ...event }) => ({ time: timeText(at), ...event })),
      cut,
      problems,
    };
  }

  async #changes({ from, to }: NodeChangesQuery): Promise<NodeChanges | Refusal> {
    const files = await this.#files();
    if (!Array.isArray(files)) return files;
    const [start, end] = [Date.parse(from), Date.parse(to)];
    const before = new RecordedState();
    const after = new RecordedState();
    const problems = this.#troubles();
    let first: number | undefined;
    // The snapshot of a segment tells of the time before it.
    let inSnapshotUntil = 0;
    for await (const item of readRecord(files)) {
      if (item.kind === 'problem') {
        problems.push(`${item.file}: ${item.reason}`);
        continue;
      }
      const { line } = item;
      first ??= line.at;
      if (line.kind === 'begin') inSnapshotUntil = line.at;
      const at = Math.max(line.at, inSnapshotUntil);
      if (at <= start) before.take(line);
      if (at > end) break;
      after.take(line);
    }
    if (first === undefined || start < first) return this.#tooOld(from, first);
    const changes = compareStates(before, after, timeText);
    return {
      node: this.#options.nodeName,
      changes: changes.slice(0, MAX_CHANGES),
      cut: changes.length > MAX_CHANGES,
      problems,
    };
  }

  /** What happens now is not in the answer, where nothing can be written. */
  #troubles(): string[] {
    const { nodeName } = this.#options;
    const { trouble } = this.#recorder;
    return trouble === undefined ? [] : [`${nodeName} records nothing just now: ${trouble}`];
  }

  async #files(): Promise<string[] | Refusal> {
    const { recordDirectory, recordMegabytes } = this.#options;
    if (recordMegabytes === 0)
      return refuse(
        'unavailable',
        'this weftd keeps no record of what happens',
        '--record-megabytes 0',
        'Start weftd without it.',
      );
    await this.#recorder.settled();
    try {
      return recordFiles(recordDirectory);
    } catch (error) {
      const { message } = error as Error;
      return refuse('unavailable', `the record cannot be read: ${message}`, recordDirectory, 'See its log.');
    }
  }

  #tooOld(from: string, first: number | undefined): Refusal {
    const message =
      first === undefined
        ? 'nothing is recorded yet'
        : `the record of ${this.#options.nodeName} goes back to ${timeText(first)} only`;
    const hint = 'Ask for a later time; --record-megabytes of weftd makes the record longer.';
    return refuse('not-found', message, from, hint);
  }
}

function subjectOf(text: string): HistorySubject {
  const parsed = parsePrefix(text);
  return parsed.ok
    ? { prefix: parsed.value }
    : text.includes('/')
      ? { prefix: text as Prefix }
      : { address: address(text) };
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}

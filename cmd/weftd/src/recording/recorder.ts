/**
 * Writes down the life of the daemon: what it decides from, what peers say, and what comes of it. A batch of lines goes to
 * the disk every tenth of a second, so that nothing waits for it; what a crash can lose is that tenth. The snapshot a segment
 * begins with is taken at once, and its text made in the turns of the event loop that follow; changes wait behind it.
 *
 * Where the lines come from stands in `node-record.ts`; what they mean in `@weft/recording`.
 */
import { setImmediate as turn } from 'node:timers/promises';
import {
  encodeLine,
  type LineContent,
  RECORD_FORMAT,
  type RecordLine,
  type SegmentCause,
} from '@weft/recording';
import type { Logger } from '@weft/telemetry';
import { Segments } from './segments.ts';
import { SnapshotText } from './snapshot-text.ts';

/** Lines of so long are written together, in ms. */
const BATCH_MS = 100;
/** A batch is written before its time at so many bytes. */
const BATCH_BYTES = 256 * 1024;
/** The changes that wait for a slow disk or a snapshot at most, in bytes; beyond, lines are dropped and a new segment begins. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
/** A segment is full at this part of the record, but never before it holds as much news as snapshot. */
const SEGMENTS = 8;
/** The part of the record that a snapshot may take: the rest is for as much news, or there is nothing to tell. */
const MOST_OF_SNAPSHOT = 1 / 2;
/** A disk that took nothing is tried again after so long, in ms. */
const RETRY_MS = 10_000;
/** The end of the daemon waits so long for a disk that hangs, in ms. */
const CLOSE_MS = 2_000;
/** The clock of the machine was set when it is off by so much, in ms. */
const CLOCK_STEP_MS = 1_000;

/** Where it records, and how things are. */
export interface RecorderOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly log: Logger;
  /** The first line of each segment but for what the recorder knows itself. */
  readonly begin: Omit<Extract<LineContent, { kind: 'begin' }>, 'kind' | 'format' | 'segment' | 'cause'>;
  /** How things are when it is called, for the beginning of a segment; the lines are taken later. */
  readonly snapshot: () => Iterable<SnapshotLine>;
}

/** A line and when it was, on the clock of `performance.now()`; when the snapshot was taken, unless told. */
export type SnapshotLine = readonly [content: LineContent, at?: number | undefined];

/** A recorder; nothing it does throws. */
export class Recorder {
  readonly #options: RecorderOptions;
  #segments: Segments | undefined;
  /** The beginning of a segment whose text is being made. */
  #beginning: { readonly cause: SegmentCause; readonly text: SnapshotText } | undefined;
  #turn: NodeJS.Immediate | undefined;
  #batch: string[] = [];
  #batchBytes = 0;
  #segmentBytes = 0;
  #fullAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #trouble: string | undefined;
  /** What is to be added to `performance.now()` for the time of day, as it was when the segment began. */
  #clockOffset = 0;
  #recording = false;
  #closed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Begins to record. */
  start(): void {
    this.#begin('start');
  }

  /** Why nothing is recorded just now; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Lines are wanted. */
  get isRecording(): boolean {
    return this.#recording;
  }

  /** Adds a line; `at` is on the clock of `performance.now()`, now unless told. */
  add(content: LineContent, at?: number): void {
    if (!this.#recording) return;
    const line = `${encodeLine(this.#dated(content, at))}\n`;
    this.#batch.push(line);
    this.#batchBytes += Buffer.byteLength(line);
    // Not at once: what is added may be half of what happens, and a snapshot is of a moment between events.
    if (this.#batchBytes >= BATCH_BYTES) this.#goOnSoon();
    else this.#timer ??= setTimeout(() => this.flush(), BATCH_MS).unref();
  }

  /** Hands what waits to the disk. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#recording || this.#batch.length === 0) return;
    if ((this.#segments?.queuedBytes ?? 0) + this.#batchBytes > MAX_QUEUED_BYTES) {
      this.#lose(new Error('the disk is slower than what there is to record'));
      return;
    }
    if (this.#beginning !== undefined) return;
    if (this.#segmentBytes + this.#batchBytes > this.#options.maxBytes) {
      // More at once than a segment takes: what came of it is in the snapshot of the next.
      this.#begin('gap');
      return;
    }
    this.#segmentBytes += this.#batchBytes;
    this.#segments?.append(Buffer.from(this.#batch.join('')), 'change');
    this.#emptyBatch();
    if (Math.abs(Date.now() - performance.now() - this.#clockOffset) > CLOCK_STEP_MS) this.#begin('clock');
    else if (this.#segmentBytes >= this.#fullAt) this.#begin('full');
  }

  /** Resolves when all lines so far can be read. */
  async settled(): Promise<void> {
    this.flush();
    while (this.#beginning !== undefined) await turn();
    await this.#segments?.settled();
  }

  /** Takes no more lines from the moment it is called; writes the last one and lets go of the files, if the disk does so in time. */
  async close(): Promise<void> {
    while (this.#beginning !== undefined) this.#makePiece();
    clearImmediate(this.#turn);
    this.add({ kind: 'end' });
    this.flush();
    // After the end nothing begins.
    this.#beginning = undefined;
    this.#recording = false;
    this.#closed = true;
    clearTimeout(this.#retry);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.#segments?.close(), patience]);
    clearTimeout(timer);
  }

  #dated(content: LineContent, at: number = performance.now()): RecordLine {
    return { at: Math.round(at + this.#clockOffset), ...content };
  }

  #emptyBatch(): void {
    this.#batch = [];
    this.#batchBytes = 0;
  }

  #begin(cause: SegmentCause): void {
    const { directory, maxBytes, snapshot } = this.#options;
    try {
      this.#segments ??= new Segments({ directory, maxBytes, failed: (error) => this.#lose(error) });
    } catch (error) {
      this.#lose(error);
      return;
    }
    const now = performance.now();
    this.#clockOffset = Date.now() - now;
    this.#emptyBatch();
    const lines = this.#linesOfBeginning(cause, this.#segments.nextNumber(), snapshot(), now);
    this.#beginning = { cause, text: new SnapshotText(lines) };
    this.#recording = true;
    // A small snapshot is complete at once.
    this.#makePiece();
  }

  *#linesOfBeginning(
    cause: SegmentCause,
    segment: number,
    snapshot: Iterable<SnapshotLine>,
    now: number,
  ): Generator<RecordLine> {
    const { begin } = this.#options;
    yield this.#dated({ kind: 'begin', format: RECORD_FORMAT, segment, cause, ...begin }, now);
    for (const [content, at = now] of snapshot) yield this.#dated(content, at);
    yield this.#dated({ kind: 'complete' }, now);
  }

  /** In a turn of its own. */
  #goOnSoon(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      if (this.#beginning === undefined) this.flush();
      else this.#makePiece();
    });
  }

  #makePiece(): void {
    if (this.#beginning === undefined) return;
    const { cause, text } = this.#beginning;
    if (text.makePiece()) {
      this.#goOnSoon();
      return;
    }
    this.#beginning = undefined;
    const { maxBytes } = this.#options;
    if (text.bytes > maxBytes * MOST_OF_SNAPSHOT) {
      this.#giveUp(text.bytes);
      return;
    }
    this.#fullAt = Math.max(maxBytes / SEGMENTS, 2 * text.bytes);
    this.#segmentBytes = text.bytes;
    this.#segments?.begin();
    for (const piece of text.pieces) this.#segments?.append(piece, 'snapshot');
    if (cause === 'gap') void this.#confirm();
    this.flush();
  }

  /** Said once, and again when it works again. */
  #lose(error: unknown): void {
    this.#recording = false;
    this.#beginning = undefined;
    const { directory, log } = this.#options;
    const reason = reasonOf(error);
    if (this.#trouble === undefined) {
      const hint = 'weftd goes on without; once it can write there, it records again by itself';
      log.error('record-failed', `the record has a gap: ${reason}`, { directory, hint });
    }
    this.#trouble = reason;
    if (!this.#closed) this.#retryLater();
  }

  /** A snapshot is too big: that is so until the operator allows more, so nothing is deleted for it and nothing tried again. */
  #giveUp(bytes: number): void {
    this.#recording = false;
    this.#emptyBatch();
    const { directory, log, maxBytes } = this.#options;
    this.#trouble = `a snapshot of this node (${bytes} bytes) does not fit into half of the record (${maxBytes} bytes)`;
    log.error('record-failed', `nothing is recorded: ${this.#trouble}`, {
      directory,
      hint: 'allow it more with --record-megabytes, and start weftd again',
    });
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      // A snapshot would only wait behind what the disk has not taken yet.
      if ((this.#segments?.queuedBytes ?? 0) > 0) this.#retryLater();
      else this.#begin('gap');
    }, RETRY_MS).unref();
  }

  async #confirm(): Promise<void> {
    await this.#segments?.settled();
    if (!this.#recording || this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.log.info('record-resumed', 'what happens is recorded again');
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ENOSPC' ? 'the disk is full (ENOSPC)' : error.message;
}

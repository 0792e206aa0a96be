/**
 * Writes down the life of the daemon: what it decides from, what peers say, and what comes of it. A batch of lines goes to
 * the disk every tenth of a second, so that nothing waits for it; what a crash can lose is that tenth.
 *
 * Where the lines come from stands in `node-record.ts`; what they mean in `@weft/recording`.
 */
import { encodeLine, type LineContent, RECORD_FORMAT, type SegmentCause } from '@weft/recording';
import type { Logger } from '@weft/telemetry';
import { Segments } from './segments.ts';

/** Lines of so long are written together, in ms. */
const BATCH_MS = 100;
/** A batch is written before its time at so many bytes. */
const BATCH_BYTES = 256 * 1024;
/** The changes that wait for a slow disk at most, in bytes; beyond, lines are dropped and a new segment begins. */
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
  /** How things are: for the beginning of a segment. Times are on the clock of `performance.now()`. */
  readonly snapshot: (add: (content: LineContent, at?: number) => void) => void;
}

/** A recorder; nothing it does throws. */
export class Recorder {
  readonly #options: RecorderOptions;
  #segments: Segments | undefined;
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
    this.#put(content, at);
    if (this.#batchBytes >= BATCH_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), BATCH_MS).unref();
  }

  /** Hands what waits to the disk. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#recording || this.#batch.length === 0) return;
    if ((this.#segments?.queuedBytes ?? 0) > MAX_QUEUED_BYTES) {
      this.#batch = [];
      this.#lose(new Error('the disk is slower than what there is to record'));
      return;
    }
    if (this.#segmentBytes + this.#batchBytes > this.#options.maxBytes) {
      // More at once than a segment takes: what came of it is in the snapshot of the next.
      this.#begin('gap');
      return;
    }
    this.#hand('change');
    if (Math.abs(Date.now() - performance.now() - this.#clockOffset) > CLOCK_STEP_MS) this.#begin('clock');
    else if (this.#segmentBytes >= this.#fullAt) this.#begin('full');
  }

  /** Resolves when all lines so far can be read. */
  async settled(): Promise<void> {
    this.flush();
    await this.#segments?.settled();
  }

  /** Takes no more lines from the moment it is called; writes the last one and lets go of the files, if the disk does so in time. */
  async close(): Promise<void> {
    this.add({ kind: 'end' });
    this.flush();
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

  #put(content: LineContent, at: number = performance.now()): void {
    const line = `${encodeLine({ at: Math.round(at + this.#clockOffset), ...content })}\n`;
    this.#batch.push(line);
    this.#batchBytes += Buffer.byteLength(line);
  }

  #hand(what: 'change' | 'snapshot'): void {
    this.#segmentBytes += this.#batchBytes;
    this.#segments?.append(this.#batch.join(''), what);
    this.#batch = [];
    this.#batchBytes = 0;
  }

  #begin(cause: SegmentCause): void {
    const { begin, directory, maxBytes, snapshot } = this.#options;
    try {
      this.#segments ??= new Segments({ directory, maxBytes, failed: (error) => this.#lose(error) });
    } catch (error) {
      this.#lose(error);
      return;
    }
    this.#clockOffset = Date.now() - performance.now();
    this.#segmentBytes = 0;
    this.#batch = [];
    this.#batchBytes = 0;
    const segment = this.#segments.nextNumber();
    this.#put({ kind: 'begin', format: RECORD_FORMAT, segment, cause, ...begin });
    snapshot((content, at) => this.#put(content, at));
    this.#put({ kind: 'complete' });
    if (this.#batchBytes > maxBytes * MOST_OF_SNAPSHOT) {
      this.#giveUp(this.#batchBytes);
      return;
    }
    this.#fullAt = Math.max(maxBytes / SEGMENTS, 2 * this.#batchBytes);
    this.#segments.begin();
    this.#recording = true;
    this.#hand('snapshot');
    if (cause === 'gap') void this.#confirm();
  }

  /** Said once, and again when it works again. */
  #lose(error: unknown): void {
    this.#recording = false;
    const { directory, log } = this.#options;
    const reason = reasonOf(error);
    if (this.#trouble === undefined) {
      const hint = 'weftd goes on without; make room there, and it records again by itself';
      log.error('record-failed', `the record has a gap: ${reason}`, { directory, hint });
    }
    this.#trouble = reason;
    if (!this.#closed) this.#retryLater();
  }

  /** A snapshot is too big: that is so until the operator allows more, so nothing is deleted for it and nothing tried again. */
  #giveUp(bytes: number): void {
    this.#recording = false;
    this.#batch = [];
    this.#batchBytes = 0;
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

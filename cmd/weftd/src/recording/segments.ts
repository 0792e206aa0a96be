/**
 * The files of a record: segments with ascending numbers in a directory of their own, never more bytes than they may have.
 * Oldest first they make room for new ones.
 *
 * Text is written in the order it comes, behind the back of whoever gives it. A disk that takes nothing costs what was to be
 * written and the rest of the segment; the daemon goes on.
 */
import { mkdirSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^segment-(\d{8})\.jsonl$/;

/** A segment on disk. */
export interface SegmentFile {
  readonly number: number;
  readonly path: string;
  readonly bytes: number;
}

/** The segments of a directory, oldest first; none where there is no directory. Throws when it cannot be read. */
export function listSegments(directory: string): SegmentFile[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const number = NAME.exec(name)?.[1];
      return number === undefined ? [] : [{ number: Number(number), path: join(directory, name) }];
    })
    .map((segment) => ({ ...segment, bytes: statSync(segment.path).size }))
    .sort((left, right) => left.number - right.number);
}

/** Where segments are kept, and how much. */
export interface SegmentsOptions {
  readonly directory: string;
  /** All segments together, in bytes. */
  readonly maxBytes: number;
  /** Something could not be written: what waited is gone, and so is the rest of the segment. */
  readonly failed: (error: unknown) => void;
}

/** Writes segments. */
export class Segments {
  readonly #options: SegmentsOptions;
  #files: { readonly number: number; readonly path: string; bytes: number }[];
  #queue: { readonly segment: number; readonly text: Buffer; readonly counted: number }[] = [];
  #queuedBytes = 0;
  #open: { readonly segment: number; readonly handle: FileHandle } | undefined;
  #writing: Promise<void> | undefined;

  /** Makes the directory, for its owner only: names of workloads are nobody else's business. Throws. */
  constructor(options: SegmentsOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    this.#files = listSegments(options.directory);
  }

  /** Bytes of changes that wait to be written. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** The number of a segment that is not there yet. */
  nextNumber(): number {
    return (this.#files.at(-1)?.number ?? 0) + 1;
  }

  /** Begins a segment; what is appended from now on goes there. */
  begin(): void {
    const number = this.nextNumber();
    const path = join(this.#options.directory, `segment-${String(number).padStart(8, '0')}.jsonl`);
    this.#files.push({ number, path, bytes: 0 });
  }

  /** Appends to the newest segment. A snapshot does not count as waiting: however big, it is no sign of a slow disk. */
  append(text: Buffer, what: 'change' | 'snapshot'): void {
    const segment = this.#files.at(-1)?.number;
    if (segment === undefined) return;
    const counted = what === 'change' ? text.length : 0;
    this.#queue.push({ segment, text, counted });
    this.#queuedBytes += counted;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when all that was appended is in the files, or lost. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    await this.settled();
    await this.#open?.handle.close().catch(() => undefined);
    this.#open = undefined;
  }

  async #writeAll(): Promise<void> {
    for (let item = this.#queue.shift(); item !== undefined; item = this.#queue.shift()) {
      try {
        await this.#write(item.segment, item.text);
        this.#queuedBytes -= item.counted;
      } catch (error) {
        this.#queue = [];
        this.#queuedBytes = 0;
        this.#options.failed(error);
      }
    }
  }

  async #write(segment: number, text: Buffer): Promise<void> {
    const file = this.#files.find(({ number }) => number === segment);
    if (file === undefined) return;
    this.#makeRoom(file.bytes, text.length);
    if (this.#open?.segment !== segment) {
      await this.#open?.handle.close();
      this.#open = undefined;
      this.#open = { segment, handle: await open(file.path, 'a', 0o600) };
    }
    // Counted before it is written: half a write takes room, too.
    file.bytes += text.length;
    await this.#open.handle.appendFile(text);
  }

  /** Deletes older segments; none, and throws, when the one that is written is too big without them. */
  #makeRoom(written: number, bytes: number): void {
    const { maxBytes } = this.#options;
    if (written + bytes > maxBytes) throw new Error('a segment does not fit into the record');
    let total = this.#files.reduce((sum, file) => sum + file.bytes, bytes);
    while (total > maxBytes) {
      const oldest = this.#files.shift();
      if (oldest === undefined) return;
      total -= oldest.bytes;
      unlinkIfThere(oldest.path);
    }
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

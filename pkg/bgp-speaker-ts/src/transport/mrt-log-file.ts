/**
 * The update log in a file: records are appended as they come, and rotation is the user's.
 *
 * A log never holds the speaker up: one write is under way at a time and at most `QUEUE_BYTES` wait for it. What comes
 * on top, and what the disk refuses, is dropped whole and counted, so that the file stays one of whole records.
 */

import { type FileHandle, open } from 'node:fs/promises';
import { type MrtFileError, mrtFileError } from './mrt-file.ts';

/** Most octets that wait for the disk. */
const QUEUE_BYTES = 16 * 1024 * 1024;

/** A log that is open. */
export class MrtLogFile {
  readonly path: string;
  /** Records lost, because the disk was slow or full. */
  droppedRecords = 0;

  #file: FileHandle;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Opens a log to append to, making the file if it is not there. */
  static async open(path: string): Promise<MrtLogFile | MrtFileError> {
    const file = await openToAppend(path);
    return 'kind' in file ? file : new MrtLogFile(path, file);
  }

  /** Appends a record; for `BgpServer.logMrt`. */
  readonly write = (record: Uint8Array): void => {
    if (this.#queuedBytes + record.length > QUEUE_BYTES) {
      this.droppedRecords += 1;
      return;
    }
    this.#queue.push(record);
    this.#queuedBytes += record.length;
    this.#writing ??= this.#writeQueue();
  };

  /** Goes on in a new file of the same name, after the old one was renamed. On an error the old file stays in use. */
  async reopen(): Promise<MrtFileError | undefined> {
    const next = await openToAppend(this.path);
    if ('kind' in next) return next;
    const old = this.#file;
    this.#file = next;
    await this.#writing;
    await old.close();
    return undefined;
  }

  /** Writes what waits and closes the file; nothing may be written after it. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #writeQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      const records = this.#queue;
      this.#queue = [];
      this.#queuedBytes = 0;
      await this.#file.appendFile(Buffer.concat(records)).catch(() => {
        this.droppedRecords += records.length;
      });
    }
    this.#writing = undefined;
  }
}

async function openToAppend(path: string): Promise<FileHandle | MrtFileError> {
  try {
    return await open(path, 'a', 0o644);
  } catch (error) {
    return mrtFileError(path, error as NodeJS.ErrnoException);
  }
}

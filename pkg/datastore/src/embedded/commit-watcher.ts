/**
 * Notices that another process may have committed: every commit appends to the write-ahead log, and inotify tells.
 *
 * Traps it guards against:
 * - A commit becomes visible in shared memory a moment after its last byte is in the log. Whoever looks in between
 *   sees nothing, and no further event comes. So a look without news is repeated a few times, soon.
 * - The log may be made anew; inotify then watches a dead inode. Its last event is a `rename`, but comes only when nobody
 *   has the old log open; before that the inodes differ, and after it they may be equal again. The poll minds both.
 * - inotify may be refused (limits, foreign file systems). Then a faster poll takes its place.
 */
import { type FSWatcher, type WatchEventType, watch } from 'node:fs';
import { inodeAt } from './open-file.ts';

/** The safety net under inotify, and what replaces it where there is none. */
const SLOW_POLL_MS = 500;
const FAST_POLL_MS = 50;

/** Looks at least so far apart, so that a burst of commits does not wake every daemon of the machine for each of them. */
const GAP_MS = 5;

/** When to look again after a look that brought nothing. */
const SECOND_LOOKS_MS: readonly number[] = [2, 20];

/** Calls `look` whenever there may be news; `look` says whether there was any. */
export class CommitWatcher implements Disposable {
  readonly #logPath: string;
  readonly #look: () => boolean;
  #watcher: FSWatcher | undefined;
  #watchedInode = 0n;
  #poll: NodeJS.Timeout | undefined;
  #next: NodeJS.Timeout | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(logPath: string, look: () => boolean) {
    this.#logPath = logPath;
    this.#look = look;
    this.#arm();
    this.#schedulePoll();
  }

  [Symbol.dispose](): void {
    this.#disarm();
    clearTimeout(this.#poll);
    clearTimeout(this.#next);
  }

  #arm(): void {
    this.#disarm();
    try {
      this.#watchedInode = inodeAt(this.#logPath);
      this.#watcher = watch(this.#logPath, (event) => this.#onEvent(event));
      this.#watcher.on('error', () => this.#disarm());
    } catch {
      // No log yet, or no inotify: the poll sees commits and tries again.
      this.#disarm();
    }
  }

  #disarm(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#watchedInode = 0n;
  }

  #schedulePoll(): void {
    this.#poll = setTimeout(() => this.#onPoll(), this.#watcher ? SLOW_POLL_MS : FAST_POLL_MS).unref();
  }

  #onPoll(): void {
    if (this.#watchedInode === 0n || this.#watchedInode !== inodeAt(this.#logPath)) this.#arm();
    this.#schedulePoll();
    this.#look();
  }

  /** The first event after a calm is worth a look at once; those right behind it share a later one. */
  #onEvent(event: WatchEventType): void {
    if (event === 'rename') this.#disarm();
    const restMs = this.#lookedAt + GAP_MS - performance.now();
    if (restMs <= 0) this.#lookUntilNews(0);
    else this.#next ??= setTimeout(() => this.#lookUntilNews(1), restMs);
  }

  #lookUntilNews(attempt: number): void {
    clearTimeout(this.#next);
    this.#next = undefined;
    this.#lookedAt = performance.now();
    const pauseMs = SECOND_LOOKS_MS[attempt];
    if (this.#look() || pauseMs === undefined) return;
    this.#next = setTimeout(() => this.#lookUntilNews(attempt + 1), pauseMs);
  }
}

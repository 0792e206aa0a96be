/**
 * DELs that wait: those that the CNI client kept while weftd was away, and those that weftd could not do because its datastore
 * was. A runtime may ask for a DEL only once, so whoever takes one has to see it through, over restarts and power losses too.
 *
 * A file is named `<unix nanoseconds>-<pid>` and holds one call as bytes. It is removed when its DEL was done, and set aside as
 * `….bad` when it can never be.
 */
import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_CNI_CALL_BYTES } from '@weft/control';
import type { Logger } from '@weft/telemetry';

/** What became of a DEL. `done` also when there was nothing to do. */
export type Replayed =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly reason: string }
  /** Nothing can be done now, so the others need not be tried. */
  | { readonly kind: 'away'; readonly reason: string }
  | { readonly kind: 'never'; readonly reason: string };

/** What the bytes of a file stand for. */
export interface DelHandler {
  /** The attachment that it ends; undefined when that cannot be told. */
  attachmentOf(call: Uint8Array): string | undefined;
  /** Does the DEL of a file that was written at that time, in milliseconds since the epoch. */
  replay(call: Uint8Array, writtenAt: number): Promise<Replayed>;
}

const FILE_NAME = /^(\d{1,20})-\d+$/;
/** Every so often what waits is looked for: a client also keeps a DEL that a living weftd did not answer in time. */
const LOOK_MS = 10_000;
/** Longest pause between two tries of a DEL that fails again and again, and between two complaints about it. */
const MAX_PAUSE_MS = 600_000;
/** DELs at once: each waits tens of milliseconds for the kernel. */
const AT_ONCE = 8;

/** How it stands with a file whose DEL has to wait. */
interface Waiting {
  /** Until then nothing is said of it; and no look tries it, unless it was not what failed. */
  readonly quietUntil: number;
  readonly pauseMs: number;
  readonly kind: 'later' | 'away';
}

/** The directory, and what is done with it. */
export class CniSpool {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #handler: DelHandler;
  readonly #now: () => number;
  /** By file name. */
  readonly #paused = new Map<string, Waiting>();
  /** By file name, the attachment that an ADD must not make before; none where the DEL has failed for itself. */
  readonly #ends = new Map<string, string | undefined>();
  #sweeping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Files that were there at the last look, and those kept since. */
  #waiting = 0;
  #kept = 0;

  /** @param now milliseconds, of a clock that is never set */
  constructor(
    directory: string,
    log: Logger,
    handler: DelHandler,
    now: () => number = () => performance.now(),
  ) {
    this.#directory = directory;
    this.#log = log;
    this.#handler = handler;
    this.#now = now;
  }

  /** How many DELs wait, as far as is known. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a DEL of the attachment waits or is under way. One that failed for itself keeps nobody from plugging in. */
  holds(attachment: string): boolean {
    return this.#ends.values().some((ended) => ended === attachment);
  }

  /** The attachment was ended by another DEL: none that waits has to come before what follows. */
  release(attachment: string): void {
    for (const [name, ended] of this.#ends) if (ended === attachment) this.#ends.set(name, undefined);
  }

  /**
   * Does all that waits, once, also what had failed a moment ago: whoever asks has something to do that comes after it. Two at
   * the same time are one. Never throws: a spool that cannot be read must not stop the daemon.
   */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepOnce().finally(() => {
      this.#sweeping = undefined;
      this.#lookLater();
    });
    return this.#sweeping;
  }

  /** Does all that waits, unless all of it has failed and pauses: longer each time it fails. */
  async look(): Promise<void> {
    const names = await this.#names();
    if (names.length > 0 && names.every((name) => this.#isPaused(name))) this.#lookLater();
    else await this.sweep();
  }

  /** Keeps a DEL, on disk before it returns. Throws when it cannot be written. */
  async keep(call: Uint8Array, now: number): Promise<void> {
    const name = `${BigInt(now) * 1_000_000n + BigInt(this.#kept++ % 1_000_000)}-${process.pid}`;
    const path = join(this.#directory, name);
    const unfinished = join(this.#directory, `.${name}`);
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    try {
      await writeDurably(unfinished, call);
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    this.#ends.set(name, this.#handler.attachmentOf(call));
    await syncDirectory(this.#directory);
    this.#waiting++;
  }

  /** Tries nothing again. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.look(), LOOK_MS).unref();
  }

  async #sweepOnce(): Promise<void> {
    const names = await this.#learn();
    let left = 0;
    for (let start = 0; start < names.length; start += AT_ONCE) {
      const batch = names.slice(start, start + AT_ONCE);
      const outcomes = await Promise.all(batch.map((name) => this.#finish(name)));
      left += outcomes.filter((outcome) => outcome !== 'settled').length;
      if (!outcomes.includes('away')) continue;
      left += names.length - start - batch.length;
      break;
    }
    this.#waiting = left;
  }

  /** The files, when it is known of all what they end: an ADD may come before the last of them is reached. */
  async #learn(): Promise<string[]> {
    const known = [...this.#paused.keys(), ...this.#ends.keys()];
    const names = await this.#names();
    const there = new Set(names);
    for (const name of known) if (!there.has(name)) this.#forget(name);
    for (const name of names) if (!this.#ends.has(name)) this.#ends.set(name, await this.#attachmentIn(name));
    return names;
  }

  #forget(name: string): void {
    this.#paused.delete(name);
    this.#ends.delete(name);
  }

  async #attachmentIn(name: string): Promise<string | undefined> {
    try {
      const call = await readCall(join(this.#directory, name));
      return typeof call === 'number' ? undefined : this.#handler.attachmentOf(call);
    } catch {
      return undefined; // whoever does it says so
    }
  }

  /** The files, oldest first, so that none waits for ever. */
  async #names(): Promise<string[]> {
    let entries: Dirent[];
    try {
      entries = await readdir(this.#directory, { withFileTypes: true });
    } catch (error) {
      // Whoever keeps the first DEL makes it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#complain('it cannot be read', error);
      return [];
    }
    const names = entries
      .filter((entry) => entry.isFile() && FILE_NAME.test(entry.name))
      .map(({ name }) => name);
    return names.sort((left, right) => writtenAt(left) - writtenAt(right));
  }

  /** Settled is a file whose DEL is done, or that was set aside. */
  async #finish(name: string): Promise<'settled' | 'later' | 'away'> {
    const path = join(this.#directory, name);
    try {
      const replayed = await this.#replayFile(path, name);
      if (replayed.kind === 'done') {
        await rm(path, { force: true });
        this.#log.info('cni-spool-done', 'a DEL that had waited is done', { path });
      }
      if (replayed.kind === 'never') await this.#setAside(path, replayed.reason);
      if (replayed.kind === 'done' || replayed.kind === 'never') return this.#settled(name);
      if (replayed.kind === 'later') this.#ends.set(name, undefined);
      this.#pause(name, replayed);
      return replayed.kind;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.#settled(name); // the client has had its answer meanwhile
      this.#complain(`${name} cannot be used`, error);
      this.#ends.set(name, undefined);
      return 'later';
    }
  }

  #settled(name: string): 'settled' {
    this.#forget(name);
    return 'settled';
  }

  #isPaused(name: string): boolean {
    const waiting = this.#paused.get(name);
    return waiting?.kind === 'later' && this.#now() < waiting.quietUntil;
  }

  /** Each pause is twice the one before, and is said once. While nothing at all can be done, only the saying pauses. */
  #pause(name: string, { kind, reason }: Extract<Replayed, { readonly kind: 'later' | 'away' }>): void {
    const before = this.#paused.get(name);
    const now = this.#now();
    if (before !== undefined && before.kind === kind && now < before.quietUntil) return;
    const pauseMs = before?.kind === kind ? Math.min(before.pauseMs * 2, MAX_PAUSE_MS) : LOOK_MS;
    this.#paused.set(name, { kind, pauseMs, quietUntil: now + pauseMs });
    this.#log.warn('cni-spool-waits', `a DEL has to wait: ${reason}`, {
      path: join(this.#directory, name),
      secondsUntilNext: pauseMs / 1000,
    });
  }

  async #replayFile(path: string, name: string): Promise<Replayed> {
    const call = await readCall(path);
    if (typeof call === 'number') return { kind: 'never', reason: `it has ${call} bytes` };
    this.#ends.set(name, this.#handler.attachmentOf(call));
    return this.#handler.replay(call, writtenAt(name));
  }

  async #setAside(path: string, reason: string): Promise<void> {
    const aside = `${path}.bad`;
    await rename(path, aside);
    const hint =
      'Look at it, then remove it; the container it was about may have left an endpoint (weftctl node status).';
    this.#log.error('cni-spool-bad', `a kept DEL cannot be used: ${reason}`, { path: aside, hint });
  }

  #complain(what: string, error: unknown): void {
    const cause = error instanceof Error ? error.message : String(error);
    this.#log.error('cni-spool-failed', `the spool of the CNI plugin: ${what}`, {
      path: this.#directory,
      cause,
      hint: 'let weftd read and write it; DELs that wait there are not done',
    });
  }
}

/** In milliseconds since the epoch. */
function writtenAt(name: string): number {
  return Number(FILE_NAME.exec(name)?.[1] ?? 0) / 1e6;
}

/** What is in a file, or of how many bytes it is when that is more than any call has. */
async function readCall(path: string): Promise<Uint8Array | number> {
  const { size } = await stat(path);
  return size > MAX_CNI_CALL_BYTES ? size : readFile(path);
}

async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A name that was renamed is on disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

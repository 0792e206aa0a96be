/** Noticing commits: inotify, its traps, and the poll beneath it. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryPath } from '../../test/temporary-store.ts';
import { CommitWatcher } from './commit-watcher.ts';

/** Even with the fast poll this many would take longer than a test has. */
const APPENDS = 150;

describe('CommitWatcher', () => {
  it('looks as soon as the log grows, not only when it polls', async () => {
    const log = makeLog();
    const { nextLook } = watchLog(log);
    await lookAfterEachAppend(log, nextLook);
  });

  it('watches the new log when the old one was replaced', async () => {
    const log = makeLog();
    const { nextLook } = watchLog(log);
    rmSync(log);
    await nextLook();
    writeFileSync(log, '');
    await nextLook();
    await lookAfterEachAppend(log, nextLook);
  });

  it('polls when there is no log to watch, and watches it once it is there', async () => {
    const log = temporaryPath();
    const { nextLook } = watchLog(log);
    await nextLook();
    writeFileSync(log, '');
    await nextLook();
    await nextLook();
    await lookAfterEachAppend(log, nextLook);
  });

  it('looks again soon after an event without news, because a commit may become visible a moment later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const log = makeLog();
    const { looks, nextLook } = watchLog(log, () => false);
    const first = nextLook();
    appendFileSync(log, 'x');
    await first;
    const before = looks();
    vi.advanceTimersByTime(100);
    expect(looks() - before).toBe(2);
  });

  it('does not look again when there was news', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const log = makeLog();
    const { looks, nextLook } = watchLog(log, () => true);
    const first = nextLook();
    appendFileSync(log, 'x');
    await first;
    const before = looks();
    vi.advanceTimersByTime(100);
    expect(looks()).toBe(before);
  });
});

function makeLog(): string {
  const log = temporaryPath();
  writeFileSync(log, '');
  return log;
}

function watchLog(log: string, hasNews: () => boolean = () => true) {
  let looks = 0;
  let next = Promise.withResolvers<void>();
  const watcher = new CommitWatcher(log, () => {
    looks++;
    next.resolve();
    next = Promise.withResolvers<void>();
    return hasNews();
  });
  onTestFinished(() => watcher[Symbol.dispose]());
  return { looks: () => looks, nextLook: () => next.promise };
}

async function lookAfterEachAppend(log: string, nextLook: () => Promise<void>): Promise<void> {
  for (let count = 0; count < APPENDS; count++) {
    const look = nextLook();
    appendFileSync(log, 'x');
    await look;
  }
}

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type Logger } from '@weft/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CniSpool, type Replayed } from './spool.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-spool-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const log = createLogger({ name: 'test', level: 'silent' as 'error' });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const leave = (name: string, text: string): void => writeFileSync(join(directory, name), text);
const files = (): string[] => readdirSync(directory).sort();

/** Each call's text is the attachment that it ends. */
const attachmentOf = (call: Uint8Array): string => new TextDecoder().decode(call);

/** A spool whose DELs end as told, and the order in which they came. */
function spoolOf(outcome: (call: string) => Replayed): { spool: CniSpool; seen: string[] } {
  const seen: string[] = [];
  const replay = async (call: Uint8Array): Promise<Replayed> => {
    const text = new TextDecoder().decode(call);
    seen.push(text);
    return outcome(text);
  };
  const spool = new CniSpool(directory, log, { attachmentOf, replay });
  return { spool, seen };
}
const done: Replayed = { kind: 'done' };

describe('a spool of DELs', () => {
  it('is done, several at once, and empty then', async () => {
    leave('200-7', 'b');
    leave('1000-7', 'c');
    leave('100-9', 'a');
    const { seen, spool } = spoolOf(() => done);
    await spool.sweep();
    expect(seen.sort()).toEqual(['a', 'b', 'c']);
    expect(files()).toEqual([]);
    expect(spool.waiting).toBe(0);
  });

  it('keeps what has to wait, sets aside what can never be, and leaves alone what is not its own', async () => {
    for (const [name, text] of [
      ['100-1', 'done'],
      ['200-1', 'later'],
      ['300-1', 'never'],
      ['.400-1', 'half'],
      ['README', 'x'],
    ])
      leave(name ?? '', text ?? '');
    const { spool } = spoolOf((text) =>
      text === 'done' ? done : { kind: text as 'later', reason: 'as the test wants' },
    );
    await spool.sweep();
    expect(files()).toEqual(['.400-1', '200-1', '300-1.bad', 'README']);
    expect(spool.waiting).toBe(1);
    spool.close();
  });

  it('stops trying while nothing can be done', async () => {
    for (let index = 100; index < 150; index++) leave(`${index}-1`, 'x');
    const { seen, spool } = spoolOf(() => ({ kind: 'away', reason: 'the datastore is away' }));
    await spool.sweep();
    expect(seen.length).toBeLessThan(20);
    expect(spool.waiting).toBe(50);
    spool.close();
  });

  describe('that fails again and again', () => {
    /** A look each 10 s: how long after the first, in s, one was tried, and one was complained about. */
    async function looks(kind: (second: number) => 'later' | 'away', count: number) {
      let second = 0;
      const tried: number[] = [];
      const said: number[] = [];
      const warn = (event: string): void => void (event === 'cni-spool-waits' && said.push(second));
      const replay = async (): Promise<Replayed> => {
        tried.push(second);
        return { kind: kind(second), reason: 'as the test wants' };
      };
      const spool = new CniSpool(
        directory,
        { ...log, warn } as Logger,
        { attachmentOf, replay },
        () => second * 1000,
      );
      leave('100-1', 'x');
      for (; second < count * 10; second += 10) {
        await spool.look();
        expect(spool.waiting).toBe(1);
      }
      spool.close();
      return { tried, said };
    }

    it('is tried after longer and longer pauses of ten minutes at most, and said as often', async () => {
      const { said, tried } = await looks(() => 'later', 300);
      expect(tried).toEqual([0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430]);
      expect(said).toEqual(tried);
    });

    it('is tried all the same, and not complained about, before what comes after it', async () => {
      leave('100-1', 'x');
      const warn = vi.fn();
      let outcome: Replayed = { kind: 'later', reason: 'as the test wants' };
      const spool = new CniSpool(
        directory,
        { ...log, warn } as Logger,
        { attachmentOf, replay: async () => outcome },
        () => 0,
      );
      await spool.sweep();
      await spool.sweep();
      expect(warn).toHaveBeenCalledTimes(1);
      outcome = done;
      await spool.look();
      expect(spool.waiting).toBe(1);
      await spool.sweep();
      expect(spool.waiting).toBe(0);
      spool.close();
    });

    it('is tried at every look while nothing can be done, and said ever more rarely', async () => {
      const { said, tried } = await looks(() => 'away', 20);
      expect(tried).toHaveLength(20);
      expect(said).toEqual([0, 10, 30, 70, 150]);
    });

    it('for another reason is said at once', async () => {
      const { said } = await looks((second) => (second < 50 ? 'away' : 'later'), 7);
      expect(said).toEqual([0, 10, 30, 50, 60]);
    });
  });

  it('holds what a DEL ends while it waits, also one that no sweep has reached, and no longer', async () => {
    for (let index = 100; index < 130; index++) leave(`${index}-1`, `c${index}`);
    const { spool } = spoolOf((text) => ({ kind: text === 'c100' ? 'later' : 'away', reason: 'as wanted' }));
    await spool.sweep();
    expect(['c100', 'c101', 'c129', 'c9'].map((id) => spool.holds(id))).toEqual([false, true, true, false]);
    rmSync(join(directory, '101-1'));
    spool.release('c102');
    await spool.sweep();
    expect(['c101', 'c102', 'c103', 'c129'].map((id) => spool.holds(id))).toEqual([false, true, true, true]);
    await spool.keep(bytes('c9'), 1);
    expect(spool.holds('c9')).toBe(true);
    spool.close();
  });

  it('does what was kept, and tells when', async () => {
    const times: number[] = [];
    const replay = async (_: Uint8Array, writtenAt: number): Promise<Replayed> => {
      times.push(writtenAt);
      return done;
    };
    const spool = new CniSpool(directory, log, { attachmentOf, replay });
    await spool.keep(bytes('x'), 1_800_000_000_123);
    expect(files()).toHaveLength(1);
    expect(spool.waiting).toBe(1);
    await spool.sweep();
    expect(times[0]).toBeCloseTo(1_800_000_000_123, 0);
    expect(files()).toEqual([]);
  });

  it('is looked at again and again: a client may keep a DEL while weftd lives', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { seen, spool } = spoolOf(() => done);
    await spool.sweep();
    leave('100-1', 'late');
    vi.advanceTimersToNextTimer();
    vi.useRealTimers();
    await vi.waitFor(() => expect(seen).toEqual(['late']));
    spool.close();
  });

  it('that is not there is made when it is needed, and one that cannot be read stops nothing', async () => {
    rmSync(directory, { recursive: true });
    const { spool } = spoolOf(() => done);
    await spool.sweep();
    await spool.keep(bytes('x'), 1);
    expect(files()).toHaveLength(1);
    spool.close();
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'a file');
    await spool.sweep();
    await expect(spool.keep(bytes('x'), 1)).rejects.toThrow();
  });
});

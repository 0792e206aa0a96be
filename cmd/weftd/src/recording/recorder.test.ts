/** The recorder on real files: its bound, a disk that is full, damaged segments, and a clock that is set. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prefix } from '@weft/ip';
import { encodeLine, type LineContent, RECORD_FORMAT, type RecordLine } from '@weft/recording';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ReadItem, readRecord, recordFiles } from './read-record.ts';
import { Recorder, type SnapshotLine } from './recorder.ts';
import { listSegments, Segments } from './segments.ts';

const BEGIN = {
  node: 'n1',
  nodeDigest: '00',
  version: '0.1.0',
} as const;

let directory: string;
let recorder: Recorder | undefined;
const log = createLogger({ name: 'test', level: 'error' });
const said = vi.spyOn(log, 'error').mockImplementation(() => {});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-record-'));
  said.mockClear();
});
afterEach(async () => {
  vi.useRealTimers();
  await recorder?.close();
  rmSync(directory, { recursive: true });
});

function record(
  place: string,
  maxBytes: number,
  snapshot: readonly LineContent[] | (() => Iterable<LineContent>) = [],
): Recorder {
  recorder = new Recorder({
    directory: place,
    maxBytes,
    log,
    begin: BEGIN,
    snapshot: () => {
      const lines = typeof snapshot === 'function' ? snapshot() : snapshot;
      return Iterator.from(lines).map((content): SnapshotLine => [content]);
    },
  });
  recorder.start();
  return recorder;
}

function announced(index: number): LineContent {
  return {
    kind: 'announced',
    prefix: prefix(`10.${(index >> 8) & 255}.${index & 255}.0/24`),
    reason: 'x'.repeat(100),
  };
}

function sizeOf(place: string): number {
  return listSegments(place).reduce((sum, { bytes }) => sum + bytes, 0);
}

async function read(place: string): Promise<ReadItem[]> {
  return Array.fromAsync(readRecord(recordFiles(place)));
}

function linesOf(items: readonly ReadItem[]): RecordLine[] {
  return items.flatMap((item) => (item.kind === 'line' ? [item.line] : []));
}

describe('a record', () => {
  it('never has more bytes than it may, however much there is to record, and can be read from its oldest segment', async () => {
    const most = 200_000;
    const flooded = record(directory, most, [announced(0)]);
    for (let index = 0; index < 20_000; index += 1) {
      flooded.add(announced(index));
      if (index % 100 !== 0) continue;
      await flooded.settled();
      expect(sizeOf(directory)).toBeLessThanOrEqual(most);
    }
    await flooded.settled();
    expect(sizeOf(directory)).toBeGreaterThan(most / 2);
    const segments = listSegments(directory);
    expect(segments[0]?.number).toBeGreaterThan(50);
    const lines = linesOf(await read(directory));
    expect(lines.slice(0, 3).map(({ kind }) => kind)).toEqual(['begin', 'announced', 'complete']);
    expect(lines.filter(({ kind }) => kind === 'begin')).toHaveLength(segments.length);
    expect(lines.some((line) => line.kind === 'announced' && line.prefix === prefix('10.78.31.0/24'))).toBe(
      true,
    );
  });

  it('is for its owner only', async () => {
    const place = join(directory, 'of', 'n1');
    await record(place, 1_000_000).settled();
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(statSync(listSegments(place)[0]?.path ?? '').mode & 0o777).toBe(0o600);
  });

  it('goes on after a restart in a segment of its own, and says that it was ended', async () => {
    await record(directory, 1_000_000).close();
    const second = record(directory, 1_000_000);
    second.add(announced(1));
    await second.settled();
    expect(linesOf(await read(directory)).map(({ kind }) => kind)).toEqual([
      'begin',
      'complete',
      'end',
      'begin',
      'complete',
      'announced',
    ]);
  });

  it('says once that a snapshot does not fit, and what to do, keeps what it has and tries no more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const first = record(directory, 5_000);
    first.add(announced(1));
    await first.close();
    const before = await read(directory);
    const many = Array.from({ length: 20 }, (_, index) => announced(index));
    const snapshot = vi.fn(() => many);
    const tooSmall = record(directory, 5_000, snapshot);
    await tooSmall.settled();
    vi.advanceTimersByTime(60_000);
    expect(said).toHaveBeenCalledOnce();
    expect(said.mock.calls[0]?.[1]).toMatch(
      /^nothing is recorded: a snapshot of this node \(\d+ bytes\) does not fit/,
    );
    expect(said.mock.calls[0]?.[2]).toMatchObject({
      hint: 'allow it more with --record-megabytes, and start weftd again',
    });
    expect(snapshot).toHaveBeenCalledOnce();
    expect(tooSmall.isRecording).toBe(false);
    expect(tooSmall.trouble).toMatch(/does not fit/);
    expect(await read(directory)).toEqual(before);
  });

  it('tells of more at once than a segment takes by the snapshot of the next', async () => {
    const burst = record(directory, 5_000, [announced(0)]);
    for (let index = 0; index < 100; index += 1) burst.add(announced(index));
    await burst.settled();
    const begun = linesOf(await read(directory)).flatMap((line) =>
      line.kind === 'begin' ? [line.cause] : [],
    );
    expect(begun).toEqual(['start', 'gap']);
    expect(said).not.toHaveBeenCalled();
    expect(sizeOf(directory)).toBeLessThanOrEqual(5_000);
  });

  it('does not take a big snapshot for a slow disk', async () => {
    const big: LineContent = { ...announced(0), reason: 'x'.repeat(17 * 1024 * 1024) } as LineContent;
    const quick = record(directory, 64 * 1024 * 1024, [big]);
    quick.add(announced(1));
    await quick.settled();
    expect(said).not.toHaveBeenCalled();
    expect(quick.trouble).toBeUndefined();
    expect(linesOf(await read(directory)).map(({ kind }) => kind)).toEqual([
      'begin',
      'announced',
      'complete',
      'announced',
    ]);
  });

  it('makes the text of a big snapshot in several turns, and what happens meanwhile follows it', async () => {
    let made = 0;
    const slow = record(directory, 10_000_000, function* () {
      for (; made < 5_000; made += 1) yield announced(made);
    });
    expect(made).toBeLessThan(1_000);
    slow.add(announced(5_000));
    slow.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBeLessThan(2_000);
    slow.add(announced(5_001));
    await slow.settled();
    const lines = linesOf(await read(directory));
    const prefixes = lines.flatMap((line) => (line.kind === 'announced' ? [line.prefix] : []));
    expect(prefixes).toEqual(
      Array.from({ length: 5_002 }, (_, index) => prefix(`10.${index >> 8}.${index & 255}.0/24`)),
    );
    expect(lines.findIndex(({ kind }) => kind === 'complete')).toBe(5_001);
    const times = lines.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
  });

  it('is complete when the daemon ends while a snapshot is being made', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => announced(index));
    const ending = record(directory, 10_000_000, many);
    ending.add(announced(5_000));
    await ending.close();
    const kinds = linesOf(await read(directory)).map(({ kind }) => kind);
    expect(kinds).toHaveLength(many.length + 4);
    expect(kinds.slice(-3)).toEqual(['complete', 'announced', 'end']);
  });

  it('takes no snapshot in the middle of what happens', async () => {
    const snapshot = vi.fn((): LineContent[] => []);
    const full = record(directory, 1_000_000, snapshot);
    for (let index = 0; index < 4_000; index += 1) full.add(announced(index));
    expect(snapshot).toHaveBeenCalledOnce();
    await full.settled();
    expect(snapshot).toHaveBeenCalledTimes(2);
  });

  it('begins anew when the clock of the machine is set', async () => {
    const stepped = record(directory, 1_000_000);
    const now = Date.now();
    const clock = vi.spyOn(Date, 'now').mockReturnValue(now + 3_600_000);
    stepped.add(announced(1));
    await stepped.settled();
    stepped.add(announced(2));
    await stepped.settled();
    clock.mockRestore();
    const lines = linesOf(await read(directory));
    expect(lines.flatMap((line) => (line.kind === 'begin' ? [line.cause] : []))).toEqual(['start', 'clock']);
    expect(lines.at(-1)?.at).toBeGreaterThan(now + 3_000_000);
  });
});

describe('a disk that takes nothing', () => {
  it('holds up the end for 2 s at most, and what comes after the end is not recorded', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const hanging = record(directory, 1_000_000);
    await hanging.settled();
    const disk = vi.spyOn(Segments.prototype, 'close').mockReturnValue(new Promise(() => {}));
    const closed = hanging.close();
    expect(hanging.isRecording).toBe(false);
    hanging.add(announced(1));
    await vi.advanceTimersByTimeAsync(2_000);
    await closed;
    disk.mockRestore();
    await hanging.settled();
    expect(linesOf(await read(directory)).map(({ kind }) => kind)).toEqual(['begin', 'complete', 'end']);
  });

  it('is said once; recording goes on when it does again, and the gap is told', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const place = join(directory, 'record');
    // A file in the place of the directory: what can be mended from outside while the daemon runs.
    writeFileSync(place, '');
    const failing = record(place, 1_000_000);
    failing.add(announced(1));
    vi.advanceTimersByTime(60_000);
    expect(said).toHaveBeenCalledOnce();
    expect(failing.trouble).toMatch(/EEXIST|ENOTDIR/);
    rmSync(place);
    vi.advanceTimersByTime(10_000);
    failing.add(announced(2));
    await failing.settled();
    await vi.waitFor(() => expect(failing.trouble).toBeUndefined());
    expect(linesOf(await read(place))).toMatchObject([
      { kind: 'begin', cause: 'gap' },
      { kind: 'complete' },
      announced(2),
    ]);
  });
});

describe('reading', () => {
  const lines = (...contents: LineContent[]): string =>
    contents.map((content, at) => `${encodeLine({ at, ...content })}\n`).join('');
  const begin: LineContent = { kind: 'begin', format: RECORD_FORMAT, segment: 1, cause: 'start', ...BEGIN };

  it('passes over half a line at the end, as a crash leaves it', async () => {
    const file = join(directory, 'segment-00000001.jsonl');
    writeFileSync(file, lines(begin, { kind: 'complete' }, announced(1)));
    appendFileSync(file, '{"at":7,"kind":"annou');
    const items = await read(directory);
    expect(items.map(({ kind }) => kind)).toEqual(['line', 'line', 'line']);
  });

  it('leaves out what follows a damaged line, says so, and goes on with the next segment', async () => {
    const [first, second] = ['segment-00000001.jsonl', 'segment-00000002.jsonl'].map((name) =>
      join(directory, name),
    );
    writeFileSync(
      first ?? '',
      `${lines(begin, { kind: 'complete' })}\0\0\0\n${lines(announced(1), announced(2))}`,
    );
    writeFileSync(second ?? '', lines(begin, { kind: 'complete' }, announced(3)));
    const items = await read(directory);
    expect(items).toContainEqual({
      kind: 'problem',
      file: first,
      reason: 'line 3 is damaged (it is not JSON); the rest is left out',
    });
    expect(linesOf(items).filter(({ kind }) => kind === 'announced')).toMatchObject([announced(3)]);
  });

  it('refuses a format it does not know, and files that are no record', async () => {
    const [later, other, empty] = [1, 2, 3].map((number) =>
      join(directory, `segment-0000000${number}.jsonl`),
    );
    writeFileSync(later ?? '', lines({ ...begin, format: RECORD_FORMAT + 1 }, { kind: 'complete' }));
    writeFileSync(other ?? '', 'hello\nworld\n');
    writeFileSync(empty ?? '', 'hello');
    const items = await read(directory);
    expect(items).toMatchObject([
      {
        kind: 'problem',
        file: later,
        reason: expect.stringMatching(/^it is of format 2, written by a later weftd/),
      },
      { kind: 'problem', file: other, reason: expect.stringMatching(/^line 1 is damaged/) },
      { kind: 'problem', file: empty, reason: expect.stringMatching(/^it holds no whole line/) },
    ]);
    expect(readFileSync(other ?? '', 'utf8')).toBe('hello\nworld\n');
  });
});

/** The embedded driver among processes: exact counters, watches, killed writers, names. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { countOf, type Pool, poolKey, recount } from '../src/contract/samples.ts';
import { createPool, take, written } from '../src/contract/subject.ts';
import { checkFile } from './check-file.ts';
import type { ChildReport } from './child.ts';
import { startChild } from './start-child.ts';
import { openForTest, temporaryPath } from './temporary-store.ts';

const PROCESSES = 4;
const INCREMENTS = 50;

describe('processes that share a datastore file', { timeout: 60_000 }, () => {
  it('may all find it missing, and make it together', async () => {
    const path = temporaryPath();
    const children = Array.from({ length: PROCESSES }, () => startChild('open', path));
    const reports = await Promise.all(children.map((child) => child.rest()));
    expect(reports).toEqual(children.map(() => [{ kind: 'ready' }]));
    checkFile(path);
  });

  it('lose no increment of one counter', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    await createPool(store, 'counter', { count: 0 });
    const children = Array.from({ length: PROCESSES }, () => startChild('increment', path, INCREMENTS));
    const values = (await Promise.all(children.map((child) => child.rest()))).flat().map(countReported);
    const all = Array.from({ length: PROCESSES * INCREMENTS }, (_, index) => index + 1);
    expect(values.toSorted((a, b) => a - b)).toEqual(all);
    expect(countOf((await store.get(poolKey('counter'))) as Pool)).toBe(all.length);
    checkFile(path);
  });

  it('see each other’s changes, every one, in order, and without waiting for the poll', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    let counter = await createPool(store, 'counter', { count: 0 });
    const watcher = startChild('watch', path);
    expect(await watcher.next()).toEqual({ kind: 'ready' });
    const startedAt = performance.now();
    for (let value = 1; value <= 50; value++) {
      counter = written(await recount(store, counter, value));
      expect(await watcher.next()).toEqual({ kind: 'counted', value });
    }
    // The poll alone would take 25 seconds.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    for (let value = 51; value <= 500; value++) counter = written(await recount(store, counter, value));
    for (let value = 51; value <= 500; value++) {
      expect(await watcher.next()).toEqual({ kind: 'counted', value });
    }
  });

  it('get a list and a watch that fit together, while another writes', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    await createPool(store, 'counter', { count: 0 });
    const writer = startChild('count', path);
    await writer.next();
    for (let round = 0; round < 300; round++) {
      const { items, revision } = await store.list('IPPool');
      const stop = new AbortController();
      const [next] = await take(store.watch('IPPool', revision, stop.signal)[Symbol.asyncIterator](), 1);
      stop.abort();
      expect(next?.kind === 'put' && countOf(next.resource)).toBe(countOf(items[0] as Pool) + 1);
    }
  });

  it('keep every acknowledged write of a process that is killed at any moment', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    await createPool(store, 'counter', { count: 0 });
    for (let round = 1; round <= 8; round++) {
      const writer = startChild('count', path);
      for (let reports = 0; reports < 5 * round; reports++) await writer.next();
      const acknowledged = (await writer.kill()).map(countReported).at(-1) ?? 0;
      expect(countOf((await store.get(poolKey('counter'))) as Pool)).toBeGreaterThanOrEqual(acknowledged);
      checkFile(path);
    }
  });

  it('are not held up by one that is killed inside its transaction, and see nothing of it', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    await createPool(store, 'a');
    const hanging = startChild('hang', path);
    expect(await hanging.next()).toEqual({ kind: 'ready' });
    const writing = createPool(store, 'b');
    await hanging.kill();
    expect((await writing).metadata.resourceVersion).toBe('2');
    checkFile(path);
  });
});

describe('claimName among processes', { timeout: 60_000 }, () => {
  it('refuses a name that another process holds, and says which', async () => {
    const path = temporaryPath();
    const holder = startChild('claim', path, 'n1');
    expect(await holder.next()).toMatchObject({ outcome: 'claimed' });
    const store = await openForTest(path);
    expect(await store.claimName('n1')).toEqual({ kind: 'taken', by: { pid: holder.pid } });
  });

  it('gives the name of a killed process to the next at once, even while it is a zombie', async () => {
    const path = temporaryPath();
    const holder = startChild('claim', path, 'n1');
    await holder.next();
    await holder.kill();
    const store = await openForTest(path);
    expect((await store.claimName('n1')).kind).toBe('claimed');
  });

  it('refuses it also across PID namespaces', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    await store.claimName('n1');
    const script = `import('${import.meta.resolve('../src/index.ts')}')
      .then(({ openEmbedded }) => openEmbedded({ path: process.argv[1] }))
      .then((store) => store.claimName('n1'))
      .then((claim) => process.exit(claim.kind === 'taken' ? 0 : 1))`;
    const namespaces = process.getuid?.() === 0 ? ['--pid', '--fork'] : ['-r', '--pid', '--fork'];
    const other = spawn('unshare', [...namespaces, process.execPath, '-e', script, path], {
      stdio: 'inherit',
    });
    onTestFinished(() => void other.kill('SIGKILL'));
    expect(await once(other, 'exit')).toEqual([0, null]);
  });
});

function countReported(report: ChildReport): number {
  expect(report.kind).toBe('counted');
  return report.kind === 'counted' ? report.value : Number.NaN;
}

import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MrtLogFile } from './mrt-log-file.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mrt-log-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function openLog(path: string): Promise<MrtLogFile> {
  const log = await MrtLogFile.open(path);
  if (!(log instanceof MrtLogFile)) throw new Error(log.message);
  return log;
}

test('records go on in a new file after the old one was renamed', async () => {
  const path = join(directory, 'updates.mrt');
  const log = await openLog(path);
  log.write(Buffer.from('one '));
  log.write(Buffer.from('two '));
  renameSync(path, `${path}.1`);
  expect(await log.reopen()).toBeUndefined();
  log.write(Buffer.from('three'));
  await log.close();
  const texts = [readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')];
  expect([texts.join(''), texts[1], log.droppedRecords]).toEqual(['one two three', 'three', 0]);
});

test('an existing log is gone on with, and what waits too long is dropped whole and counted', async () => {
  const path = join(directory, 'updates.mrt');
  const first = await openLog(path);
  first.write(Buffer.from('begin'));
  await first.close();
  const log = await openLog(path);
  const record = Buffer.alloc(1024 * 1024, 'x');
  for (let index = 0; index < 40; index += 1) log.write(record);
  await log.close();
  const { length } = readFileSync(path);
  expect(log.droppedRecords).toBeGreaterThan(0);
  expect(length).toBe(5 + (40 - log.droppedRecords) * record.length);
});

test('a log in a directory that is not there is an error of three parts', async () => {
  const path = join(directory, 'nowhere', 'updates.mrt');
  expect(await MrtLogFile.open(path)).toMatchObject({
    kind: 'file-error',
    object: path,
    hint: 'make the directory first',
  });
});

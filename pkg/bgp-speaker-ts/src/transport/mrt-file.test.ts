import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prefix } from '@weft/ip';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDump } from '../mrt/test/read-mrt.ts';
import { writeMrtFile } from './mrt-file.ts';
import { freePort, peer, speaker, start } from './test/loopback.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mrt-file-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function* breaksOff(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(10);
  throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
}

test('a dump is written whole, over an older one', async () => {
  const path = join(directory, 'rib.mrt');
  writeFileSync(path, 'old');
  const { server } = start(speaker('127.0.0.2', await freePort('127.0.0.2'), [peer('127.0.0.3')]));
  server.setLocalRoutes([{ prefix: prefix('10.1.0.0/16') }, { prefix: prefix('2001:db8::/32') }]);
  const result = await writeMrtFile(path, server.dumpMrt('adj-rib-in'));
  await server.stop({ graceful: false });
  const bytes = readFileSync(path);
  expect(result).toEqual({ kind: 'written', bytes: bytes.length });
  expect(readDump(bytes)).toMatchObject({
    collector: 0x7f000002,
    peers: ['2 7f000002 00000000 0000fc00', '2 00000000 7f000003 0000fc00'],
    ribs: [{ prefix: '0a01/16' }, { prefix: '20010db8/32' }],
  });
  expect(readdirSync(directory)).toEqual(['rib.mrt']);
});

test('a dump that breaks off leaves the older file and nothing else', async () => {
  const path = join(directory, 'rib.mrt');
  writeFileSync(path, 'old');
  const result = await writeMrtFile(path, breaksOff());
  expect(result).toMatchObject({ kind: 'file-error', object: path, hint: expect.stringContaining('room') });
  expect([readFileSync(path, 'utf8'), readdirSync(directory)]).toEqual(['old', ['rib.mrt']]);
});

test('a directory that is not there is an error of three parts', async () => {
  const path = join(directory, 'nowhere', 'rib.mrt');
  expect(await writeMrtFile(path, breaksOff())).toEqual({
    kind: 'file-error',
    message: 'cannot write the MRT file: ENOENT',
    object: path,
    hint: 'make the directory first',
  });
});

import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { address } from '@weft/ip';
import { JournalFile } from '@weft/ipam';
import type { Logger } from '@weft/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BatchedJournal } from './journal.ts';

const PAGE_BYTES = 4096;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A journal of many pages, every fourth of which is something else now. */
function damagedJournal(): string {
  const path = join(directory, 'journal.db');
  const file = new JournalFile({ path });
  const by = { program: 'weftd', verb: 'attach' };
  file.record(
    Array.from({ length: 3000 }, (_, index) => ({
      time: index,
      operation: 'assign' as const,
      address: address(`10.0.${index >> 8}.${index & 255}`),
      handle: `h${index}`,
      reason: 'own-block',
      node: 'node1',
      by,
    })),
  );
  file.close();
  const { size } = statSync(path);
  const descriptor = openSync(path, 'r+');
  for (let at = 2 * PAGE_BYTES; at < size; at += 4 * PAGE_BYTES)
    writeSync(descriptor, Buffer.alloc(PAGE_BYTES, 0xa5), 0, PAGE_BYTES, at);
  closeSync(descriptor);
  return path;
}

it('a damaged journal is gone without, and says so once', () => {
  const said: string[] = [];
  const log = { error: (event: string, message: string) => void said.push(`${event}: ${message}`) };
  const journal = new BatchedJournal(damagedJournal(), log as unknown as Logger);
  expect(journal.lastEntries()).toBeUndefined();
  expect(journal.history('node1', address('10.0.1.7'))).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('the journal cannot be used'),
  });
  expect(said).toEqual([
    expect.stringMatching(/^ipam-journal-failed: the journal of addresses cannot be used: /),
  ]);
  journal.close();
});

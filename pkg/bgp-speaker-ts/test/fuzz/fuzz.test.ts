/** A short run of the fuzzer, always the same one, and the proof that it finds what it should. */

import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { PLANTED_FAULTS } from './planted-faults.ts';

/** What the fuzzer says, run in a process of its own, where it can instrument what it imports. */
async function fuzz(...args: readonly string[]): Promise<{ exitCode: number | undefined; output: string }> {
  const main = join(import.meta.dirname, 'main.ts');
  const result = await execa(process.execPath, [main, '--seed', '1', ...args], { reject: false, all: true });
  return { exitCode: result.exitCode, output: result.all };
}

describe('the fuzzer', () => {
  test('finds nothing in a short run over all targets', async () => {
    const { exitCode, output } = await fuzz('--inputs', '60000');
    expect(output).toContain(' 0 found');
    expect(output).not.toContain('edges 0/');
    expect(exitCode).toBe(0);
  }, 120_000);

  test.each(PLANTED_FAULTS.map(({ name }) => name))(
    'finds the planted fault %s',
    async (name) => {
      const { exitCode, output } = await fuzz('--planted', name, '--inputs', '400000');
      expect(output).toContain('FOUND after');
      expect(exitCode).toBe(1);
    },
    120_000,
  );
});

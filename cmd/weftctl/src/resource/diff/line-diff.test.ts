import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diffLines, unifiedDiff } from './line-diff.ts';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });

describe('the difference of two texts', () => {
  test('holds both texts, whatever they are', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffLines(before, after);
        expect(diff.filter(({ kind }) => kind !== '+').map(({ text }) => text)).toEqual(before);
        expect(diff.filter(({ kind }) => kind !== '-').map(({ text }) => text)).toEqual(after);
      }),
    );
  });

  test('is as short as can be', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const kept = diffLines(before, after).filter(({ kind }) => kind === ' ').length;
        expect(kept).toBe(longestCommon(before, after));
      }),
    );
  });

  test.each([
    [['a'], ['a'], []],
    [[], ['a'], ['@@ -0,0 +1,1 @@', '+a']],
    [['a'], [], ['@@ -1,1 +0,0 @@', '-a']],
    [
      ['a', 'b', 'c'],
      ['a', 'x', 'c'],
      ['@@ -1,3 +1,3 @@', ' a', '-b', '+x', ' c'],
    ],
  ])('of %j and %j is %j', (before, after, hunks) => {
    expect(unifiedDiff(before, after)).toEqual(hunks);
  });
});

describe('hunks', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'weft-diff-'));
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  test('patch makes the new text of the old one', () => {
    const many = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 60 });
    fc.assert(
      fc.property(many, many, (before, after) => {
        expect(patched(before, unifiedDiff(before, after))).toEqual(after);
      }),
      { numRuns: 200 },
    );
  });

  test('are those of diff -u when the change is plain', () => {
    const before = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const after = before.with(4, 'other').with(9, 'other').toSpliced(20, 1);
    const [left, right] = [join(directory, 'left'), join(directory, 'right')];
    writeFileSync(left, `${before.join('\n')}\n`);
    writeFileSync(right, `${after.join('\n')}\n`);
    const script = 'diff -u "$1" "$2" | tail -n +3';
    const expected = execFileSync('sh', ['-c', script, 'sh', left, right], { encoding: 'utf8' });
    expect(`${unifiedDiff(before, after).join('\n')}\n`).toBe(expected);
  });
});

/** What `patch` would do. */
function patched(before: readonly string[], hunks: readonly string[]): string[] {
  const result: string[] = [];
  let at = 0;
  for (const line of hunks) {
    const [, start, count] = /^@@ -(\d+),(\d+)/.exec(line) ?? [];
    if (start !== undefined) {
      const from = count === '0' ? Number(start) : Number(start) - 1;
      result.push(...before.slice(at, from));
      at = from;
    } else {
      if (!line.startsWith('-')) result.push(line.slice(1));
      if (!line.startsWith('+')) expect(before[at++]).toBe(line.slice(1));
    }
  }
  return [...result, ...before.slice(at)];
}

function longestCommon(left: readonly string[], right: readonly string[]): number {
  let row = new Array<number>(right.length + 1).fill(0);
  for (const one of left) {
    const next = [0];
    for (const [index, other] of right.entries())
      next.push(one === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0));
    row = next;
  }
  return row.at(-1) ?? 0;
}

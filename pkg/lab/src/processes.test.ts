import { describe, expect, it } from 'vitest';
import { holdsNothing } from './processes.ts';

describe('holdsNothing', () => {
  it.each([
    ['a process that runs', 'State:\tS (sleeping)\nThreads:\t11\n', false],
    ['a killed one whose threads still end', 'State:\tZ (zombie)\nThreads:\t3\n', false],
    ['a zombie', 'State:\tZ (zombie)\nThreads:\t1\n', true],
    ['a zombie that says nothing of threads', 'State:\tZ (zombie)\n', true],
  ])('of %s', (_, status, expected) => {
    expect(holdsNothing(`Name:\tnode\n${status}`)).toBe(expected);
  });
});

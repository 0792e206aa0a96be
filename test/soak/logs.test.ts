import { describe, expect, it } from 'vitest';
import { unexpectedLine } from './logs.ts';

describe('a line of a log', () => {
  it.each([
    ['{"level":"info","event":"started"}', undefined],
    ['{"level":"warn","event":"bgp-peer-down"}', undefined],
    ['{"level":"error","event":"datastore-away"}', undefined],
    ['', undefined],
    ['Debugger attached.', undefined],
    ['{"level":"error","event":"control-failed"}', '{"level":"error","event":"control-failed"}'],
    [
      "TypeError: Cannot read properties of undefined (reading 'spec')",
      "TypeError: Cannot read properties of undefined (reading 'spec')",
    ],
  ])('%s', (line, expected) => {
    expect(unexpectedLine(line)).toBe(expected);
  });
});

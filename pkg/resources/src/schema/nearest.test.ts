import { describe, expect, test } from 'vitest';
import { nearest } from './nearest.ts';

describe('what somebody meant to type', () => {
  test.each([
    ['blokSize', ['cidr', 'blockSize', 'blockSizes'], 'blockSize'],
    ['CIDR', ['cidr', 'disabled'], 'cidr'],
    ['natoutgoing', ['natOutgoing'], 'natOutgoing'],
    ['x', ['y'], 'y'],
    ['peer', ['asNumber', 'password'], undefined],
    ['anything', [], undefined],
    ['', ['a'], 'a'],
  ])('%j among %j is %s', (text, candidates, expected) => {
    expect(nearest(text, candidates)).toBe(expected);
  });
});

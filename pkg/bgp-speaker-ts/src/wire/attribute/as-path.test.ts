import { describe, expect, test } from 'vitest';
import { asPathLength, countAsn, formatAsPath, neighbourAsn, originAsn, prependAsn } from './as-path.ts';
import type { AsPath } from './path-attributes.ts';

const PATH: AsPath = [
  { kind: 'confederation-sequence', asns: [65001, 65002] },
  { kind: 'sequence', asns: [10, 20, 10] },
  { kind: 'set', asns: [30, 40] },
];

describe('RFC 4271 §9.1.2.2, RFC 5065 §5.3 AS_PATH length', () => {
  test('counts a set as one and confederation segments as nothing', () => {
    expect(asPathLength(PATH)).toBe(4);
    expect(asPathLength([])).toBe(0);
  });
});

describe('AS_PATH questions', () => {
  test('countAsn looks into every kind of segment', () => {
    expect([countAsn(PATH, 10), countAsn(PATH, 40), countAsn(PATH, 65002), countAsn(PATH, 7)]).toEqual([
      2, 1, 1, 0,
    ]);
  });

  test('neighbourAsn is the first of the first ordinary sequence', () => {
    expect(neighbourAsn(PATH)).toBe(10);
    expect(neighbourAsn([{ kind: 'set', asns: [1] }])).toBeUndefined();
    expect(neighbourAsn([])).toBeUndefined();
  });

  test('originAsn is the last of a sequence at the end', () => {
    expect(originAsn(PATH)).toBeUndefined();
    expect(originAsn(PATH.slice(0, 2))).toBe(10);
  });

  test('formatAsPath writes each kind of segment in its brackets', () => {
    expect(formatAsPath(PATH)).toBe('(65001 65002) 10 20 10 {30,40}');
  });
});

describe('RFC 4271 §5.1.2 prepending', () => {
  test('goes in front of a sequence', () => {
    expect(prependAsn([{ kind: 'sequence', asns: [20] }], 10, 2)).toEqual([
      { kind: 'sequence', asns: [10, 10, 20] },
    ]);
  });

  test('opens a new sequence in front of a set, and for an empty path', () => {
    expect(prependAsn([{ kind: 'set', asns: [20] }], 10)).toEqual([
      { kind: 'sequence', asns: [10] },
      { kind: 'set', asns: [20] },
    ]);
    expect(prependAsn([], 10)).toEqual([{ kind: 'sequence', asns: [10] }]);
  });
});

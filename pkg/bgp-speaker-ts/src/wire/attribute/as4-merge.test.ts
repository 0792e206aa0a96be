import { describe, expect, test } from 'vitest';
import { mergeFourOctetAttributes } from './as4-merge.ts';
import type { AsPath, PathAttributes } from './path-attributes.ts';

const sequence = (...asns: number[]): AsPath => [{ kind: 'sequence', asns }];

function merge(attributes: PathAttributes): PathAttributes {
  const draft = { ...attributes };
  mergeFourOctetAttributes(draft);
  return draft;
}

describe('RFC 6793 §4.2.3 merging AS4_PATH into AS_PATH', () => {
  test('keeps the ASes in front that AS4_PATH does not know', () => {
    const merged = merge({ asPath: sequence(10, 20, 23456), as4Path: sequence(20, 400000) });
    expect(merged).toEqual({ asPath: sequence(10, 20, 400000) });
  });

  test('ignores an AS4_PATH longer than the AS_PATH', () => {
    expect(merge({ asPath: sequence(10), as4Path: sequence(20, 400000) })).toEqual({
      asPath: sequence(10),
    });
  });

  test('counts a set as one AS', () => {
    const asPath: AsPath = [
      { kind: 'sequence', asns: [10, 23456] },
      { kind: 'set', asns: [23456, 30] },
    ];
    const as4Path: AsPath = [
      { kind: 'sequence', asns: [400000] },
      { kind: 'set', asns: [400001, 30] },
    ];
    expect(merge({ asPath, as4Path }).asPath).toEqual([
      { kind: 'sequence', asns: [10, 400000] },
      { kind: 'set', asns: [400001, 30] },
    ]);
  });

  test('§6: drops confederation segments from AS4_PATH', () => {
    const as4Path: AsPath = [
      { kind: 'confederation-sequence', asns: [65001] },
      { kind: 'sequence', asns: [400000] },
    ];
    expect(merge({ asPath: sequence(23456), as4Path }).asPath).toEqual(sequence(400000));
  });

  test('an AGGREGATOR other than AS_TRANS makes both stand-ins out of date', () => {
    const attributes: PathAttributes = {
      asPath: sequence(10, 23456),
      as4Path: sequence(10, 400000),
      aggregator: { asn: 10, address: 1 },
      as4Aggregator: { asn: 400000, address: 2 },
    };
    expect(merge(attributes)).toEqual({
      asPath: sequence(10, 23456),
      aggregator: { asn: 10, address: 1 },
    });
  });

  test('an AGGREGATOR of AS_TRANS is replaced by AS4_AGGREGATOR', () => {
    const attributes: PathAttributes = {
      aggregator: { asn: 23456, address: 1 },
      as4Aggregator: { asn: 400000, address: 2 },
    };
    expect(merge(attributes)).toEqual({ aggregator: { asn: 400000, address: 2 } });
  });

  test('an AS4_AGGREGATOR without an AGGREGATOR is dropped and AS4_PATH still counts', () => {
    const merged = merge({
      asPath: sequence(23456),
      as4Path: sequence(400000),
      as4Aggregator: { asn: 400000, address: 2 },
    });
    expect(merged).toEqual({ asPath: sequence(400000) });
  });
});

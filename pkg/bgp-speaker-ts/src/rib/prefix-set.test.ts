import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PrefixSet } from './prefix-set.ts';

describe('a set of prefixes to be told', () => {
  test('is emptied in ascending order from a position, like a sorted list', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), id: fc.nat(2000) }),
      fc.record({ kind: fc.constant('take' as const), id: fc.nat(2000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const set = new PrefixSet();
        const model = new Set<number>();
        for (const { kind, id } of steps) {
          if (kind === 'add') {
            set.add(id);
            model.add(id);
          } else {
            const expected = [...model]
              .filter((member) => member >= id)
              .sort((left, right) => left - right)[0];
            expect(set.takeFrom(id)).toBe(expected ?? -1);
            if (expected !== undefined) model.delete(expected);
          }
          expect(set.count).toBe(model.size);
        }
        for (const id of model) expect(set.has(id)).toBe(true);
        const copy = new PrefixSet();
        copy.addAll(set);
        expect(copy.count).toBe(model.size);
      }),
    );
  });
});

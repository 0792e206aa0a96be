import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteStore } from './byte-store.ts';

const text = fc.uint8Array({ minLength: 0, maxLength: 40 });
const few = fc.constantFrom(...Array.from({ length: 30 }, (_, index) => new Uint8Array(index).fill(index)));
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('intern', 'intern', 'retain', 'release'),
    bytes: fc.oneof(few, text),
    tag: fc.constantFrom(0, 1, 3),
  }),
  { maxLength: 300, size: 'max' },
);

describe('the byte store', () => {
  test('gives equal bytes one id, counts users, and keeps the bytes until the last is gone', () => {
    fc.assert(
      fc.property(steps, fc.integer(), (changes, seed) => {
        const store = new ByteStore(seed);
        const model = new Map<string, { id: number; users: number; bytes: Uint8Array }>();
        for (const { kind, bytes, tag } of changes) {
          const key = `${tag} ${bytes.join(' ')}`;
          const known = model.get(key);
          expect(store.find(bytes, 0, bytes.length, tag)).toBe(known?.id ?? -1);
          if (kind === 'intern') {
            const id = store.intern(bytes, 0, bytes.length, tag);
            expect(id).toBe(known?.id ?? id);
            model.set(key, { id, users: (known?.users ?? 0) + 1, bytes });
          } else if (known !== undefined) {
            known.users += kind === 'retain' ? 1 : -1;
            if (kind === 'retain') store.retain(known.id);
            else expect(store.release(known.id)).toBe(known.users === 0);
            if (known.users === 0) model.delete(key);
          }
        }
        expect(store.count).toBe(model.size);
        expect(new Set([...model.values()].map(({ id }) => id)).size).toBe(model.size);
        for (const { id, bytes } of model.values()) expect([...store.view(id)]).toEqual([...bytes]);
      }),
    );
  });

  test('finds every string after any others of its probe run are removed', () => {
    const store = new ByteStore(1);
    const texts = Array.from({ length: 700 }, (_, index) => new Uint8Array([index >>> 8, index & 0xff]));
    const ids = texts.map((bytes) => store.intern(bytes, 0, 2, 0));
    for (let index = 0; index < texts.length; index += 3) store.release(ids[index] as number);
    for (const [index, bytes] of texts.entries()) {
      expect(store.find(bytes, 0, 2, 0)).toBe(index % 3 === 0 ? -1 : ids[index]);
    }
  });

  test('uses freed space again: the arena does not grow under churn', () => {
    const store = new ByteStore(1);
    for (let round = 0; round < 10_000; round += 1) {
      const bytes = new Uint8Array(50).fill(round).fill(round >>> 8, 0, 25);
      store.release(store.intern(bytes, 0, bytes.length, 0));
    }
    expect(store.arena.length).toBe(4096);
    expect(store.highWater).toBe(1);
  });

  test('reads a range of a larger array', () => {
    const store = new ByteStore(1);
    const id = store.intern(new Uint8Array([9, 1, 2, 3, 9]), 1, 4, 0);
    expect([...store.view(id)]).toEqual([1, 2, 3]);
    expect(store.find(new Uint8Array([1, 2, 3]), 0, 3, 0)).toBe(id);
  });
});

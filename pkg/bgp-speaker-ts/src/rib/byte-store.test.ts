import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteStore } from './byte-store.ts';

const few = fc.constantFrom(...Array.from({ length: 30 }, (_, index) => new Uint8Array(index).fill(index)));
/** Long enough that few of them fill the arena. */
const long = fc
  .record({ length: fc.integer({ min: 30, max: 2000 }), octet: fc.nat(255) })
  .map(({ length, octet }) => new Uint8Array(length).fill(octet));
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('intern', 'intern', 'intern', 'retain', 'release', 'release', 'release'),
    bytes: fc.oneof(few, fc.uint8Array({ maxLength: 40 }), long),
    tag: fc.constantFrom(0, 1, 3),
    /** Which of the strings in the store loses or wins a user. */
    chosen: fc.nat(),
  }),
  { maxLength: 300, size: 'max' },
);

/** A string as it should be in the store. */
interface Kept {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly tag: number;
  users: number;
}

/** Octets of the blocks that strings are kept in. */
function blockBytes(strings: readonly Kept[]): number {
  return strings.reduce((sum, { bytes }) => sum + Math.max(16, Math.ceil(bytes.length / 16) * 16), 0);
}

describe('the byte store', () => {
  test('gives equal bytes one id, counts users, keeps the bytes until the last is gone, and little more', () => {
    fc.assert(
      fc.property(steps, fc.integer(), (changes, seed) => {
        const store = new ByteStore(seed);
        const model = new Map<string, Kept>();
        let needed = 0;
        for (const { kind, bytes, tag, chosen } of changes) {
          const key = `${tag} ${bytes.join(' ')}`;
          const known = model.get(key);
          const [other, kept] = [...model][chosen % Math.max(model.size, 1)] ?? [];
          expect(store.find(bytes, 0, bytes.length, tag)).toBe(known?.id ?? -1);
          if (kind === 'intern') {
            const id = store.intern(bytes, 0, bytes.length, tag);
            expect(id).toBe(known?.id ?? id);
            model.set(key, { id, bytes, tag, users: (known?.users ?? 0) + 1 });
          } else if (kept !== undefined && other !== undefined) {
            kept.users += kind === 'retain' ? 1 : -1;
            if (kind === 'retain') store.retain(kept.id);
            else expect(store.release(kept.id)).toBe(kept.users === 0);
            if (kept.users === 0) model.delete(other);
          }
          needed = Math.max(needed, blockBytes([...model.values()]));
        }
        expect(store.arena.length).toBeLessThanOrEqual(Math.max(4096, 4 * needed));
        expect(store.count).toBe(model.size);
        for (const { id, bytes, tag } of model.values()) {
          expect([...store.view(id)]).toEqual([...bytes]);
          expect(store.find(bytes, 0, bytes.length, tag)).toBe(id);
        }
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

  test('does not grow by strings that become longer and longer', () => {
    const store = new ByteStore(1);
    const ids = Array.from({ length: 50 }, () => -1);
    for (let length = 16; length < 4000; length += 16) {
      for (const [index, before] of ids.entries()) {
        ids[index] = store.intern(new Uint8Array(length).fill(index), 0, length, 0);
        if (before >= 0) store.release(before);
      }
    }
    expect(store.arena.length).toBeLessThanOrEqual(4 * 51 * 4000);
  });

  test('gives memory back that was freed, when it needs some', () => {
    const store = new ByteStore(1);
    const intern = (length: number, number: number): number => {
      const bytes = new Uint8Array(length);
      new DataView(bytes.buffer).setUint32(0, number);
      return store.intern(bytes, 0, length, 0);
    };
    for (const id of Array.from({ length: 1000 }, (_, number) => intern(1000, number))) store.release(id);
    expect(store.arena.length).toBeGreaterThan(1_000_000);
    for (let number = 0; number < 5000; number += 1) intern(4, number);
    expect(store.arena.length).toBeLessThanOrEqual(4 * 16 * 5000);
  });

  test('reads a range of a larger array', () => {
    const store = new ByteStore(1);
    const id = store.intern(new Uint8Array([9, 1, 2, 3, 9]), 1, 4, 0);
    expect([...store.view(id)]).toEqual([1, 2, 3]);
    expect(store.find(new Uint8Array([1, 2, 3]), 0, 3, 0)).toBe(id);
  });
});

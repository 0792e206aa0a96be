import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeadlineHeap } from './deadline-heap.ts';

const never = Number.POSITIVE_INFINITY;

describe('deadlines of many peers', () => {
  test('none is never', () => {
    const heap = new DeadlineHeap();
    expect([heap.earliest, heap.takeDue(1e12)]).toEqual([never, []]);
  });

  test('what is due is given once, the earliest first', () => {
    const heap = new DeadlineHeap();
    heap.set(7, 30);
    heap.set(3, 10);
    heap.set(9, 20);
    heap.set(5, 40);
    expect(heap.takeDue(30)).toEqual([3, 9, 7]);
    expect([heap.earliest, heap.takeDue(30)]).toEqual([40, []]);
  });

  test('is what a list of all deadlines would say, whatever moves', () => {
    const change = fc.oneof(
      fc.record({ peer: fc.nat(40), deadline: fc.oneof(fc.nat(100), fc.constant(never)) }),
      fc.record({ now: fc.nat(100) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        const heap = new DeadlineHeap();
        const list = new Map<number, number>();
        for (const item of changes) {
          if ('now' in item) {
            const due = [...list].filter(([, deadline]) => deadline <= item.now);
            const taken = heap.takeDue(item.now);
            expect(taken.map((peer) => list.get(peer))).toEqual(
              due.map(([, deadline]) => deadline).sort((left, right) => left - right),
            );
            for (const peer of taken) list.delete(peer);
            expect([...list.values()].every((deadline) => deadline > item.now)).toBe(true);
          } else {
            heap.set(item.peer, item.deadline);
            if (item.deadline === never) list.delete(item.peer);
            else list.set(item.peer, item.deadline);
          }
          expect(heap.earliest).toBe(Math.min(never, ...list.values()));
        }
      }),
    );
  });

  test('has room for every index a peer can have', () => {
    const heap = new DeadlineHeap();
    for (let peer = 65_535; peer > 0; peer -= 1) heap.set(peer, peer % 977);
    expect(heap.takeDue(977)).toHaveLength(65_535);
  });
});

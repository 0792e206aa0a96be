import type { Place } from '@weft/calc';
import { prefix } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { PlaceFuse } from './place-fuse.ts';

const LIMITS = { percent: 50, routes: 100 };

function blocks(count: number, nodeName: string, first = 0): Place[] {
  return Array.from({ length: count }, (_, index) => ({
    prefix: prefix(`10.1.${first + index}.0/24`),
    nodeName,
  }));
}

const all = [...blocks(120, 'node2'), ...blocks(20, 'node1', 120)];
const own = blocks(20, 'node1', 120);

/** A fuse of node1 that has seen all blocks. */
function fuse(given: readonly Place[] = all): PlaceFuse {
  const made = new PlaceFuse('node1', LIMITS);
  made.places(given, true, 0);
  return made;
}

const prefixes = (places: readonly Place[]) => places.map((place) => place.prefix).sort();

describe('the fuse of encapsulated pools', () => {
  it('has what the datastore has, as the same object', () => {
    expect(fuse().places(all, true, 1)).toBe(all);
  });

  it('holds blocks of other nodes when most of them are gone at once', () => {
    const made = fuse();
    const places = made.places(own, true, 1);
    expect(prefixes(places)).toEqual(prefixes(all));
    expect(places.filter(({ isHeld }) => isHeld)).toHaveLength(120);
    expect(made.places(own, true, 2)).toBe(places);
    expect(made.fuse.held).toMatchObject({ of: 120, causes: [{ cause: 'the datastore', routes: 120 }] });
  });

  it('lets a few go, and those of this node, which are its own business', () => {
    const without = all.slice(50);
    expect(fuse().places(without, true, 1)).toBe(without);
    const mine = [...blocks(10, 'node2'), ...blocks(120, 'node1', 10)];
    const rest = blocks(10, 'node2');
    expect(fuse(mine).places(rest, true, 1)).toBe(rest);
  });

  it('takes a block that moves to another node for there', () => {
    const moved = [...blocks(120, 'node3'), ...own];
    expect(fuse().places(moved, true, 1)).toBe(moved);
  });

  it('is over when they are back, and when somebody accepts', () => {
    const made = fuse();
    made.places(own, true, 1);
    expect(made.places(all, true, 2)).toBe(all);
    const fewer = [...own];
    made.places(fewer, true, 3);
    made.accept();
    expect(made.places(fewer, true, 4)).toBe(fewer);
    expect(made.fuse.size).toBe(0);
  });

  it('holds nothing when no pool encapsulates any more', () => {
    const made = fuse();
    made.places(own, true, 1);
    expect(made.places([], false, 2)).toEqual([]);
    expect(made.fuse.size).toBe(0);
    expect(made.places(own, true, 3)).toBe(own);
  });
});

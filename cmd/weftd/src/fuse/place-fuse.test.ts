import type { Place } from '@weft/calc';
import { prefix } from '@weft/ip';
import type { IPPool } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { PlaceFuse } from './place-fuse.ts';

const pool = (cidr: string, vxlanMode: string) =>
  ({ spec: { cidr, ipipMode: 'Never', vxlanMode } }) as unknown as IPPool;
const tunneled = pool('10.1.0.0/16', 'Always');
const plain = pool('10.2.0.0/16', 'Never');
const pools = [tunneled, plain];

const LIMITS = { percent: 50, routes: 100 };

function blocks(count: number, nodeName: string, first = 0, net = '10.1'): Place[] {
  return Array.from({ length: count }, (_, index) => ({
    prefix: prefix(`${net}.${first + index}.0/24`),
    nodeName,
  }));
}

const all = [...blocks(120, 'node2'), ...blocks(20, 'node1', 120)];
const own = blocks(20, 'node1', 120);

/** A fuse of node1 that has seen all blocks. */
function fuse(given: readonly Place[] = all): PlaceFuse {
  const made = new PlaceFuse('node1', LIMITS);
  made.places(given, pools, 0);
  return made;
}

const prefixes = (places: readonly Place[]) => places.map((place) => place.prefix).sort();

describe('the fuse of encapsulated pools', () => {
  it('has what the datastore has, as the same object', () => {
    expect(fuse().places(all, pools, 1)).toBe(all);
  });

  it('holds blocks of other nodes when most of them are gone at once', () => {
    const made = fuse();
    const places = made.places(own, pools, 1);
    expect(prefixes(places)).toEqual(prefixes(all));
    expect(places.filter(({ isHeld }) => isHeld)).toHaveLength(120);
    expect(made.places(own, pools, 2)).toBe(places);
    expect(made.fuse.held).toMatchObject({ of: 120, causes: [{ cause: 'the datastore', routes: 120 }] });
  });

  it('lets a few go, and those of this node, which are its own business', () => {
    const without = all.slice(50);
    expect(fuse().places(without, pools, 1)).toBe(without);
    const mine = [...blocks(10, 'node2'), ...blocks(120, 'node1', 10)];
    const rest = blocks(10, 'node2');
    expect(fuse(mine).places(rest, pools, 1)).toBe(rest);
  });

  it('takes a block that moves to another node for there', () => {
    const moved = [...blocks(120, 'node3'), ...own];
    expect(fuse().places(moved, pools, 1)).toBe(moved);
  });

  it('is over when they are back, and when somebody accepts', () => {
    const made = fuse();
    made.places(own, pools, 1);
    expect(made.places(all, pools, 2)).toBe(all);
    const fewer = [...own];
    made.places(fewer, pools, 3);
    made.accept();
    expect(made.places(fewer, pools, 4)).toBe(fewer);
    expect(made.fuse.size).toBe(0);
  });

  it('holds nothing when no pool encapsulates any more', () => {
    const made = fuse();
    made.places(own, pools, 1);
    expect(made.places([], [plain], 2)).toEqual([]);
    expect(made.fuse.size).toBe(0);
    expect(made.places(own, pools, 3)).toBe(own);
  });
  it('looks at no blocks of pools that do not encapsulate: there are no routes to them', () => {
    const both = [...all, ...blocks(200, 'node2', 0, '10.2')];
    const made = fuse(both);
    expect(made.places(all, pools, 1)).toBe(all);
    // Nor do they make few of many out of most.
    const others = [...own, ...blocks(200, 'node2', 0, '10.2')];
    expect(prefixes(fuse(both).places(others, pools, 1))).toEqual(prefixes(both));
  });

  it('lets go of what it held when its pool does not encapsulate any more, while another does', () => {
    const made = fuse();
    made.places(own, pools, 1);
    const swapped = [pool('10.1.0.0/16', 'Never'), pool('10.2.0.0/16', 'Always')];
    expect(made.places(own, swapped, 2)).toBe(own);
    expect(made.fuse.size).toBe(0);
  });

  it('holds no blocks of a pool that began to encapsulate only when they were gone', () => {
    const none = [pool('10.1.0.0/16', 'Never'), pool('10.2.0.0/16', 'Always')];
    const made = new PlaceFuse('node1', LIMITS);
    made.places(all, none, 0);
    expect(made.places(own, pools, 1)).toBe(own);
  });
});

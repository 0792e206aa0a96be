import { address, addressCount, nthAddress, prefix } from '@weft/ip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reservation } from '../../test/support/fixtures.ts';
import {
  allocationAt,
  type BlockSpec,
  coolingCount,
  freeCount,
  isEmptyBlock,
  newBlock,
  ordinalsOfHandle,
} from './block.ts';
import { assign, assignSpecific } from './block-assign.ts';
import { checkBlock } from './block-check.ts';
import { collectCooled, freed, release } from './block-release.ts';
import { hostOwner } from './owner.ts';
import { reservationsOf } from './reservations.ts';

const CIDR = prefix('10.0.0.0/29');
const NOW = Date.UTC(2026, 7, 22, 6, 33, 20);
const NONE = reservationsOf([]);
const AT_ONCE = { seconds: 0, now: NOW };

const empty = newBlock({ cidr: CIDR, owner: hostOwner('node1'), now: NOW, sequenceNumber: 100n });

function holder(handle: string): { handle: string; attributes: Record<string, string> } {
  return { handle, attributes: { node: 'node1', pod: handle } };
}

/** What the store keeps after a write. */
function written(block: BlockSpec): BlockSpec {
  return { ...block, sequenceNumber: block.sequenceNumber + 1n };
}

function take(block: BlockSpec, handle: string, count = 1): BlockSpec {
  return written(assign(block, holder(handle), count, NONE).block);
}

describe('a new block (IPAMBlock)', () => {
  test('has the values Calico writes', () => {
    expect(empty).toEqual({
      cidr: '10.0.0.0/29',
      affinity: 'host:node1',
      affinityClaimTime: '2026-08-22T06:33:20Z',
      allocations: [null, null, null, null, null, null, null, null],
      unallocated: [0, 1, 2, 3, 4, 5, 6, 7],
      attributes: [],
      sequenceNumber: 100n,
      sequenceNumberForAllocation: {},
      deleted: false,
      strictAffinity: false,
    });
  });
});

describe('assigning (autoAssign)', () => {
  test('takes the head of the free list and stamps it with the sequence number before the write', () => {
    const block = take(take(empty, 'a'), 'b', 2);
    expect(block.allocations).toEqual([0, 1, 1, null, null, null, null, null]);
    expect(block.unallocated).toEqual([3, 4, 5, 6, 7]);
    expect(block.attributes).toEqual([
      { handle_id: 'a', secondary: { node: 'node1', pod: 'a' } },
      { handle_id: 'b', secondary: { node: 'node1', pod: 'b' } },
    ]);
    expect(block.sequenceNumberForAllocation).toEqual({ 0: 100n, 1: 101n, 2: 101n });
    expect(block.sequenceNumber).toBe(102n);
  });

  test('stores equal attributes once', () => {
    expect(take(take(empty, 'a'), 'a').attributes).toHaveLength(1);
  });

  test('passes over reserved addresses and leaves them where they are', () => {
    const reserved = reservationsOf([reservation('10.0.0.0/31', '10.0.0.3/32')]);
    const { block, ordinals } = assign(empty, holder('a'), 2, reserved);
    expect(ordinals).toEqual([2, 4]);
    expect(block.unallocated).toEqual([0, 1, 3, 5, 6, 7]);
    expect(freeCount(block, reserved)).toBe(3);
  });

  test('takes what there is when that is less', () => {
    expect(assign(empty, holder('a'), 99, NONE).ordinals).toHaveLength(8);
  });

  test('changes nothing in the block it was given', () => {
    const before = structuredClone(empty);
    assign(empty, holder('a'), 3, NONE);
    expect(empty).toEqual(before);
  });
});

describe('assigning by name (assign)', () => {
  test('takes the address out of the middle of the free list', () => {
    const assignment = assignSpecific(empty, address('10.0.0.5'), holder('a'));
    expect(assignment).toMatchObject({ kind: 'taken', ordinal: 5 });
    if (assignment.kind === 'taken') expect(assignment.block.unallocated).toEqual([0, 1, 2, 3, 4, 6, 7]);
  });

  test('says who holds an address that is taken', () => {
    const assignment = assignSpecific(take(empty, 'a'), address('10.0.0.0'), holder('b'));
    expect(assignment).toMatchObject({ kind: 'held', by: { handle: 'a', sequenceNumber: 100n } });
  });

  test('takes an address that cools down', () => {
    const cooling = written(release(take(empty, 'a'), [0], { seconds: 60, now: NOW }));
    const assignment = assignSpecific(cooling, address('10.0.0.0'), holder('b'));
    expect(assignment.kind).toBe('taken');
    if (assignment.kind !== 'taken') return;
    expect(checkBlock(written(assignment.block))).toEqual([]);
    expect(assignment.block.attributes).toEqual([{ handle_id: 'b', secondary: { node: 'node1', pod: 'b' } }]);
  });
});

describe('releasing', () => {
  test('without cooldown puts the address at the end of the free list and drops its attribute', () => {
    const block = written(release(take(take(empty, 'a'), 'b'), [0], AT_ONCE));
    expect(block.unallocated).toEqual([2, 3, 4, 5, 6, 7, 0]);
    expect(block.allocations.slice(0, 2)).toEqual([null, 0]);
    expect(block.attributes).toEqual([{ handle_id: 'b', secondary: { node: 'node1', pod: 'b' } }]);
    expect(block.sequenceNumberForAllocation).toEqual({ 1: 101n });
  });

  test('with a cooldown leaves an attribute that says only when, under a new sequence number', () => {
    const block = release(take(empty, 'a'), [0], { seconds: 60, now: NOW });
    expect(block.attributes).toEqual([{ releasedAt: '2026-08-22T06:33:20Z' }]);
    expect(block.sequenceNumberForAllocation).toEqual({ 0: 101n });
    expect(block.unallocated).not.toContain(0);
    expect(coolingCount(block)).toBe(1);
    expect(isEmptyBlock(block)).toBe(false);
  });

  test('the cooldown is over strictly after its time', () => {
    const block = release(take(take(empty, 'a'), 'b'), [0], { seconds: 60, now: NOW });
    expect(collectCooled(block, { seconds: 60, now: NOW + 60_000 })).toBe(block);
    const collected = collectCooled(block, { seconds: 60, now: NOW + 60_001 });
    expect(collected.unallocated.at(-1)).toBe(0);
    expect(collected.attributes).toHaveLength(1);
  });

  test('several that cooled down go to the free list in ascending order', () => {
    const full = take(empty, 'a', 8);
    const cooling = release(full, [6, 1, 3], { seconds: 5, now: NOW });
    expect(collectCooled(cooling, { seconds: 5, now: NOW + 9000 }).unallocated).toEqual([1, 3, 6]);
  });
});

describe('values of other versions', () => {
  const old: BlockSpec = {
    ...empty,
    allocations: [0, 1, null, null, null, null, null, null],
    unallocated: [2, 3, 4, 5, 6, 7],
    attributes: [{ handle_id: 'net.a\r\neth0' }, { secondary: { note: 'without handle' } }],
  };

  test('a handle ends at a carriage return', () => {
    expect(ordinalsOfHandle(old, 'net.a')).toEqual([0]);
  });

  test('an allocation without recorded sequence number has number 0', () => {
    expect(allocationAt(old, 0)?.sequenceNumber).toBe(0n);
  });

  test('an allocation without handle is held', () => {
    expect(allocationAt(old, 1)).toMatchObject({ handle: undefined, releasedAt: undefined });
    expect(assignSpecific(old, address('10.0.0.1'), holder('b')).kind).toBe('held');
  });

  test('addresses Windows keeps for itself do not count as in use', () => {
    const windows = {
      ...old,
      attributes: old.attributes.map(() => ({ handle_id: 'windows-reserved-ipam-handle' })),
    };
    expect(isEmptyBlock(windows)).toBe(true);
    expect(isEmptyBlock(old)).toBe(false);
  });
});

describe('checkBlock', () => {
  const sound = take(empty, 'a');
  test.each<[string, Partial<BlockSpec>]>([
    ['an ordinal neither held nor free', { unallocated: [2, 3, 4, 5, 6, 7] }],
    ['an ordinal held and free', { unallocated: [0, 1, 2, 3, 4, 5, 6, 7] }],
    ['an ordinal free twice', { unallocated: [1, 1, 2, 3, 4, 5, 6, 7] }],
    ['an ordinal that does not exist', { unallocated: [1, 2, 3, 4, 5, 6, 7, 8] }],
    ['too few allocations', { allocations: sound.allocations.slice(1) }],
    ['an attribute that is not there', { attributes: [] }],
    ['a stamp of the future', { sequenceNumberForAllocation: { 0: 101n } }],
    ['a stamp on a free ordinal', { sequenceNumberForAllocation: { 0: 100n, 4: 100n } }],
  ])('finds %s', (_, damage) => {
    expect(checkBlock({ ...sound, ...damage })).not.toEqual([]);
  });

  test('finds nothing in a sound block', () => {
    expect(checkBlock(sound)).toEqual([]);
  });
});

/** One random step of a block's life. */
const steps = fc.oneof(
  fc.record({
    do: fc.constant('take' as const),
    who: fc.integer({ min: 0, max: 4 }),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ do: fc.constant('name' as const), who: fc.integer({ min: 0, max: 4 }), ordinal: fc.nat(7) }),
  fc.record({
    do: fc.constant('release' as const),
    who: fc.integer({ min: 0, max: 4 }),
    seconds: fc.constantFrom(0, 1, 60),
  }),
  fc.record({ do: fc.constant('free' as const), who: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 90 }) }),
);

describe('the life of a block', () => {
  test('keeps its invariants, loses no address and stores no unused attribute', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 30, maxLength: 60 }), (life) => {
        let block = empty;
        let now = NOW;
        for (const step of life) {
          if (step.do === 'wait') now += step.seconds * 1000;
          else {
            const handle = `h${step.who}`;
            block = written(collectCooled(block, { seconds: 60, now }));
            if (step.do === 'take') block = take(block, handle, step.count);
            if (step.do === 'name') {
              const assignment = assignSpecific(block, nthAddress(CIDR, step.ordinal), holder(handle));
              if (assignment.kind === 'taken') block = written(assignment.block);
            }
            if (step.do === 'release')
              block = written(
                release(block, ordinalsOfHandle(block, handle), { seconds: step.seconds, now }),
              );
            if (step.do === 'free') block = written(freed(block, ordinalsOfHandle(block, handle)));
          }
          expect(checkBlock(block)).toEqual([]);
          expect(new Set(block.allocations.filter((index) => index !== null)).size).toBe(
            block.attributes.length,
          );
        }
        const everything = collectCooled(
          freed(
            block,
            [0, 1, 2, 3, 4].flatMap((who) => ordinalsOfHandle(block, `h${who}`)),
          ),
          { seconds: 0, now: now + 10_000 },
        );
        expect(everything.unallocated).toHaveLength(Number(addressCount(CIDR)));
      }),
    );
  });
});

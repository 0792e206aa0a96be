/** The walk: the same for a seed, never impossible, and of every kind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, after, BEGINNING, closing, type Model, WITNESS, walk } from './actions.ts';

function first(seed: number, count: number): Action[] {
  return walk(seed).take(count).toArray();
}

/** The models a walk passes through, the first one before any action. */
function models(actions: readonly Action[]): Model[] {
  const passed = [BEGINNING];
  for (const action of actions) passed.push(after(passed.at(-1) ?? BEGINNING, action));
  return passed;
}

describe('a walk', () => {
  it('follows from its seed', () => {
    expect(first(7, 500)).toEqual(first(7, 500));
    expect(first(7, 500)).not.toEqual(first(8, 500));
  });

  it('has every kind of action, most of them pods', () => {
    const kinds = Map.groupBy(first(1, 2000), ({ kind }) => kind);
    expect(kinds.size).toBe(14);
    const pods = (kinds.get('add-pod')?.length ?? 0) + (kinds.get('remove-pod')?.length ?? 0);
    expect(pods / 2000).toBeGreaterThan(0.5);
  });

  it('speaks only of what is there, spares the witness, and keeps its limits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
        const actions = first(seed, 150);
        const before = models(actions);
        for (const [index, action] of actions.entries()) expectPossible(before[index] ?? BEGINNING, action);
      }),
      { numRuns: 50 },
    );
  });

  it('restarts daemons while another host is away, too', () => {
    const actions = first(1, 2000);
    const away = models(actions).map(({ cut, linkDown }) => cut.size + linkDown.size);
    const restarts = actions.flatMap(({ kind }, index) => (kind === 'restart' ? [away[index]] : []));
    expect(new Set(restarts)).toEqual(new Set([0, 1, 2]));
  });

  it('ends healed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 0, max: 100 }), (seed, count) => {
        const last = models(first(seed, count)).at(-1) ?? BEGINNING;
        const end = closing(last).reduce(after, last);
        expect([end.cut.size, end.linkDown.size, end.unsettled]).toEqual([0, 0, 0]);
      }),
      { numRuns: 50 },
    );
  });
});

function expectPossible({ nodes, cut, linkDown, unsettled }: Model, action: Action): void {
  expect(unsettled).toBeLessThanOrEqual(12);
  expect([...nodes.values()].flat().length).toBeLessThanOrEqual(60);
  expect(nodes.size).toBeGreaterThanOrEqual(4);
  expect(cut.size + linkDown.size).toBeLessThanOrEqual(2);
  if ('node' in action) expect(nodes.has(action.node)).toBe(action.kind !== 'add-node');
  if (action.kind === 'remove-pod') expect([...nodes.values()].flat()).toContain(action.pod);
  if (action.kind === 'heal') expect(cut).toContain(action.node);
  if (action.kind === 'restart' || action.kind === 'remove-node') expect(action.node).not.toBe(WITNESS);
}

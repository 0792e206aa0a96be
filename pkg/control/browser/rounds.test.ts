/** Whom a round asks, and how long it waits. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Look, NodePlace } from './api.ts';
import { Rounds } from './rounds.ts';

/** Names of those that were asked since the test looked. */
let asked: string[];
/** Nodes that say nothing until they are released. */
let silent: Map<string, () => void>;
let atOnce: number;
let mostAtOnce: number;
let rounds: Rounds;

const SILENT = 'silent';
const places = (count: number, prefix = 'node'): NodePlace[] =>
  Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index}`, base: '/' }));

async function ask(place: NodePlace): Promise<Look> {
  const askedAt = performance.now();
  asked.push(place.name);
  mostAtOnce = Math.max(mostAtOnce, ++atOnce);
  await (place.name.startsWith(SILENT)
    ? new Promise<void>((resolve) => silent.set(place.name, resolve))
    : new Promise((resolve) => setTimeout(resolve, 10)));
  atOnce--;
  return { ...place, askedAt };
}

/** A whole round, whatever time it takes; says whom it has asked. */
async function round(of: readonly NodePlace[], wanted?: string): Promise<string[]> {
  asked = [];
  const over = rounds.round(of, wanted);
  await vi.advanceTimersByTimeAsync(2_000);
  await over;
  return asked;
}

beforeEach(() => {
  vi.useFakeTimers();
  // No page asks anybody at the very start of its clock.
  vi.advanceTimersByTime(1);
  asked = [];
  silent = new Map();
  atOnce = mostAtOnce = 0;
  rounds = new Rounds(ask);
});
afterEach(() => void vi.useRealTimers());

describe('a round', () => {
  it('asks every node of a small cluster', async () => {
    const few = places(3);
    for (let turn = 0; turn < 2; turn++)
      expect((await round(few)).toSorted()).toEqual(['node0', 'node1', 'node2']);
    expect(rounds.looks.map(({ name }) => name)).toEqual(['node0', 'node1', 'node2']);
  });

  it('asks 50 of a thousand, four at once, and in 20 rounds each of them once', async () => {
    const many = places(1_000);
    const all: string[] = [];
    for (let turn = 0; turn < 20; turn++) {
      const names = await round(many);
      expect(names).toHaveLength(50);
      all.push(...names);
    }
    expect(new Set(all).size).toBe(1_000);
    expect(mostAtOnce).toBe(4);
    expect((await round(many)).toSorted()).toEqual(all.slice(0, 50).toSorted());
  });

  it('always asks the wanted node, and first', async () => {
    const many = places(1_000);
    for (let turn = 0; turn < 3; turn++) expect((await round(many, 'node999'))[0]).toBe('node999');
  });

  it('says of those it has not asked yet only that they are there', async () => {
    await round(places(60));
    expect(rounds.looks).toHaveLength(60);
    expect(rounds.looks.filter(({ askedAt }) => askedAt === undefined)).toHaveLength(10);
  });

  it('ends after two seconds whoever is silent, who is heard later and not asked twice', async () => {
    const some = [...places(1, SILENT), ...places(2)];
    expect(await round(some)).toContain('silent0');
    expect(rounds.looks[0]?.askedAt).toBeUndefined();
    expect((await round(some)).toSorted()).toEqual(['node0', 'node1']);
    silent.get('silent0')?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(rounds.looks[0]?.askedAt).toBeDefined();
    expect(await round(some)).toContain('silent0');
  });

  it('still asks the wanted one while silent ones have all places', async () => {
    const some = [...places(4, SILENT), ...places(2)];
    await round(some);
    expect(await round(some, 'node1')).toEqual(['node1', 'node0']);
    expect(mostAtOnce).toBe(5);
  });

  it('forgets nodes that are gone', async () => {
    await round(places(2));
    await round(places(1));
    expect(rounds.looks.map(({ name }) => name)).toEqual(['node0']);
    asked = [];
    void rounds.round(places(2));
    expect(rounds.looks[1]?.askedAt).toBeUndefined();
  });
});

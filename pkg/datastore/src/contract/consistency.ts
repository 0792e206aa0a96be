/**
 * Contract: list and watch are one consistent view, whatever clients do at the same time. Several writers do random things
 * to few names; every write that succeeded is known, and compare-and-swap links it to the one before. Readers that list
 * early, in the middle and late must see exactly those writes, each once, in order, and end with what a list then holds.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Datastore, Revision, WatchEvent } from '../datastore.ts';
import { type Pool, pool, poolKey, recount } from './samples.ts';
import { otherClient, takeUntilPool, type UseSubject } from './subject.ts';

const WRITERS = 6;
const STEPS = 40;
const RUNS = 3;

interface Step {
  readonly verb: 'create' | 'update' | 'delete';
  readonly name: string;
}

/** A write that succeeded: it replaced `from` (undefined: nothing) by `to` (undefined: nothing). */
interface Write {
  readonly name: string;
  readonly from: Revision | undefined;
  readonly to: Revision | undefined;
  readonly resource: Pool;
}

/** A reader's list, and all that its watch told up to the end. */
interface Reading {
  readonly listed: readonly Pool[];
  readonly events: readonly WatchEvent<'IPPool'>[];
}

const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom('create', 'update', 'update', 'update', 'delete'),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
});

const plans: fc.Arbitrary<Step[][]> = fc.array(fc.array(step, { minLength: STEPS, maxLength: STEPS }), {
  minLength: WRITERS,
  maxLength: WRITERS,
});

/** Declares the cases with a random workload; a failure prints its seed. */
export function describeConsistency(use: UseSubject): void {
  describe('a random workload of several clients', () => {
    it('is seen by every reader as it happened, and leaves what the list then holds', async () => {
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(plans, async (steps) => check(use, `run${++runs}`, steps)),
        { numRuns: RUNS, endOnFailure: true },
      );
    }, 120_000);
  });
}

async function check(use: UseSubject, run: string, steps: readonly Step[][]): Promise<void> {
  const { store } = use();
  const other = await otherClient(use());
  const end = `${run}-end`;
  const writes: Write[] = [];
  const readings = [read(store, end)];
  await readings[0];
  const writing = steps.map((plan, writer) => perform(writer % 2 ? other : store, run, plan, writer, writes));
  for (const part of [0.2, 0.5, 0.8]) {
    await until(() => writes.length >= part * Math.min(...steps.map((plan) => plan.length)));
    readings.push(read(part === 0.5 ? other : store, end));
  }
  await Promise.all(writing);
  await store.create(pool(end));
  const [whole, ...later] = await Promise.all((await Promise.all(readings)).map(({ rest }) => rest));
  const { items } = await store.list('IPPool');
  const left = items.filter(({ metadata }) => metadata.name !== end);
  expectAllSeen(whole as Reading, writes);
  for (const reading of [whole as Reading, ...later]) {
    expectTrue(reading, writes);
    expect(replay(reading)).toEqual(byName(left));
    expectSuffix(reading, whole as Reading);
  }
  for (const { metadata } of items) await store.delete(poolKey(metadata.name));
}

/** Lists at once, and reads on until the end; awaited, the list is done. */
async function read(store: Datastore, end: string): Promise<{ readonly rest: Promise<Reading> }> {
  const { items, revision } = await store.list('IPPool');
  const stop = new AbortController();
  const events = store.watch('IPPool', revision, stop.signal)[Symbol.asyncIterator]();
  const rest = takeUntilPool(events, end).then((seen) => {
    stop.abort();
    return { listed: items, events: seen };
  });
  return { rest };
}

async function perform(
  store: Datastore,
  run: string,
  plan: readonly Step[],
  writer: number,
  writes: Write[],
): Promise<void> {
  for (const [index, { verb, name }] of plan.entries()) {
    const count = writer * STEPS + index;
    const write = await attempt(store, verb, `${run}-${name}`, count);
    if (write) writes.push(write);
  }
}

async function attempt(
  store: Datastore,
  verb: Step['verb'],
  name: string,
  count: number,
): Promise<Write | undefined> {
  const current = verb === 'create' ? undefined : await store.get(poolKey(name));
  if (verb !== 'create' && !current) return undefined;
  const from = current?.metadata.resourceVersion;
  const outcome = await (current === undefined
    ? store.create(pool(name, { count }))
    : verb === 'update'
      ? recount(store, current, count)
      : store.delete(poolKey(name), from));
  if (outcome.kind !== 'written') return undefined;
  const { resource } = outcome;
  return { name, from, to: verb === 'delete' ? undefined : resource.metadata.resourceVersion, resource };
}

/** No reader was told of a value that nobody wrote, and no revision replaced twice. */
function expectTrue({ listed, events }: Reading, writes: readonly Write[]): void {
  const given = new Map(writes.map(({ to, resource }) => [to, resource]));
  for (const item of listed) expect(item).toEqual(given.get(item.metadata.resourceVersion));
  for (const event of events)
    if (event.kind === 'put')
      expect(event.resource).toEqual(given.get(event.resource.metadata.resourceVersion));
}

/** The first reader, which began before all writes, saw each life of each name from its creation on, whole and in order. */
function expectAllSeen({ events }: Reading, writes: readonly Write[]): void {
  for (const name of new Set(writes.map((write) => write.name))) {
    const own = writes.filter((write) => write.name === name);
    expect(lives(tokens(events, name)).sort()).toEqual(livesWritten(own).sort());
  }
}

/** A later reader's changes of a name are the end of what the first one saw, and all of them came in its order. */
function expectSuffix({ listed, events }: Reading, whole: Reading): void {
  for (const name of new Set(whole.events.map(nameOf))) {
    const all = tokens(whole.events, name);
    const seen = tokens(events, name);
    const start = listed.find(({ metadata }) => metadata.name === name)?.metadata.resourceVersion;
    const before = all.slice(0, all.length - seen.length);
    expect(all.slice(before.length)).toEqual(seen);
    expect(before.at(-1) ?? 'gone').toBe(start ?? 'gone');
  }
  const order = fromTheEnd(whole.events);
  const places = fromTheEnd(events).map((event) => order.indexOf(event));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
}

/** Events as "a 0", "a 1" …, numbered from the last one of each name backwards, so that two readers call each the same. */
function fromTheEnd(events: readonly WatchEvent<'IPPool'>[]): string[] {
  const left = new Map<string, number>();
  const backwards = events.toReversed().map((event) => {
    const number = left.get(nameOf(event)) ?? 0;
    left.set(nameOf(event), number + 1);
    return `${nameOf(event)} ${number}`;
  });
  return backwards.toReversed();
}

/** One word per change of a name: its new revision, or `gone`. */
function tokens(events: readonly WatchEvent<'IPPool'>[], name: string): string[] {
  return events
    .filter((event) => nameOf(event) === name)
    .map((event) => (event.kind === 'put' ? (event.resource.metadata.resourceVersion ?? '') : 'gone'));
}

/** Cut after each `gone`: "3 7 gone", "9 12". */
function lives(words: readonly string[]): string[] {
  return words
    .join(' ')
    .split(/(?<=gone) /)
    .filter((life) => life !== '');
}

/** The same from the writers' side: from each creation along the links of compare-and-swap. */
function livesWritten(writes: readonly Write[]): string[] {
  const replacing = new Map<Revision, Write>();
  for (const write of writes) {
    if (write.from === undefined) continue;
    expect(replacing.has(write.from), `revision ${write.from} was replaced twice`).toBe(false);
    replacing.set(write.from, write);
  }
  return writes
    .filter((write) => write.from === undefined)
    .map((created) => {
      const words: string[] = [];
      for (
        let at: Write | undefined = created;
        at;
        at = at.to === undefined ? undefined : replacing.get(at.to)
      )
        words.push(at.to ?? 'gone');
      return words.join(' ');
    });
}

function replay({ listed, events }: Reading): Map<string, Pool> {
  const state = byName(listed);
  for (const event of events) {
    if (event.kind === 'put') state.set(event.resource.metadata.name, event.resource);
    else state.delete(event.key.name);
  }
  return state;
}

function byName(items: readonly Pool[]): Map<string, Pool> {
  return new Map(items.map((item) => [item.metadata.name, item]));
}

function nameOf(event: WatchEvent<'IPPool'>): string {
  return event.kind === 'put' ? event.resource.metadata.name : event.key.name;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setImmediate(done));
}

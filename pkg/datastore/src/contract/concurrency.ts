/**
 * Contract: compare-and-swap among many writers, and one consistent view for whoever lists and watches meanwhile.
 */
import { describe, expect, it } from 'vitest';
import type { Datastore, WatchEvent } from '../datastore.ts';
import { countOf, type Pool, pool, poolKey, recount } from './samples.ts';
import { createPool, otherClient, takeUntilPool, tell, type UseSubject, written } from './subject.ts';

const WRITERS = 8;
const INCREMENTS = 10;

/** Declares the cases with several writers at once. */
export function describeConcurrency(use: UseSubject): void {
  describe('concurrent writers', () => {
    it('create one name: one wins', async () => {
      const clients = await someClients(use);
      const outcomes = await Promise.all(clients.map((client) => client.create(pool('a'))));
      expect(tally(outcomes)).toEqual({ written: 1, 'already-exists': WRITERS - 1 });
    });

    it('update one revision: one wins', async () => {
      const clients = await someClients(use);
      // No writer writes what is there: to Kubernetes that is no change, and it wins beside the one that is.
      const created = await createPool(use().store, 'a', { count: WRITERS });
      const outcomes = await Promise.all(clients.map((client, writer) => recount(client, created, writer)));
      expect(tally(outcomes)).toEqual({ written: 1, conflict: WRITERS - 1 });
      const winner = outcomes.findIndex((outcome) => outcome.kind === 'written');
      expect(countOf((await use().store.get(poolKey('a'))) as Pool)).toBe(winner);
    });

    it('delete one object: one wins', async () => {
      const clients = await someClients(use);
      await createPool(use().store, 'a');
      const outcomes = await Promise.all(clients.map((client) => client.delete(poolKey('a'))));
      expect(tally(outcomes)).toEqual({ written: 1, 'not-found': WRITERS - 1 });
    });

    it('increment one counter: no increment is lost', async () => {
      const clients = await someClients(use);
      await createPool(use().store, 'a', { count: 0 });
      await Promise.all(clients.map((client) => incrementTimes(client, INCREMENTS)));
      expect(countOf((await use().store.get(poolKey('a'))) as Pool)).toBe(WRITERS * INCREMENTS);
    });
  });

  describe('list and watch', () => {
    it('are one view while others write: nothing missed, nothing repeated, in order', async () => {
      const { store } = use();
      const clients = await someClients(use);
      const logs = clients.map(() => [] as string[]);
      const writing = Promise.all(
        clients.map((client, writer) => churn(client, `w${writer}`, logs[writer] as string[])),
      );
      await logStarted(store);
      const { items, revision } = await store.list('IPPool');
      const stop = new AbortController();
      const events = store.watch('IPPool', revision, stop.signal)[Symbol.asyncIterator]();
      await writing;
      await createPool(store, 'end');
      const seen = await takeUntilPool(events, 'end');
      stop.abort();
      for (const [writer, log] of logs.entries()) {
        const name = `w${writer}`;
        const listed = items.find((item) => item.metadata.name === name);
        expect(continuation(log, listed && countOf(listed), name)).toContainEqual(linesOf(seen, name));
      }
    });
  });
}

async function someClients(use: UseSubject): Promise<Datastore[]> {
  const pair = [use().store, await otherClient(use())] as const;
  return Array.from({ length: WRITERS }, (_, writer) => pair[writer % 2] as Datastore);
}

function tally(outcomes: readonly { readonly kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of outcomes) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

async function incrementTimes(store: Datastore, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const current = await store.get(poolKey('a'));
    if (!current) throw new Error('The counter is gone.');
    const outcome = await recount(store, current, countOf(current) + 1);
    if (outcome.kind === 'written') done++;
  }
}

/** Creates, changes, deletes and makes again one pool; every size occurs once, so that a log has no two equal lines. */
async function churn(store: Datastore, name: string, log: string[]): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const created = await createPool(store, name, { count: 10 * round });
    log.push(`put ${name} ${10 * round}`);
    written(await recount(store, created, 10 * round + 1));
    log.push(`put ${name} ${10 * round + 1}`);
    written(await store.delete(poolKey(name)));
    log.push(`delete ${name}`);
  }
}

/** So that the list falls into the middle of the writing, not before it. */
async function logStarted(store: Datastore): Promise<void> {
  while ((await store.list('IPPool')).items.length === 0) await new Promise((done) => setImmediate(done));
}

/** The ends of the log that may follow what was listed: one after a listed object, several after its absence. */
function continuation(log: readonly string[], listedCount: number | undefined, name: string): string[][] {
  if (listedCount !== undefined) return [log.slice(log.indexOf(`put ${name} ${listedCount}`) + 1)];
  const absences = log.flatMap((line, index) => (line === `delete ${name}` ? [index + 1] : []));
  return [0, ...absences].map((start) => log.slice(start));
}

function linesOf(events: readonly WatchEvent<'IPPool'>[], name: string): string[] {
  return events.map(tell).filter((line) => line.split(' ')[1] === name);
}

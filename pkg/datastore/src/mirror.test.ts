/** The mirror: current state of several kinds, and when to look at it. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { endpoint, peer, poolKey, recount } from './contract/samples.ts';
import { createPool, written } from './contract/subject.ts';
import { type Datastore, DatastoreError } from './datastore.ts';
import type { Pacing } from './follow.ts';
import { createMemoryStore } from './memory/memory-store.ts';
import { type MirrorChange, mirror } from './mirror.ts';

const KINDS = ['IPPool', 'BGPPeer', 'WorkloadEndpoint'] as const;

/** Pauses last one turn of the event loop. */
const hasty: Pacing = {
  now: () => 0,
  random: () => 0,
  sleep: () => new Promise((done) => setImmediate(done)),
};

describe('mirror', () => {
  it('holds what is there once it is in sync, and not before', async () => {
    const store = makeStore();
    const created = await createPool(store, 'a');
    written(await store.create(endpoint('ns', 'x')));
    const { view } = mirrorOf(store);
    expect(view.inSync).toBe(false);
    await view.whenInSync();
    expect(view.inSync).toBe(true);
    expect([...view.objects('IPPool')]).toEqual([['a', created]]);
    expect([...view.objects('WorkloadEndpoint').keys()]).toEqual(['ns/x']);
    expect(view.objects('BGPPeer').size).toBe(0);
  });

  it('applies changes before it tells of them', async () => {
    const store = makeStore();
    const { view, changes, sizes } = mirrorOf(store);
    await view.whenInSync();
    const created = await createPool(store, 'a');
    written(await recount(store, created, 28));
    await store.delete(poolKey('a'));
    await expect.poll(() => changes.at(-1)).toBe('IPPool delete');
    expect(changes.slice(3)).toEqual(['IPPool put', 'IPPool put', 'IPPool delete']);
    expect(sizes.slice(3)).toEqual([1, 1, 0]);
  });

  it('replaces a kind by a new snapshot, and says meanwhile what is out of date', async () => {
    const store = makeStore(4);
    await createPool(store, 'a');
    const interruptedKinds: string[] = [];
    const { view } = mirrorOf(store, ({ event }) => {
      if (event.kind === 'interrupted') interruptedKinds.push(...view.interruptions.keys());
    });
    await view.whenInSync();
    const many = Array.from({ length: 12 }, (_, index) => store.create(peer(`p${index}`)));
    await Promise.all([...many, store.delete(poolKey('a'))]);
    await expect.poll(() => view.objects('BGPPeer').size).toBe(12);
    await expect.poll(() => view.objects('IPPool').size).toBe(0);
    expect(interruptedKinds).toContain('BGPPeer');
    expect(view.interruptions.size).toBe(0);
    expect(view.inSync).toBe(true);
  });

  it('fails as a whole on what will not pass, and keeps what it knew', async () => {
    const store = makeStore();
    await createPool(store, 'a');
    const { view } = mirrorOf(store);
    await view.whenInSync();
    await store.close();
    await expect(view.finished).rejects.toMatchObject({ code: 'closed' });
    expect(view.objects('IPPool').size).toBe(1);
    await view.close();
  });

  it('rejects whenInSync when it fails or is closed before', async () => {
    const closed = makeStore();
    await closed.close();
    const { view: failing } = mirrorOf(closed);
    await Promise.all([
      expect(failing.whenInSync()).rejects.toBeInstanceOf(DatastoreError),
      expect(failing.finished).rejects.toBeInstanceOf(DatastoreError),
    ]);
    const { view: closing } = mirrorOf(makeStore());
    const waiting = expect(closing.whenInSync()).rejects.toThrow('closed before');
    await closing.close();
    await waiting;
  });

  it('is told nothing more once it is closed', async () => {
    const store = makeStore();
    const { view, changes } = mirrorOf(store);
    await view.whenInSync();
    await view.close();
    const told = changes.length;
    await createPool(store, 'a');
    await new Promise((done) => setImmediate(done));
    expect(changes).toHaveLength(told);
    expect(view.objects('IPPool').size).toBe(0);
  });

  it('ends with what the callback threw', async () => {
    const { view } = mirrorOf(makeStore(), () => {
      throw new TypeError('oops');
    });
    await expect(view.finished).rejects.toThrow('oops');
  });
});

function mirrorOf(
  store: Datastore,
  alsoOnChange: (change: MirrorChange<(typeof KINDS)[number]>) => void = () => {},
) {
  const changes: string[] = [];
  const sizes: number[] = [];
  const view = mirror(
    store,
    KINDS,
    (change) => {
      changes.push(`${change.resourceKind} ${change.event.kind}`);
      sizes.push(view.objects(change.resourceKind).size);
      alsoOnChange(change);
    },
    hasty,
  );
  onTestFinished(() => view.close());
  return { view, changes, sizes };
}

function makeStore(historyChanges = 1000): Datastore {
  let made = 0;
  return createMemoryStore({ now: () => 0, uuid: () => `uid-${++made}`, historyChanges });
}

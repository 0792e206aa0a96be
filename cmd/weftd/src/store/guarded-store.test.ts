/** A datastore that is emptied or replaced under a node, or before its start: nothing is believed gone. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore, mirror } from '@weft/datastore';
import { apiVersion, type ClusterInformation, type Node } from '@weft/resources';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClusterIdentity } from './cluster-identity.ts';
import { GuardedStore } from './guarded-store.ts';
import { LateStore } from './late-store.ts';

const information = (clusterGUID: string): ClusterInformation & { kind: 'ClusterInformation' } => ({
  apiVersion,
  kind: 'ClusterInformation',
  metadata: { name: 'default' },
  spec: { clusterGUID, datastoreReady: true },
});
const node = (name: string): Node & { kind: 'Node' } => ({
  apiVersion,
  kind: 'Node',
  metadata: { name },
  spec: {},
});
const clusterKey = { kind: 'ClusterInformation', name: 'default' } as const;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-identity-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function identity(hasRoutes = true): ClusterIdentity {
  return new ClusterIdentity(join(directory, 'nodename'), () => hasRoutes);
}

async function setUp() {
  const store = createMemoryStore({ now: () => 0, uuid: randomUUID });
  await store.create(information('abc'));
  await store.create(node('node1'));
  const known = identity();
  known.accept('abc');
  return { store, guarded: new GuardedStore(new LateStore(async () => store), known) };
}

describe('a store that loses its cluster while a node works with it', () => {
  it('lists nothing, takes nothing, and is itself again when it is restored', async () => {
    const { guarded, store } = await setUp();
    expect((await guarded.list('Node')).items).toHaveLength(1);
    await store.delete(clusterKey);
    await store.delete({ kind: 'Node', name: 'node1' });
    await expect(guarded.list('Node')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /^It was emptied, and this node has routes .* of cluster abc.*Restore it/,
      ),
    });
    await expect(guarded.create(node('node2'))).rejects.toMatchObject({ code: 'unavailable' });
    await store.create(information('abc'));
    expect(await guarded.create(node('node2'))).toMatchObject({ kind: 'written' });
  });

  it('is not believed when another cluster is in its place', async () => {
    const { guarded, store } = await setUp();
    await store.delete(clusterKey);
    await store.create(information('other'));
    await expect(guarded.list('Node')).rejects.toThrow(/^It is that of cluster other, .* of cluster abc/);
  });

  it('takes nothing from a mirror, whichever deletion comes first', async () => {
    const { guarded, store } = await setUp();
    const copy = mirror(guarded, ['Node', 'IPPool'], () => {});
    await copy.whenInSync();
    await store.delete(clusterKey);
    await store.delete({ kind: 'Node', name: 'node1' });
    await vi.waitFor(() => expect(copy.interruptions.has('Node')).toBe(true));
    expect([...copy.objects('Node').keys()]).toEqual(['node1']);
    await copy.close();
  });

  it('is not believed what it said while it was empty, though it is restored by then', async () => {
    const { store } = await setUp();
    await store.delete(clusterKey);
    const list = store.list.bind(store);
    vi.spyOn(store, 'list').mockImplementation(async (kind, options) => {
      const found = await list(kind, options);
      await store.create(information('abc'));
      return found;
    });
    const known = identity();
    known.accept('abc');
    const guarded = new GuardedStore(new LateStore(async () => store), known);
    await expect(guarded.list('IPPool')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is listed again instead of believed when it was emptied and has what it deleted again', async () => {
    const { guarded, store } = await setUp();
    const events: string[] = [];
    const copy = mirror(guarded, ['Node'], ({ event }) => events.push(event.kind));
    await copy.whenInSync();
    await store.delete(clusterKey);
    await store.delete({ kind: 'Node', name: 'node1' });
    await store.create(information('abc'));
    await store.create(node('node1'));
    await vi.waitFor(() => expect(events.filter((kind) => kind === 'snapshot')).toHaveLength(2));
    expect(events).not.toContain('delete');
    expect(copy.objects('Node').size).toBe(1);
    await copy.close();
  });

  it('tells of deletions as long as it is the same', async () => {
    const { guarded, store } = await setUp();
    const copy = mirror(guarded, ['Node'], () => {});
    await copy.whenInSync();
    await store.delete({ kind: 'Node', name: 'node1' });
    await vi.waitFor(() => expect(copy.objects('Node').size).toBe(0));
    await copy.close();
  });
});

describe('what believing a deletion costs', () => {
  async function countGets(
    guarded: GuardedStore,
    store: ReturnType<typeof createMemoryStore>,
    count: number,
  ) {
    for (let number = 0; number < count; number++) await store.create(node(`more${number}`));
    const copy = mirror(guarded, ['Node'], () => {});
    await copy.whenInSync();
    const get = vi.spyOn(store, 'get');
    await Promise.all(
      Array.from({ length: count }, (_, number) => store.delete({ kind: 'Node', name: `more${number}` })),
    );
    await vi.waitFor(() => expect([...copy.objects('Node').keys()]).toEqual(['node1']));
    await copy.close();
    return get.mock.calls.length;
  }

  it('is one look, and one for all that come at once', async () => {
    const { guarded, store } = await setUp();
    expect(await countGets(guarded, store, 1)).toBe(1);
    expect(await countGets(guarded, store, 500)).toBeLessThan(10);
  });

  it('is a look for each object after somebody wrote the identity, since it may have been restored', async () => {
    const { guarded, store } = await setUp();
    const list = store.list.bind(store);
    vi.spyOn(store, 'list').mockImplementationOnce(async (kind, options) => {
      const found = await list(kind, options);
      const before = (await store.get(clusterKey)) as ReturnType<typeof information>;
      await store.update({ ...before, spec: { ...before.spec, clusterType: 'k8s' } });
      return found;
    });
    expect(await countGets(guarded, store, 3)).toBeGreaterThan(3);
  });
});

describe('a start', () => {
  it.each([
    ['the same cluster', true, 'abc', 'abc', undefined],
    ['an empty store, and no routes', false, 'abc', undefined, undefined],
    ['another cluster, and no routes', false, 'abc', 'other', undefined],
    ['a cluster, and routes of a weftd that kept no identity', true, undefined, 'abc', undefined],
    ['an empty store, and routes', true, 'abc', undefined, /^It was emptied, .* of cluster abc/],
    ['another cluster, and routes', true, 'abc', 'other', /^It is that of cluster other, .* of cluster abc/],
    [
      'an empty store, and routes of a weftd that kept no identity',
      true,
      undefined,
      undefined,
      /^It was emptied, .* of an earlier weftd, .* Restore it; to begin anew/,
    ],
  ])('with %s', (_, hasRoutes, kept, found, refusal) => {
    if (kept !== undefined) identity().accept(kept);
    const start = (): void =>
      identity(hasRoutes).requireAtStart(found === undefined ? undefined : information(found));
    if (refusal === undefined) expect(start).not.toThrow();
    else expect(start).toThrow(refusal);
  });

  it('lists nothing of an emptied store, so that nobody computes from it when it is restored', async () => {
    identity().accept('abc');
    const store = createMemoryStore({ now: () => 0, uuid: randomUUID });
    const guarded = new GuardedStore(new LateStore(async () => store), identity());
    await expect(guarded.list('Node')).rejects.toMatchObject({ code: 'unavailable' });
    await store.create(information('abc'));
    expect((await guarded.list('Node')).items).toEqual([]);
  });

  it('keeps the identity in a file beside the name', () => {
    identity().accept('abc');
    expect(readFileSync(join(directory, 'cluster'), 'utf8')).toBe('abc');
  });
});

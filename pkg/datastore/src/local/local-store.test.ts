/** The drivers of one machine against each other: same answers, same revisions, same history. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/temporary-store.ts';
import { endpoint, pool, poolKey } from '../contract/samples.ts';
import { createPool, takeUntilPool } from '../contract/subject.ts';
import type { Datastore, OfKind, ResourceKey, Revision, WatchEvent } from '../datastore.ts';
import { openEmbedded } from '../embedded/embedded-store.ts';
import { createMemoryStore } from '../memory/memory-store.ts';

type Sample = OfKind<'IPPool'> | OfKind<'WorkloadEndpoint'>;

/** One write; `age` is how many revisions ago the writer read the object, undefined when it does not care. */
interface Step {
  readonly verb: 'create' | 'update' | 'delete';
  readonly object: Sample;
  readonly age: number | undefined;
}

const samples: readonly Sample[] = [pool('a'), pool('b'), endpoint('one', 'x'), endpoint('two', 'x')];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    verb: fc.constantFrom('create', 'update', 'delete'),
    object: fc.constantFrom(...samples),
    age: fc.option(fc.nat(3), { nil: undefined, freq: 4 }),
  }),
  { maxLength: 40 },
);

describe('any sequence of writes', () => {
  it('has the same outcomes, revisions, lists and history in memory and in a file', async () => {
    const directory = temporaryDirectory();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const memory = createMemoryStore(countingStamps());
        const embedded = await openEmbedded({
          path: `${directory}/${++runs}.db`,
          create: true,
          ...countingStamps(),
        });
        expect(await transcribe(embedded, sequence)).toEqual(await transcribe(memory, sequence));
        await embedded.close();
      }),
      { numRuns: 60 },
    );
  });

  it('leaves what its history, replayed, leaves', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const store = createMemoryStore(countingStamps());
        for (const step of sequence) await write(store, step);
        const { items } = await store.list('IPPool');
        const replayed = new Map<string, unknown>();
        for (const event of await history(store)) {
          if (event.kind === 'put') replayed.set(event.resource.metadata.name, event.resource);
          else replayed.delete(event.key.name);
        }
        expect(replayed).toEqual(new Map(items.map((item) => [item.metadata.name, item])));
      }),
    );
  });
});

function countingStamps() {
  let stamps = 0;
  return { now: () => 1000 * ++stamps, uuid: () => `uid-${++stamps}` };
}

/** All that a caller can observe. */
async function transcribe(store: Datastore, sequence: readonly Step[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const step of sequence) seen.push(await write(store, step));
  seen.push(await store.get(poolKey('a')), await store.list('IPPool'), await store.list('WorkloadEndpoint'));
  seen.push(await store.list('WorkloadEndpoint', { namespace: 'one' }), await history(store));
  return seen;
}

async function write(store: Datastore, { verb, object, age }: Step): Promise<unknown> {
  const resourceVersion = age === undefined ? undefined : await revisionOfAge(store, age);
  if (verb === 'create') return store.create(object);
  if (verb === 'delete') return store.delete(keyOf(object), resourceVersion);
  const readAt = resourceVersion ?? (await store.get(keyOf(object)))?.metadata.resourceVersion ?? '0';
  return store.update({ ...object, metadata: { ...object.metadata, resourceVersion: readAt } } as Sample);
}

async function revisionOfAge(store: Datastore, age: number): Promise<Revision> {
  const { revision } = await store.list('IPPool');
  return String(Math.max(0, Number(revision) - age));
}

function keyOf({ kind, metadata: { name, namespace } }: Sample): ResourceKey {
  return namespace === undefined ? { kind, name } : { kind, name, namespace };
}

/** Every change of pools since the beginning; makes one more pool to know where to stop. */
async function history(store: Datastore): Promise<WatchEvent<'IPPool'>[]> {
  await createPool(store, 'end');
  const stop = new AbortController();
  const events = await takeUntilPool(store.watch('IPPool', '0', stop.signal)[Symbol.asyncIterator](), 'end');
  stop.abort();
  return events;
}

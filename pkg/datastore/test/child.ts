/**
 * A second process for tests of the embedded driver. Its arguments name a role, the datastore file, and what that role
 * needs; it reports over the IPC channel, one message for each thing that happened.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { countOf, pool, poolKey, recount } from '../src/contract/samples.ts';
import { DatastoreError, type EmbeddedStore, openEmbedded } from '../src/index.ts';

/** What the roles report. */
export type ChildReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'counted'; readonly value: number }
  | { readonly kind: 'outcome'; readonly outcome: string; readonly pid?: number | undefined }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

const NOBODY = 65534;

const [role = '', path = '', argument = ''] = process.argv.slice(2);
const roles: Readonly<Record<string, () => Promise<void>>> = {
  increment: async () => incrementTimes(await open(), Number(argument)),
  count: async () => incrementTimes(await open(), Number.POSITIVE_INFINITY),
  watch: async () => watchCounter(await open()),
  claim: async () => claim(await open(), argument),
  hang: hangInTransaction,
  'open-as-nobody': openAsNobody,
  open: async () => openAndClose(await open()),
  fill: fillAndRecover,
};

process.once('disconnect', () => process.exit());
await roles[role]?.().catch(reportFailure);
process.disconnect?.();

function report(message: ChildReport): void {
  process.send?.(message);
}

function reportFailure(error: unknown): void {
  if (!(error instanceof DatastoreError)) throw error;
  report({ kind: 'failed', code: error.code, message: error.message });
}

function open(): Promise<EmbeddedStore> {
  return openEmbedded({ path, create: true });
}

async function openAndClose(store: EmbeddedStore): Promise<void> {
  report({ kind: 'ready' });
  await store.close();
}

/** Adds one to the counter so many times, reporting every value that was acknowledged. */
async function incrementTimes(store: EmbeddedStore, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const current = await store.get(poolKey('counter'));
    if (!current) throw new Error('There is no counter.');
    const value = countOf(current) + 1;
    if ((await recount(store, current, value)).kind !== 'written') continue;
    done++;
    report({ kind: 'counted', value });
    // Lets the channel empty itself, so that the parent knows what was acknowledged when this process is killed.
    await new Promise((flushed) => setImmediate(flushed));
  }
  await store.close();
}

async function watchCounter(store: EmbeddedStore): Promise<void> {
  const { revision } = await store.list('IPPool');
  report({ kind: 'ready' });
  for await (const event of store.watch('IPPool', revision, new AbortController().signal)) {
    if (event.kind === 'put') report({ kind: 'counted', value: countOf(event.resource) });
  }
}

/** Holds the name until the process is killed. */
async function claim(store: EmbeddedStore, name: string): Promise<void> {
  const outcome = await store.claimName(name);
  report({
    kind: 'outcome',
    outcome: outcome.kind,
    pid: outcome.kind === 'taken' ? outcome.by.pid : process.pid,
  });
  await killed();
}

/** Is killed after it has written and before it commits. */
async function hangInTransaction(): Promise<void> {
  const database = new DatabaseSync(path);
  database.exec(
    `BEGIN IMMEDIATE; INSERT INTO change (kind, namespace, name) VALUES ('IPPool', '', 'counter')`,
  );
  report({ kind: 'ready' });
  await killed();
  database.close();
}

function killed(): Promise<never> {
  return new Promise(() => {});
}

/** Root may write anything, so it steps down first. */
async function openAsNobody(): Promise<void> {
  if (process.getuid?.() === 0) process.setuid?.(NOBODY);
  await (await openEmbedded({ path })).close();
}

/** Writes until the disk is full, frees some space, and writes again; the file system must be a small one. */
async function fillAndRecover(): Promise<void> {
  const ballast = `${path}.ballast`;
  writeFileSync(ballast, Buffer.alloc(256 * 1024));
  const store = await open();
  let stored = 0;
  try {
    for (; ; stored++) await store.create(pool(`pool-${stored}`, { labels: { filler: 'x'.repeat(10_000) } }));
  } catch (error) {
    reportFailure(error);
  }
  report({ kind: 'counted', value: (await store.list('IPPool')).items.length - stored });
  rmSync(ballast);
  const outcome = await store.create(pool('last'));
  report({ kind: 'outcome', outcome: outcome.kind });
  await store.close();
}

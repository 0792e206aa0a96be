/**
 * Datastores in turn, embedded and etcd: how fast they write, read and tell. Both on this machine, so that etcd's figures hold
 * no network, only its disk and its process.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Datastore, type DatastoreChoice, openDatastore } from '@weft/datastore';
import { affinityName, type BlockAffinity, type IPAMHandle } from '@weft/resources';
import { startEtcd } from '../../harness/etcd.ts';
import type { Figure } from '../run.ts';
import { quantile, round } from '../statistics.ts';

const ROUNDS = 3;
const IN_FLIGHT = 100;
const WRITES = 3000;
const READS = 2000;
const EVENTS = 500;

/** Figures of both stores, one after the other in each round. */
export async function* datastoreBench(): AsyncGenerator<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const etcd = await startEtcd();
  try {
    for (let count = 0; count < ROUNDS; count++) {
      yield* measure('embedded', { type: 'embedded', path: join(directory, `${count}.db`) });
      await etcd.clear();
      yield* measure('etcd', etcd.choice);
    }
  } finally {
    await etcd.dispose();
    rmSync(directory, { recursive: true });
  }
}

async function* measure(store: string, choice: DatastoreChoice): AsyncGenerator<Figure> {
  const [writer, reader] = [
    await openDatastore(choice, { create: true }),
    await openDatastore(choice, { create: true }),
  ];
  try {
    yield { benchmark: 'datastore', store, what: 'create, 100 in flight', ...(await measureWrites(writer)) };
    yield { benchmark: 'datastore', store, what: 'get', ...(await measureReads(reader)) };
    yield { benchmark: 'datastore', store, what: `list of ${WRITES}`, ...(await measureLists(reader)) };
    yield {
      benchmark: 'datastore',
      store,
      what: 'write to event, another client',
      ...(await measureEvents(writer, reader)),
    };
  } finally {
    await writer.close();
    await reader.close();
  }
}

async function measureWrites(store: Datastore): Promise<Record<string, number>> {
  let next = 0;
  const write = async () => {
    while (next < WRITES) await store.create(handle(next++));
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, write));
  return { perSecond: Math.round((1000 * WRITES) / (performance.now() - startedAt)) };
}

async function measureReads(store: Datastore): Promise<Record<string, number>> {
  const times: number[] = [];
  for (let count = 0; count < READS; count++) {
    const startedAt = performance.now();
    await store.get({ kind: 'IPAMHandle', name: `h${count % WRITES}` });
    times.push(performance.now() - startedAt);
  }
  return milliseconds(times);
}

async function measureLists(store: Datastore): Promise<Record<string, number>> {
  const times: number[] = [];
  for (let count = 0; count < 10; count++) {
    const startedAt = performance.now();
    await store.list('IPAMHandle');
    times.push(performance.now() - startedAt);
  }
  return milliseconds(times);
}

async function measureEvents(writer: Datastore, reader: Datastore): Promise<Record<string, number>> {
  const { revision } = await reader.list('BlockAffinity');
  const stop = new AbortController();
  const events = reader.watch('BlockAffinity', revision, stop.signal)[Symbol.asyncIterator]();
  const times: number[] = [];
  for (let count = 0; count < EVENTS; count++) {
    const next = events.next();
    const startedAt = performance.now();
    await writer.create(affinity(`n${count}`));
    await next;
    times.push(performance.now() - startedAt);
  }
  stop.abort();
  return milliseconds(times);
}

function milliseconds(times: readonly number[]): Record<string, number> {
  return { p50Milliseconds: round(quantile(times, 0.5)), p99Milliseconds: round(quantile(times, 0.99)) };
}

function handle(count: number): IPAMHandle {
  const spec = { handleID: `h${count}`, block: { '10.0.0.0/26': 1 }, deleted: false };
  return { apiVersion: 'projectcalico.org/v3', kind: 'IPAMHandle', metadata: { name: `h${count}` }, spec };
}

function affinity(node: string): BlockAffinity {
  const cidr = '10.0.0.0/26' as Parameters<typeof affinityName>[1];
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'BlockAffinity',
    metadata: { name: affinityName(node, cidr) },
    spec: { state: 'confirmed', node, type: 'host', cidr, deleted: false },
  };
}

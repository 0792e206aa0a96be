/**
 * Addresses: one after the other from a warm block, on a file and on etcd; and 100 nodes with 110 pods each at once on one
 * etcd, twenty nodes a process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type DatastoreChoice, openDatastore } from '@weft/datastore';
import { startEtcd } from '../../harness/etcd.ts';
import type { Figure } from '../run.ts';
import { quantile, round } from '../statistics.ts';
import type { CrowdReport, CrowdTask } from './crowd-process.ts';
import { furnish, mirroredIpam } from './mirrored-ipam.ts';

const ROUNDS = 500;
const NODES = 100;
const PODS_PER_NODE = 110;
const PROCESSES = 5;

export async function* ipamBench(): AsyncGenerator<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-bench-ipam-'));
  const etcd = await startEtcd();
  try {
    yield await warm({ type: 'embedded', path: join(directory, 'weft.db') });
    yield await warm(etcd.choice);
    await etcd.clear();
    yield await crowd(etcd.choice);
  } finally {
    await etcd.dispose();
    rmSync(directory, { recursive: true });
  }
}

/** One address, and back, again and again. */
async function warm(choice: DatastoreChoice): Promise<Figure> {
  const store = await openDatastore(choice, { create: true });
  await furnish(store, ['n1']);
  const ipam = await mirroredIpam(store);
  const allocator = ipam.allocator();
  const assign: number[] = [];
  const release: number[] = [];
  for (let count = -20; count < ROUNDS; count++) {
    const handle = `bench.${count}`;
    const start = performance.now();
    await allocator.autoAssign({ node: 'n1', handle, num4: 1, intendedUse: 'Workload' });
    const between = performance.now();
    await allocator.releaseByHandle(handle);
    if (count < 0) continue;
    assign.push(between - start);
    release.push(performance.now() - between);
  }
  await ipam.close();
  return {
    benchmark: 'ipam',
    store: choice.type,
    rounds: ROUNDS,
    assignP50Milliseconds: quantile(assign, 0.5),
    assignP99Milliseconds: quantile(assign, 0.99),
    releaseP50Milliseconds: quantile(release, 0.5),
    releaseP99Milliseconds: quantile(release, 0.99),
  };
}

/** Everybody at once. */
async function crowd(choice: DatastoreChoice): Promise<Figure> {
  const nodes = Array.from({ length: NODES }, (_, index) => `n${index}`);
  const store = await openDatastore(choice);
  await furnish(store, nodes);
  const share = NODES / PROCESSES;
  const children = Array.from({ length: PROCESSES }, (_, index) =>
    startProcess({
      choice,
      nodes: nodes.slice(index * share, (index + 1) * share),
      podsPerNode: PODS_PER_NODE,
    }),
  );
  try {
    for (const { ready } of children) await ready;
    const start = performance.now();
    for (const { child } of children) child.stdin?.write('go\n');
    const reports = await Promise.all(children.map(({ report }) => report));
    const seconds = (performance.now() - start) / 1000;
    const assigned = sum(reports.map((report) => report.assigned));
    const milliseconds = reports.flatMap((report) => report.milliseconds);
    return {
      benchmark: 'ipam crowd',
      store: choice.type,
      nodes: NODES,
      podsPerNode: PODS_PER_NODE,
      processes: PROCESSES,
      assigned,
      seconds: round(seconds),
      addressesPerSecond: Math.round(assigned / seconds),
      podP50Milliseconds: quantile(milliseconds, 0.5),
      podMaxMilliseconds: quantile(milliseconds, 1),
      conflicts: sum(reports.map((report) => report.conflicts)),
      storeFailures: sum(reports.map((report) => report.storeFailures)),
      blocks: (await store.list('IPAMBlock')).items.length,
    };
  } finally {
    for (const { child } of children) child.kill('SIGKILL');
    await store.close();
  }
}

interface Crowd {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly report: Promise<CrowdReport>;
}

function startProcess(task: CrowdTask): Crowd {
  const program = join(import.meta.dirname, 'crowd-process.ts');
  const child = spawn(process.execPath, ['--conditions=source', program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const ready = lines.next().then(() => undefined);
  const report = ready.then(async () => JSON.parse((await lines.next()).value as string) as CrowdReport);
  return { child, ready, report };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What the etcd driver does when etcd, or the way to it, breaks: nothing lost, nothing told twice, nothing claimed falsely. */
import { type Datastore, DatastoreError, type WatchEvent } from '@weft/datastore';
import { openEtcd } from '@weft/datastore/etcd';
import type { IPPool } from '@weft/resources';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type EtcdOptions, startEtcd, startEtcdCluster, type TestEtcd } from '../harness/etcd.ts';
import { TcpProxy } from '../harness/tcp-proxy.ts';
import { waitFor } from '../harness/wait-for.ts';
import { fastTiming } from './fast-timing.ts';

const LOG = 'example.org/log';

async function start(options: EtcdOptions = {}): Promise<TestEtcd> {
  const etcd = await startEtcd(options);
  onTestFinished(() => etcd.dispose());
  return etcd;
}

async function open(etcd: TestEtcd, endpoints = [etcd.endpoint], timing = fastTiming): Promise<Datastore> {
  const store = await openEtcd({ ...etcd.choice, endpoints }, { timing });
  onTestFinished(() => store.close());
  return store;
}

async function proxyTo({ endpoint }: TestEtcd): Promise<{ proxy: TcpProxy; url: string }> {
  const proxy = await TcpProxy.start(Number(new URL(endpoint).port));
  onTestFinished(() => proxy.close());
  return { proxy, url: `http://127.0.0.1:${proxy.port}` };
}

function pool(name: string, log = ''): IPPool {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name, annotations: { [LOG]: log } },
    spec: { cidr: '10.0.0.0/16' },
  } as unknown as IPPool;
}

const logOf = ({ metadata }: IPPool): string => metadata.annotations?.[LOG] ?? '';

/** For a write that nobody can tell the outcome of: it may be done, or not. */
function unknownOutcome(error: unknown): { readonly kind: 'unknown' } {
  if (error instanceof DatastoreError && error.code === 'unavailable') return { kind: 'unknown' };
  throw error;
}

/** Writes until it is done; a write whose outcome is unknown counts as not done, and is looked at again. */
async function put(store: Datastore, name: string, log: string): Promise<IPPool> {
  for (;;) {
    try {
      const there = await store.get({ kind: 'IPPool', name });
      if (there && logOf(there) === log) return there;
      const { metadata, ...rest } = there ?? pool(name);
      const next = { ...rest, metadata: { ...metadata, annotations: { [LOG]: log } } };
      const outcome = await (there ? store.update(next) : store.create(next));
      if (outcome.kind === 'written') return outcome.resource;
    } catch (error) {
      if (!(error instanceof DatastoreError && error.code === 'unavailable')) throw error;
    }
  }
}

/** The logs of the puts of a watch, until one says `end`. */
async function logsUntilEnd(events: AsyncIterable<WatchEvent<'IPPool'>>): Promise<string[]> {
  const logs: string[] = [];
  for await (const event of events) {
    const log = event.kind === 'put' ? logOf(event.resource) : `delete ${event.key.name}`;
    if (log === 'end') return logs;
    logs.push(log);
  }
  throw new Error('the watch ended');
}

async function watchFromNow(store: Datastore): Promise<AsyncIterable<WatchEvent<'IPPool'>>> {
  const { revision } = await store.list('IPPool');
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return store.watch('IPPool', revision, stop.signal);
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

describe('a watch', () => {
  it('loses nothing and repeats nothing over three kills of the server', async () => {
    const etcd = await start();
    const [store, writer] = [await open(etcd), await open(etcd)];
    const seen = logsUntilEnd(await watchFromNow(store));
    for (let round = 0; round < 3; round++) {
      for (const log of numbers(20 * round, 20 * round + 20)) await put(writer, 'a', log);
      await etcd.kill('SIGKILL');
      await etcd.restart();
    }
    await put(writer, 'a', 'end');
    expect(await seen).toEqual(numbers(0, 60));
  });

  it('loses nothing and repeats nothing when its connection is cut in the midst of events, again and again', async () => {
    const etcd = await start();
    const { proxy, url } = await proxyTo(etcd);
    // Some connections are too short for one message, others long enough for all there are.
    proxy.cutAfterBytes = () => 701 * 2 ** (proxy.connections % 12);
    const [store, writer] = [await open(etcd, [url]), await open(etcd)];
    const seen = logsUntilEnd(await watchFromNow(store));
    for (const log of numbers(0, 800)) await put(writer, 'a', log);
    await put(writer, 'a', 'end');
    expect(await seen).toEqual(numbers(0, 800));
    expect(proxy.connections).toBeGreaterThan(5);
  });

  it('says compacted when what it missed while it was cut off is forgotten', async () => {
    const etcd = await start();
    const { proxy, url } = await proxyTo(etcd);
    const [store, writer] = [await open(etcd, [url]), await open(etcd)];
    const seen = logsUntilEnd(await watchFromNow(store));
    const failed = expect(seen).rejects.toMatchObject({ name: 'DatastoreError', code: 'compacted' });
    await put(writer, 'a', '1');
    proxy.cut();
    await put(writer, 'a', '2');
    await etcd.compact();
    proxy.heal();
    await failed;
  });

  it('says compacted when the store is younger than the revision, as one restored from a backup is', async () => {
    const etcd = await start();
    const store = await open(etcd);
    const events = store.watch('IPPool', '1000000', new AbortController().signal);
    await expect(logsUntilEnd(events)).rejects.toMatchObject({ code: 'compacted' });
  });

  it('of a reader who does not read takes little memory, and gives all 10,000 changes when he does', async () => {
    const etcd = await start();
    const { proxy, url } = await proxyTo(etcd);
    const [store, writer] = [await open(etcd, [url]), await open(etcd)];
    const events = (await watchFromNow(store))[Symbol.asyncIterator]();
    await put(writer, 'a', 'first');
    await events.next();
    const text = 'x'.repeat(2000);
    const writeSome = async (lane: number) => {
      let current = await put(writer, `p${lane}`, `0 ${text}`);
      for (let count = 1; count < 100; count++) {
        const log = `${count} ${text}`;
        const annotations = { [LOG]: log };
        const outcome = await writer
          .update({ ...current, metadata: { ...current.metadata, annotations } })
          .catch(unknownOutcome);
        // A busy etcd answers some too late.
        current = outcome.kind === 'written' ? outcome.resource : await put(writer, `p${lane}`, log);
      }
    };
    await Promise.all(numbers(0, 100).map(Number).map(writeSome));
    await put(writer, 'a', 'end');
    expect(proxy.bytesToClients).toBeLessThan(4 * 1024 * 1024);
    const logs: Record<string, string[]> = Object.fromEntries(
      numbers(0, 100).map((lane) => [`p${lane}`, []]),
    );
    for (;;) {
      const { value } = (await events.next()) as { value: WatchEvent<'IPPool'> & { kind: 'put' } };
      if (logOf(value.resource) === 'end') break;
      const [count = ''] = logOf(value.resource).split(' ');
      logs[value.resource.metadata.name]?.push(count);
    }
    expect(proxy.bytesToClients).toBeGreaterThan(20 * 1024 * 1024);
    expect(logs).toEqual(Object.fromEntries(numbers(0, 100).map((lane) => [`p${lane}`, numbers(0, 100)])));
  });

  it('fails as unavailable when no server comes back', async () => {
    const etcd = await start();
    const store = await open(etcd, undefined, { ...fastTiming, patienceMs: 500 });
    const events = (await watchFromNow(store))[Symbol.asyncIterator]();
    await put(await open(etcd), 'a', '1');
    await events.next();
    const failed = expect(events.next()).rejects.toMatchObject({ code: 'unavailable' });
    await etcd.kill('SIGKILL');
    await failed;
  });
});

describe('writes', () => {
  it('tell the truth while the server is killed and restarted: written is there once, conflict is not there', async () => {
    const etcd = await start();
    const store = await open(etcd);
    await put(store, 'a', '');
    const told: Record<string, string[]> = { written: [], conflict: [], unknown: [] };
    let running = true;
    const write = async (writer: number) => {
      const own = await open(etcd);
      for (let count = 0; running; count++) {
        const id = `${writer}.${count}`;
        const current = await own.get({ kind: 'IPPool', name: 'a' });
        if (!current) throw new Error('the pool is gone');
        const annotations = { [LOG]: `${logOf(current)} ${id}`.trim() };
        const outcome = await own
          .update({ ...current, metadata: { ...current.metadata, annotations } })
          .catch(unknownOutcome);
        told[outcome.kind]?.push(id);
      }
    };
    const writing = Promise.all([0, 1, 2, 3].map(write));
    for (let round = 0; round < 4; round++) {
      const before = told.written?.length ?? 0;
      await waitFor('writes get through', () => (told.written?.length ?? 0) > before + 20);
      await etcd.kill('SIGKILL');
      await etcd.restart();
    }
    running = false;
    await writing;
    const final = await store.get({ kind: 'IPPool', name: 'a' });
    const there = final ? logOf(final).split(' ') : [];
    expect(new Set(there).size).toBe(there.length);
    expect(told.written?.filter((id) => !there.includes(id))).toEqual([]);
    expect(told.conflict?.filter((id) => there.includes(id))).toEqual([]);
    const unknown = new Set(told.unknown);
    expect(there.filter((id) => !told.written?.includes(id) && !unknown.has(id))).toEqual([]);
  });

  it('fail as full when the space is used up, while reads go on; they succeed when there is space again', async () => {
    const etcd = await start({ quotaBackendBytes: 2 * 1024 * 1024 });
    const store = await open(etcd);
    const fill = async () => {
      for (let count = 0; ; count++) await put(store, 'a', `${count} ${'x'.repeat(100_000)}`);
    };
    await expect(fill()).rejects.toMatchObject({
      code: 'full',
      message: expect.stringMatching(/^Cannot use etcd at .*: its space is used up/),
    });
    const current = await store.get({ kind: 'IPPool', name: 'a' });
    expect(current).toBeDefined();
    expect((await store.list('IPPool')).items).toHaveLength(1);
    await etcd.etcdctl('compact', String(await etcd.revision()));
    await etcd.defrag();
    await etcd.etcdctl('alarm', 'disarm');
    expect(logOf(await put(store, 'a', 'again'))).toBe('again');
  });

  it('of an object larger than etcd takes are refused as invalid, and nothing is there', async () => {
    const etcd = await start();
    const store = await open(etcd);
    for (const size of [1_600_000, 3_000_000]) {
      const outcome = store.create(pool('a', 'x'.repeat(size)));
      await expect(outcome).rejects.toMatchObject({
        code: 'invalid-resource',
        message: expect.stringMatching(/larger than it accepts/),
      });
    }
    expect(await store.get({ kind: 'IPPool', name: 'a' })).toBeUndefined();
  });
});

describe('calls', () => {
  it('get a new token when the server has forgotten the old one, and so does a watch', async () => {
    const etcd = await start({ rootPassword: 'secret' });
    const store = await open(etcd);
    const seen = logsUntilEnd(await watchFromNow(store));
    await put(store, 'a', '1');
    await etcd.kill('SIGKILL');
    await etcd.restart();
    await put(store, 'a', '2');
    await put(store, 'a', 'end');
    expect(await seen).toEqual(['1', '2']);
  });

  it('fail as unavailable on a server that hangs, and succeed when it goes on', async () => {
    const etcd = await start();
    const store = await open(etcd, undefined, { ...fastTiming, attemptMs: 300, patienceMs: 600 });
    await etcd.freeze();
    const failure = await store.get({ kind: 'IPPool', name: 'a' }).catch((error: unknown) => error);
    etcd.thaw();
    expect(failure).toMatchObject({ code: 'unavailable' });
    expect(await store.get({ kind: 'IPPool', name: 'a' })).toBeUndefined();
  });
});

describe('a cluster of three', () => {
  it('serves reads, writes and a watch on when its leader is killed, and when a second one takes its place', async () => {
    const etcds = await startEtcdCluster(3);
    onTestFinished(async () => void (await Promise.all(etcds.map((etcd) => etcd.dispose()))));
    const [first] = etcds as [TestEtcd, ...TestEtcd[]];
    const endpoints = etcds.map(({ endpoint }) => endpoint);
    const [store, writer] = [await open(first, endpoints), await open(first, endpoints)];
    const seen = logsUntilEnd(await watchFromNow(store));
    for (let round = 0; round < 2; round++) {
      for (const log of numbers(10 * round, 10 * round + 10)) await put(writer, 'a', log);
      const leading = await Promise.all(etcds.map((etcd) => etcd.isLeader()));
      const leader = etcds[leading.indexOf(true)] as TestEtcd;
      await leader.kill('SIGKILL');
      await put(writer, 'b', `round ${round}`);
      await leader.restart();
    }
    await put(writer, 'a', 'end');
    const expected = [...numbers(0, 10), 'round 0', ...numbers(10, 20), 'round 1'];
    expect(await seen).toEqual(expected);
  });

  it('is reached through whichever endpoint answers, and left alone where one hangs', async () => {
    const etcds = await startEtcdCluster(3);
    onTestFinished(async () => void (await Promise.all(etcds.map((etcd) => etcd.dispose()))));
    const [first, second] = etcds as [TestEtcd, TestEtcd, TestEtcd];
    const endpoints = etcds.map(({ endpoint }) => endpoint);
    await first.kill('SIGKILL');
    const store = await open(second, endpoints);
    const seen = logsUntilEnd(await watchFromNow(store));
    await put(store, 'a', '1');
    await second.freeze();
    onTestFinished(() => second.thaw());
    await first.restart();
    await put(store, 'a', '2');
    await put(store, 'a', 'end');
    expect(await seen).toEqual(['1', '2']);
  });
});

/**
 * The Kubernetes driver on a server that breaks: nothing is missed, nothing is told twice, and whatever cannot be mended is
 * one clear line.
 */

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Datastore, follow, type KubernetesChoice, type WatchEvent } from '@weft/datastore';
import { type KubernetesOptions, openKubernetes } from '@weft/datastore/kubernetes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificates } from '../harness/certificates.ts';
import {
  type FaultApiServer,
  type FaultServerOptions,
  startFaultServer,
} from '../harness/fault-api-server/fault-api-server.ts';
import { waitFor } from '../harness/wait-for.ts';

const pools = 'crd.projectcalico.org/v1/ippools';
const V1: FaultServerOptions = { groups: ['crd.projectcalico.org/v1'] };

let server: FaultApiServer;
let directory: string;
const stores: Datastore[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weft-faults-'));
  server = await startFaultServer(V1);
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await server.kill();
  rmSync(directory, { recursive: true, force: true });
});

async function open(choice: Partial<KubernetesChoice> = {}, options?: KubernetesOptions): Promise<Datastore> {
  const store = await openKubernetes({ type: 'kubernetes', server: server.url, ...choice }, options);
  stores.push(store);
  return store;
}

async function replaceServer(options: FaultServerOptions): Promise<void> {
  await server.kill();
  server = await startFaultServer(options);
}

function pool(name: string) {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name },
    spec: { cidr: '10.0.0.0/16' },
  } as never;
}

const create = async (store: Datastore, ...names: string[]): Promise<void> => {
  for (const name of names) expect(await store.create(pool(name))).toMatchObject({ kind: 'written' });
};

interface Watching {
  readonly seen: string[];
  readonly ended: Promise<unknown>;
  readonly stop: () => void;
}

/** Watches pools and notes the events, `put a`, and how it ended. */
async function watching(store: Datastore, since?: string): Promise<Watching> {
  const revision = since ?? (await store.list('IPPool')).revision;
  const seen: string[] = [];
  const end = new AbortController();
  const run = async (): Promise<unknown> => {
    for await (const event of store.watch('IPPool', revision, end.signal)) seen.push(tell(event));
    return 'ended';
  };
  const opened = server.watchCount;
  const ended = run().catch((error: unknown) => error);
  if (since === undefined) await waitFor('the watch is open', () => server.watchCount > opened);
  return { seen, ended, stop: () => end.abort() };
}

function tell(event: WatchEvent<'IPPool'>): string {
  return event.kind === 'put' ? `put ${event.resource.metadata.name}` : `delete ${event.key.name}`;
}

describe('a watch goes on without loss or repeat', () => {
  it('when the connection breaks within an event', async () => {
    const store = await open();
    const { seen, stop } = await watching(store);
    await create(store, 'a');
    await waitFor('a is seen', () => seen.length === 1);
    server.cutInNextEvent();
    await create(store, 'b', 'c');
    await waitFor('c is seen', () => seen.includes('put c'));
    expect(seen).toEqual(['put a', 'put b', 'put c']);
    stop();
  });

  it('when the server is killed and comes back', async () => {
    const store = await open();
    const { seen, stop } = await watching(store);
    await create(store, 'a');
    await server.kill();
    server.objects.put(pools, { metadata: { name: 'b' }, spec: { cidr: '10.0.0.0/16' } });
    await server.start();
    await waitFor('b is seen', () => seen.includes('put b'));
    expect(seen).toEqual(['put a', 'put b']);
    stop();
  });

  it('when the server ends it, and each time with another time limit', async () => {
    const store = await open();
    const { seen, stop } = await watching(store);
    for (const name of ['a', 'b', 'c', 'd']) {
      server.endWatches();
      await create(store, name);
      await waitFor(`${name} is seen`, () => seen.includes(`put ${name}`));
    }
    expect(seen).toEqual(['put a', 'put b', 'put c', 'put d']);
    const limits = server.requests.flatMap((line) => /timeoutSeconds=(\d+)/.exec(line)?.[1] ?? []);
    expect(limits.length).toBeGreaterThan(3);
    expect(new Set(limits).size).toBeGreaterThan(1);
    for (const limit of limits.map(Number)) expect(limit).toSatisfy((n: number) => n >= 300 && n <= 600);
    stop();
  });

  it('when the history is forgotten that a bookmark has passed', async () => {
    const store = await open();
    const { seen, stop } = await watching(store);
    server.objects.put('v1/nodes', { metadata: { name: 'other' } });
    server.sendBookmarks();
    server.compact();
    await create(store, 'a');
    await waitFor('a is seen', () => seen.includes('put a'));
    server.sendBookmarks();
    server.objects.put('v1/nodes', { metadata: { name: 'another' } });
    server.sendBookmarks();
    await waitFor('the bookmark has arrived', async () => {
      server.compact();
      server.endWatches();
      await waitFor('it is open again', () => server.watchCount > 0);
      return true;
    });
    await create(store, 'b');
    await waitFor('b is seen', () => seen.includes('put b'));
    expect(seen).toEqual(['put a', 'put b']);
    stop();
  });

  it('when the connection falls silent', async () => {
    const store = await open({}, { watch: { mostQuietMs: 50 } });
    const { seen, stop } = await watching(store);
    await waitFor(
      'it was opened again',
      () => server.requests.filter((line) => /watch=true/.test(line)).length > 2,
    );
    await create(store, 'a');
    await waitFor('a is seen', () => seen.length > 0);
    expect(seen).toEqual(['put a']);
    stop();
  });

  it('when the server asks for patience, fails, or says nothing at first', async () => {
    const store = await open({}, { client: { answerTimeoutMs: 300 } });
    server.fail(/watch=true/, { kind: 'status', status: 429, retryAfterSeconds: 0 }, 1);
    server.fail(/watch=true/, { kind: 'status', status: 503 }, 1);
    server.fail(/watch=true/, { kind: 'hang' }, 1);
    const { seen, stop } = await watching(store);
    await create(store, 'a');
    await waitFor('a is seen', () => seen.length > 0);
    expect(seen).toEqual(['put a']);
    stop();
  });

  it('at the pace of its reader: what the reader does not take stays with the server', async () => {
    const store = await open();
    const { revision } = await store.list('IPPool');
    const stop = new AbortController();
    const events = store.watch('IPPool', revision, stop.signal)[Symbol.asyncIterator]();
    const first = events.next();
    await waitFor('the watch is open', () => server.watchCount > 0);
    const annotations = { large: 'x'.repeat(200_000) };
    for (let count = 0; count < 150; count++)
      server.objects.put(pools, {
        metadata: { name: `p${count}`, annotations },
        spec: { cidr: '10.0.0.0/16' },
      });
    await first;
    await waitFor('the server is left with most of it', () => server.backlogBytes > 10_000_000);
    for (let count = 1; count < 150; count++) expect(tell((await events.next()).value)).toBe(`put p${count}`);
    stop.abort();
  });
});

describe('a watch whose history is gone', () => {
  for (const goneAs of ['status', 'event'] as const)
    it(`ends with compacted (410 as ${goneAs})`, async () => {
      server.goneAs = goneAs;
      const store = await open();
      const { revision } = await store.list('IPPool');
      await create(store, 'a');
      server.compact();
      const { ended } = await watching(store, revision);
      expect(await ended).toMatchObject({
        name: 'DatastoreError',
        code: 'compacted',
        message: expect.stringMatching(/Cannot watch ippools.*\(410\).*List again/),
      });
    });

  it('is followed by a new list', async () => {
    const store = await open();
    const stop = new AbortController();
    const seen: string[] = [];
    const followed = (async () => {
      for await (const event of follow(store, 'IPPool', stop.signal))
        seen.push(event.kind === 'snapshot' ? `${event.items.length} pools` : event.kind);
    })();
    await waitFor('the watch is open', () => server.watchCount > 0);
    await server.kill();
    server.objects.put(pools, { metadata: { name: 'a' }, spec: { cidr: '10.0.0.0/16' } });
    server.objects.put(pools, { metadata: { name: 'b' }, spec: { cidr: '10.0.0.0/16' } });
    server.compact();
    await server.start();
    await waitFor('it lists again', () => seen.includes('2 pools'));
    expect(seen).toEqual(['0 pools', 'interrupted', '2 pools']);
    stop.abort();
    await followed;
  });

  it.each(['0', '', 'b5c1-etcd', '-3'])(
    'ends with compacted for the revision %j of another store',
    async (since) => {
      const store = await open();
      const { ended } = await watching(store, since);
      expect(await ended).toMatchObject({ code: 'compacted' });
    },
  );
});

describe('a list', () => {
  const fill = (count: number): void => {
    for (let index = 0; index < count; index++)
      server.objects.put(pools, {
        metadata: { name: `p${String(index).padStart(4, '0')}` },
        spec: { cidr: '10.0.0.0/16' },
      });
  };

  it('is read in pages of one revision', async () => {
    const store = await open();
    fill(1200);
    const { items, revision } = await store.list('IPPool');
    expect(items.map(({ metadata }) => metadata.name)).toEqual(
      Array.from({ length: 1200 }, (_, index) => `p${String(index).padStart(4, '0')}`),
    );
    expect(revision).toBe(String(server.objects.revision));
    expect(server.requests.filter((line) => /limit=500/.test(line))).toHaveLength(3);
  });

  it('begins again when the server forgets its revision between two pages', async () => {
    const store = await open();
    fill(1200);
    server.fail(/continue=/, { kind: 'status', status: 410 }, 2);
    expect((await store.list('IPPool')).items).toHaveLength(1200);
    expect(server.requests.filter((line) => !/continue=/.test(line) && /ippools/.test(line))).toHaveLength(3);
  });

  it('leaves out what nobody can read, and tells of it once', async () => {
    const told: string[] = [];
    const store = await open({}, { onUnreadable: (key, reason) => told.push(`${key.name}: ${reason}`) });
    server.objects.put(pools, { metadata: { name: 'bad' }, spec: { cidr: 'no prefix' } });
    await create(store, 'good');
    for (let round = 0; round < 2; round++)
      expect((await store.list('IPPool')).items.map(({ metadata }) => metadata.name)).toEqual(['good']);
    await expect(store.get({ kind: 'IPPool', name: 'bad' })).rejects.toMatchObject({ code: 'corrupt' });
    expect(told).toEqual([expect.stringMatching(/^bad: spec\.cidr/)]);
  });
});

describe('a request', () => {
  it('is repeated after 429 when the server said, and reads after 5xx and broken connections', async () => {
    const store = await open();
    await create(store, 'a');
    server.fail(/^GET/, { kind: 'status', status: 500 }, 1);
    server.fail(/^GET/, { kind: 'cut' }, 1);
    server.fail(/^GET/, { kind: 'status', status: 429, retryAfterSeconds: 0 }, 1);
    expect(await store.get({ kind: 'IPPool', name: 'a' })).toBeDefined();
    server.fail(/^POST/, { kind: 'status', status: 429, retryAfterSeconds: 0 }, 2);
    await create(store, 'b');
  });

  it('is not given up while the server is slow', async () => {
    const store = await open({}, { client: { patienceMs: 0 } });
    server.fail(/./, { kind: 'slow', milliseconds: 300 });
    await create(store, 'a');
    expect((await store.list('IPPool')).items).toHaveLength(1);
    expect(server.requests.filter((line) => /ippools/.test(line))).toHaveLength(2);
  });

  it('that waits longer than it may be patient says so', async () => {
    const store = await open({}, { client: { patienceMs: 500 } });
    server.fail(/^POST/, { kind: 'status', status: 429, retryAfterSeconds: 20 });
    await expect(store.create(pool('a'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/Cannot create IPPool "a".*patience \(429\)/),
    });
  });

  it.each([
    ['the answer is lost', { kind: 'lose-answer' }],
    ['the connection breaks', { kind: 'cut' }],
    ['the server fails', { kind: 'status', status: 500 }],
    ['nobody answers in time', { kind: 'hang' }],
  ] as const)('that writes is not repeated when %s: nobody knows whether it was done', async (_, fault) => {
    const store = await open({}, { client: { answerTimeoutMs: 300 } });
    server.fail(/^POST/, fault);
    await expect(store.create(pool('a'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/Cannot create IPPool "a".*not known: read the object, then try again/),
    });
    expect(server.requests.filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });

  it('to a server that is away is repeated, and then one line', async () => {
    const store = await open({}, { client: { patienceMs: 300 } });
    await server.kill();
    const refused = {
      code: 'unavailable',
      message: expect.stringMatching(/no answer \(ECONNREFUSED\)\. Check that the API server runs/),
    };
    await expect(store.list('IPPool')).rejects.toMatchObject(refused);
    await expect(store.create(pool('a'))).rejects.toMatchObject(refused);
    await server.start();
    await create(store, 'a');
  });

  it.each([
    [403, /RBAC does not allow to create ippools\.crd\.projectcalico\.org.*ClusterRole.*kubectl auth can-i/],
    [401, /does not accept the credentials.*Renew the token/],
    [422, /it is refused \(422\): a fault of the test\. Correct the object/],
  ])('answered with %i says what to do', async (status, message) => {
    const store = await open();
    server.fail(/^POST/, { kind: 'status', status });
    await expect(store.create(pool('a'))).rejects.toMatchObject({
      name: 'DatastoreError',
      message: expect.stringMatching(message),
    });
  });

  it('for a full etcd says that it is full', async () => {
    const store = await open();
    server.fail(/^POST/, { kind: 'status', status: 500, text: 'etcdserver: mvcc: database space exceeded' });
    await expect(store.create(pool('a'))).rejects.toMatchObject({ code: 'full' });
  });
});

describe('opening', () => {
  it('says that something else answers there', async () => {
    const other = createServer((_, response) => response.end('<html>hello</html>')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(open({ server: `http://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/is not the API of Kubernetes\. Check the address/),
    });
    other.close();
  });

  it('trusts only its own authority, in one line', async () => {
    const certificates = await makeCertificates(directory);
    await replaceServer({ ...V1, tls: certificates.server });
    const trusted = await open({ tls: { ca: { file: certificates.ca } } });
    await create(trusted, 'a');
    for (const tls of [{ ca: { file: certificates.foreignCa } }, {}])
      await expect(open({ tls })).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(
          /^[^\n]*TLS failed \([^\n]*\)\. Check the certificate authority[^\n]*$/,
        ),
      });
    const blind = await open({ tls: { insecureSkipVerify: true } });
    expect((await blind.list('IPPool')).items).toHaveLength(1);
  });

  it('shows a certificate to a server that asks for one', async () => {
    const { ca, server: own, client, foreignClient } = await makeCertificates(directory);
    await replaceServer({ ...V1, tls: own, clientCa: ca });
    const show = ({ cert, key }: typeof client) => ({
      ca: { file: ca },
      cert: { file: cert },
      key: { file: key },
    });
    await create(await open({ tls: show(client) }), 'a');
    await expect(open({ tls: show(foreignClient) }, { client: { patienceMs: 500 } })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^Cannot discover API groups[^\n]*$/),
    });
  });

  it('names the file that cannot be read', async () => {
    const missing = { file: join(directory, 'missing.crt') };
    await expect(open({ tls: { ca: missing } })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/certificate cannot be read \(ENOENT.*missing\.crt.*Check the files/),
    });
  });

  it('reads a token again when its file changed or it is refused', async () => {
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, 'first\n');
    await replaceServer({ ...V1, token: 'first' });
    const kubeconfigInline = JSON.stringify({
      'current-context': 'c',
      clusters: [{ name: 'k', cluster: { server: server.url } }],
      users: [{ name: 'u', user: { tokenFile } }],
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    });
    const store = await openKubernetes({ type: 'kubernetes', kubeconfigInline });
    stores.push(store);
    await create(store, 'a');
    server.token = 'second';
    await expect(store.list('IPPool')).rejects.toMatchObject({ message: expect.stringContaining('(401)') });
    writeFileSync(tokenFile, 'second\n');
    expect((await store.list('IPPool')).items).toHaveLength(1);
  });
});

describe('marked as deleted', () => {
  const affinities = 'crd.projectcalico.org/v1/blockaffinities';
  const affinity = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'BlockAffinity',
    metadata: { name: 'n1-10-0-0-0-26' },
    spec: { state: 'confirmed', node: 'n1', type: 'host', cidr: '10.0.0.0/26', deleted: false },
  } as never;
  const key = { kind: 'BlockAffinity', name: 'n1-10-0-0-0-26' } as const;

  /** Leaves the object as a writer does that died between the mark and the removal. */
  const leave = async (store: Datastore): Promise<void> => {
    server.fail(/^DELETE/, { kind: 'cut' }, 1);
    await expect(store.delete(key)).rejects.toMatchObject({ code: 'unavailable' });
    expect(server.objects.get(affinities, key.name)).toMatchObject({ spec: { deleted: 'true' } });
  };

  it('an object is gone for get, list and delete, and whoever gets it removes it', async () => {
    const store = await open();
    await store.create(affinity);
    await leave(store);
    expect((await store.list('BlockAffinity')).items).toEqual([]);
    expect(server.objects.get(affinities, key.name)).toBeDefined();
    expect(await store.get(key)).toBeUndefined();
    expect(server.objects.get(affinities, key.name)).toBeUndefined();
    expect(await store.delete(key)).toEqual({ kind: 'not-found' });
  });

  it('an object is no obstacle to a new one of that name', async () => {
    const store = await open();
    await store.create(affinity);
    await leave(store);
    expect(await store.create(affinity)).toMatchObject({ kind: 'written' });
    expect(await store.create(affinity)).toEqual({ kind: 'already-exists' });
  });

  it('an object is deleted once for a watch', async () => {
    const store = await open();
    const { revision } = await store.list('BlockAffinity');
    await store.create(affinity);
    await leave(store);
    await store.get(key);
    await store.create(affinity);
    await store.delete(key);
    await store.create(affinity);
    const stop = new AbortController();
    const events = store.watch('BlockAffinity', revision, stop.signal)[Symbol.asyncIterator]();
    const kinds: string[] = [];
    for (let count = 0; count < 5; count++) kinds.push((await events.next()).value?.kind ?? 'end');
    expect(kinds).toEqual(['put', 'delete', 'put', 'delete', 'put']);
    stop.abort();
  });
});

/** Everything of one datastore in another: a file, a real etcd, and Kubernetes, there and back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CopyReport, copyDatastore, type Datastore, type OfKind, openDatastore } from '@weft/datastore';
import { sampleOf } from '@weft/datastore/contract';
import { apiVersion, type Kind, kindNames } from '@weft/resources';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEtcd, type TestEtcd } from '../harness/etcd.ts';
import { startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';
import { kubeAssets, startKubeApiServer } from '../harness/kube-api-server.ts';

/** More than a page of every driver. */
const RESERVATIONS = 1200;

/** Kinds that nobody but Kubernetes itself makes there. */
const ofKubernetes: readonly Kind[] = ['Node', 'WorkloadEndpoint'];

describe('a copy of everything', () => {
  let etcd: TestEtcd;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd?.dispose());

  it('from a file into etcd and from there into a file leaves nothing out and changes nothing', async () => {
    const source = await filledFile();
    const inEtcd = await opened(openDatastore(etcd.choice));
    const back = await emptyFile();
    for (const report of [await copyDatastore(source, inEtcd), await copyDatastore(inEtcd, back)]) {
      expect(report).toMatchObject({ failures: [], differences: [] });
      expect(created(report)).toEqual(everything());
    }
    for (const kind of kindNames) expect(await contents(back, kind)).toEqual(await contents(source, kind));
  }, 120_000);

  it('into Kubernetes reports Nodes and endpoints, which it does not make, and brings the rest back', async () => {
    const server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'] });
    onTestFinished(() => server.kill());
    const inKubernetes = await opened(openDatastore({ type: 'kubernetes', server: server.url }));
    await expectRoundTrip(inKubernetes);
  }, 120_000);

  it.skipIf(kubeAssets === undefined)(
    'does so with a real API server, too',
    async () => {
      const server = await startKubeApiServer();
      onTestFinished(() => server.dispose());
      await server.installCrds('v1');
      const { url, token, caFile } = server;
      const tls = { ca: { file: caFile } };
      const inKubernetes = await opened(openDatastore({ type: 'kubernetes', server: url, token, tls }));
      await expectRoundTrip(inKubernetes);
    },
    240_000,
  );
});

/** An API server adds defaults of its CRDs, so more may come back. */
async function expectRoundTrip(inKubernetes: Datastore): Promise<void> {
  const source = await filledFile();
  const back = await emptyFile();
  const there = await copyDatastore(source, inKubernetes);
  expect(there.differences).toEqual([]);
  expect(there.failures.map(({ key }) => key.kind).sort()).toEqual(ofKubernetes);
  const again = await copyDatastore(inKubernetes, back);
  expect(again).toMatchObject({ failures: [], differences: [] });
  const expected = Object.entries(everything()).filter(([kind]) => !ofKubernetes.includes(kind as Kind));
  for (const report of [there, again]) expect(created(report)).toEqual(Object.fromEntries(expected));
  for (const [kind] of expected)
    expect(await contents(back, kind as Kind)).toMatchObject(await contents(source, kind as Kind));
}

/** A file with an object of every kind, and many of one. */
async function filledFile(): Promise<Datastore> {
  const store = await emptyFile();
  for (const kind of kindNames) await store.create(sampleOf(kind) as OfKind<Kind>);
  for (let made = 0; made < RESERVATIONS; made++) {
    const reservedCIDRs = [`10.${made >> 8}.${made & 255}.0/24`];
    const metadata = { name: `r-${made}`, labels: { number: String(made) } };
    await store.create({ apiVersion, kind: 'IPReservation', metadata, spec: { reservedCIDRs } } as never);
  }
  return store;
}

async function emptyFile(): Promise<Datastore> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-copy-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return opened(openDatastore({ type: 'embedded', path: join(directory, 'weft.db') }, { create: true }));
}

async function opened(opening: Promise<Datastore>): Promise<Datastore> {
  const store = await opening;
  onTestFinished(() => store.close());
  return store;
}

function everything(): Record<string, number> {
  return {
    ...Object.fromEntries(kindNames.map((kind) => [kind, 1])),
    IPReservation: RESERVATIONS + 1,
  };
}

function created({ kinds }: CopyReport): Record<string, number> {
  return Object.fromEntries(
    kinds.filter((count) => count.created > 0).map((count) => [count.kind, count.created]),
  );
}

/** The objects of a kind, without what their store put on them. */
async function contents(store: Datastore, kind: Kind): Promise<unknown[]> {
  const { items } = await store.list(kind);
  return items.map(({ metadata: { name, namespace, labels = {}, annotations }, ...rest }) => ({
    ...rest,
    metadata: { name, namespace, labels: withoutDerived(labels), annotations },
  }));
}

/** The labels of a BlockAffinity follow from what it says, and only etcd and Kubernetes need them. */
function withoutDerived(labels: Readonly<Record<string, string>>): unknown {
  const derived = /^projectcalico\.org\/(hostname-hash|affinity-type|ip-version)$/;
  return Object.fromEntries(Object.entries(labels).filter(([label]) => !derived.test(label)));
}

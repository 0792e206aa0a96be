/**
 * CNI for Pods: what the API server says of a Pod decides what it gets, and what it got is written into the Pod. The daemon's
 * CNI commands on a kernel in memory and an API server that breaks on command.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Datastore, openCluster, openDatastore } from '@weft/datastore';
import { createIpam } from '@weft/ipam';
import { FakeKernel } from '@weft/kernel';
import { parseResource, type Resource } from '@weft/resources';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CniPlugin } from '../../cmd/weftd/src/cni/plugin.ts';
import { podReader } from '../../cmd/weftd/src/cni/pod-reader.ts';
import { Attachments } from '../../cmd/weftd/src/endpoints/attachments.ts';
import { type CniCall, cniBytes } from '../harness/cni-call.ts';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';

const sandbox = 'dd5a4ca4'.repeat(8);
const pod = (name: string): string =>
  `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_UID=u`;
const calico = (short: string): string => `cni.projectcalico.org/${short}`;

let server: FaultApiServer;
let store: Datastore;
let attachments: Attachments;
let plugin: CniPlugin;
let spool: string;

beforeEach(async () => {
  spool = mkdtempSync(join(tmpdir(), 'weft-cni-pods-'));
  server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'] });
  server.objects.put('v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    spec: { podCIDR: '10.88.0.0/24', podCIDRs: ['10.88.0.0/24', 'fd88::/64'] },
  });
  server.objects.put('v1/namespaces', namespace({}));
  putPod('web-0', {});
  store = await openDatastore({ type: 'kubernetes', server: server.url });
  for (const [name, cidr] of [
    ['first', '10.10.0.0/24'],
    ['second', '10.20.0.0/24'],
    ['six', 'fd00:20::/64'],
  ] as const)
    await store.create(resource('IPPool', name, { cidr, blockSize: cidr.includes(':') ? 122 : 26 }));
  attachments = attachmentsOn(store);
  plugin = pluginOf(attachments);
  await plugin.listens();
});
afterEach(async () => {
  plugin.close();
  await store.close();
  await server.kill();
  rmSync(spool, { recursive: true });
});

function namespace(annotations: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', annotations } };
}

function putPod(name: string, annotations: Record<string, string>, nodeName: string = 'n1'): void {
  server.objects.put('v1/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', annotations },
    spec: { nodeName, containers: [] },
  });
}

function resource(kind: string, name: string, spec: object): Resource {
  const parsed = parseResource({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.resource;
}

function attachmentsOn(used: Datastore): Attachments {
  const kernel = new FakeKernel();
  kernel.addNetns('/run/netns/c1');
  kernel.addNetns('/run/netns/c2');
  const ipam = createIpam({ store: used, now: Date.now });
  return new Attachments({
    nodeName: 'n1',
    store: used,
    ipam: { attach: ipam, detach: ipam, reclaim: ipam },
    kernel,
    mtuBytes: () => 1500,
    interfacePrefix: () => 'cali',
    hostRouting: () => ({ metric: 1024 }),
    now: Date.now,
    changed: () => {},
    portsPublished: async () => undefined,
    flowsForgotten: async () => {},
    sourcesGuarded: async () => undefined,
    announced: async () => {},
  });
}

/** @param meanwhile happens between what is read of the Pod and what is written into it */
function pluginOf(of: Attachments, meanwhile: () => Promise<void> = async () => {}): CniPlugin {
  const cluster = openCluster({ type: 'kubernetes', server: server.url });
  return new CniPlugin(
    {
      log: createLogger({ name: 'test', level: 'error' }),
      attach: async (id, request) => {
        await meanwhile();
        return of.attach(id, request);
      },
      detach: (id) => of.detach(id),
      isUnderWay: (id) => of.isUnderWay(id),
      settled: (id) => of.settled(id),
      isPluggedIn: (id) => of.isPluggedIn(id),
      differences: (id, request) => of.differences(id, request),
      endpoint: (id) => of.list().find((known) => known.id === id),
      endpoints: () => of.list(),
      readiness: () => ({ ok: true, reasons: [] }),
      isPossible: () => true,
      pods: podReader(() => cluster, 'n1'),
    },
    spool,
    Date.now,
  );
}

async function cni(call: Partial<CniCall> = {}) {
  const { exitCode, stdout } = await plugin.answer(
    cniBytes({ command: 'ADD', containerId: sandbox, netns: '/run/netns/c1', args: pod('web-0'), ...call }),
  );
  return { exitCode, output: stdout === '' ? undefined : JSON.parse(stdout) };
}

async function annotationsOf(name: string): Promise<Record<string, string>> {
  const response = await fetch(`${server.url}/api/v1/namespaces/default/pods/${name}`);
  return ((await response.json()) as { metadata: { annotations: Record<string, string> } }).metadata
    .annotations;
}

const handles = async (): Promise<string[]> =>
  (await store.list('IPAMHandle')).items.map(({ spec }) => spec.handleID);
const addressOf = (output: { ips: { address: string }[] }): string => output.ips[0]?.address ?? '';

describe('a Pod that is plugged in', () => {
  it("has Calico's annotations and handle, and loses its addresses with DEL", async () => {
    const { exitCode, output } = await cni({ configuration: { name: 'k8s-pod-network' } });
    expect(exitCode).toBe(0);
    expect(output.interfaces[0].name).toBe('cali0d7763386da');
    expect(await annotationsOf('web-0')).toEqual({
      [calico('podIP')]: addressOf(output),
      [calico('podIPs')]: addressOf(output),
      [calico('containerID')]: sandbox,
      'weft.dev/endpoint-id': `k8s-pod-network:${sandbox}:eth0`,
    });
    expect(await handles()).toEqual([`k8s-pod-network.${sandbox}`]);
    const del = { command: 'DEL', netns: '', configuration: { name: 'k8s-pod-network' } };
    for (let time = 0; time < 2; time++) expect(await cni(del)).toEqual({ exitCode: 0, output: undefined });
    expect(await annotationsOf('web-0')).toMatchObject({ [calico('podIP')]: '', [calico('podIPs')]: '' });
    expect(await handles()).toEqual([]);
  });

  it('is known to the next daemon: its DEL and GC find it', async () => {
    await cni();
    const next = attachmentsOn(store);
    await next.load();
    plugin.close();
    plugin = pluginOf(next);
    await plugin.listens();
    const gc = (containerID: string) =>
      cni({
        command: 'GC',
        configuration: {
          cniVersion: '1.1.0',
          'cni.dev/valid-attachments': [{ containerID, ifname: 'eth0' }],
        },
      });
    expect(await gc(sandbox)).toMatchObject({ exitCode: 0 });
    expect(next.list()).toHaveLength(1);
    expect(await gc('another')).toMatchObject({ exitCode: 0 });
    expect(next.list()).toEqual([]);
    expect(await handles()).toEqual([]);
  });

  it('is read by the next daemon without the Pods of other nodes', async () => {
    await cni();
    putPod('elsewhere', { [calico('podIP')]: '10.10.0.9/32', [calico('podIPs')]: '10.10.0.9/32' }, 'n2');
    server.requests.length = 0;
    const next = attachmentsOn(store);
    await next.load();
    expect(next.list()).toHaveLength(1);
    const asked = server.requests.filter((line) => line.startsWith('GET /api/v1/pods'));
    expect(asked.map((line) => new URL(line.slice(4), server.url).searchParams.get('fieldSelector'))).toEqual(
      ['spec.nodeName=n1'],
    );
  });

  it("that Calico's plugin had plugged in is taken out by weft's", async () => {
    putPod('old', {
      [calico('podIP')]: '10.10.0.7/32',
      [calico('podIPs')]: '10.10.0.7/32',
      [calico('containerID')]: sandbox,
    });
    const ipam = createIpam({ store, now: Date.now });
    const handle = `net.${sandbox}`;
    await ipam.autoAssign({
      node: 'n1',
      handle,
      intendedUse: 'Workload',
      num4: 1,
      attributes: { node: 'n1', pod: 'old', namespace: 'default' },
    });
    await attachments.load();
    expect(await attachments.reclaim(['10.10.0.0/26'] as never)).toEqual([]);
    expect(await cni({ command: 'DEL', args: pod('old'), netns: '' })).toMatchObject({ exitCode: 0 });
    expect(await annotationsOf('old')).toMatchObject({ [calico('podIP')]: '' });
    expect(await handles()).toEqual([]);
  });
});

describe('annotations', () => {
  it("of the Namespace choose the pool, and the Pod's go before them", async () => {
    server.objects.put('v1/namespaces', namespace({ [calico('ipv4pools')]: '["second"]' }));
    expect(addressOf((await cni()).output)).toMatch(/^10\.20\./);
    putPod('web-1', { [calico('ipv4pools')]: '["10.10.0.0/24"]' });
    const other = { args: pod('web-1'), containerId: 'ee'.repeat(32), netns: '/run/netns/c2' };
    expect(addressOf((await cni(other)).output)).toMatch(/^10\.10\./);
  });

  it('choose address, family and MAC', async () => {
    putPod('web-0', {
      [calico('ipAddrs')]: '["10.20.0.9", "fd00:20::9"]',
      [calico('hwAddr')]: '02:00:00:00:00:09',
    });
    const { output } = await cni({ configuration: { cniVersion: '1.1.0' } });
    expect(output.ips.map(({ address }: { address: string }) => address)).toEqual([
      '10.20.0.9/32',
      'fd00:20::9/128',
    ]);
    expect(output.interfaces[1]).toMatchObject({ mac: '02:00:00:00:00:09' });
  });

  it('give an address that IPAM does not know of, where that is allowed, and never twice', async () => {
    const configuration = { feature_control: { ip_addrs_no_ipam: true } };
    putPod('web-0', { [calico('ipAddrsNoIpam')]: '["192.0.2.9"]' });
    putPod('web-1', { [calico('ipAddrsNoIpam')]: '["192.0.2.9"]' });
    expect(addressOf((await cni({ configuration })).output)).toBe('192.0.2.9/32');
    expect(await handles()).toEqual([]);
    const other = { configuration, args: pod('web-1'), containerId: 'ee'.repeat(32), netns: '/run/netns/c2' };
    expect(await cni(other)).toMatchObject({
      exitCode: 1,
      output: { code: 101, msg: expect.stringMatching(/192\.0\.2\.9 is the address of/) },
    });
    expect(await cni()).toMatchObject({
      exitCode: 1,
      output: { code: 2, msg: expect.stringMatching(/ipAddrsNoIpam/) },
    });
  });
});

describe('host-local with the range that Kubernetes gave the node', () => {
  it('is asked with it, and released without', async () => {
    const dataDir = join(spool, 'host-local');
    const ranges = [[{ subnet: 'usePodCidr' }], [{ subnet: 'usePodCidrIPv6' }]];
    const call = { path: '/usr/lib/cni', configuration: { ipam: { type: 'host-local', dataDir, ranges } } };
    const { output } = await cni(call);
    expect(output.ips.map(({ address }: { address: string }) => address)).toEqual([
      '10.88.0.2/32',
      'fd88::2/128',
    ]);
    expect(await cni({ ...call, command: 'DEL', netns: '' })).toMatchObject({ exitCode: 0 });
    expect(addressOf((await cni(call)).output)).toBe('10.88.0.3/32');
  });
});

describe('what cannot be', () => {
  it.each([
    ['a Pod that vanished', { args: pod('gone') }, 3, /there is no Pod default\/gone/],
    ['a container that is no Pod', { args: '' }, 4, /K8S_POD_NAMESPACE and K8S_POD_NAME/],
    ['a second interface of a Pod', { interfaceName: 'eth1' }, 4, /CNI_IFNAME is "eth1"/],
  ])('%s is said, and nothing left', async (_, call, code, msg) => {
    expect(await cni(call)).toMatchObject({ exitCode: 1, output: { code, msg: expect.stringMatching(msg) } });
    expect(await handles()).toEqual([]);
    expect(attachments.list()).toEqual([]);
  });

  it('a right that is missing is named by verb and resource', async () => {
    const forbidden = {
      kind: 'status',
      status: 403,
      text: 'pods "web-0" is forbidden: cannot get resource "pods"',
    } as const;
    server.fail(/^GET .*\/pods\/web-0/, forbidden);
    expect(await cni()).toMatchObject({
      exitCode: 1,
      output: { code: 11, msg: expect.stringMatching(/get.*pods/i) },
    });
  });

  it('a Pod that vanishes while it is plugged in leaves nothing', async () => {
    plugin.close();
    plugin = pluginOf(attachments, async () => {
      await fetch(`${server.url}/api/v1/namespaces/default/pods/web-0`, { method: 'DELETE' });
    });
    await plugin.listens();
    expect(await cni()).toMatchObject({
      exitCode: 1,
      output: { code: 3, msg: expect.stringMatching(/there is no Pod/) },
    });
    expect(await handles()).toEqual([]);
    expect(attachments.list()).toEqual([]);
  });
});

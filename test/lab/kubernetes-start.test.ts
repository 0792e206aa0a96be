/**
 * A node starts in Kubernetes: weftd as a process on a host of a lab, the API server one that breaks on command. What it says
 * while it waits, what it writes into the cluster, and passwords from Secrets.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namespaceOf } from '@weft/lab';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';
import { LoopbackBridge } from '../harness/loopback-bridge.ts';
import { topologyOf, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WeftdProcess } from '../harness/weftd-process.ts';

const topology = topologyOf(`
subnets: { rack: { prefixes: [10.1.0.0/24] } }
hosts: { n1: { runs: none }, n2: { runs: none } }`);
const lab = useLab('t-kube-start', topology);

const HOSTS = ['n1', 'n2'] as const;
type Host = (typeof HOSTS)[number];

let server: FaultApiServer;
let bridges: LoopbackBridge[];
let weftds: Record<Host, WeftdProcess>;

beforeEach(async () => {
  server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'] });
  const port = Number(new URL(server.url).port);
  bridges = await Promise.all(HOSTS.map((host) => LoopbackBridge.open(namespaceOf(lab.name, host), port)));
  weftds = { n1: new WeftdProcess(), n2: new WeftdProcess() };
  putNode('n1', '10.1.0.1');
  putNode('n2', '10.1.0.2');
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail')
    for (const host of HOSTS) console.error(weftds[host].output.slice(-4000));
  await Promise.all(HOSTS.map((host) => weftds[host].dispose()));
  await Promise.all(bridges.map((bridge) => bridge.close()));
  await server.kill();
});

function putNode(name: string, address: string): void {
  const conditions = [
    { type: 'Ready', status: 'True' },
    { type: 'NetworkUnavailable', status: 'True', reason: 'NoRouteCreated' },
  ];
  server.objects.put('v1/nodes', {
    metadata: { name, labels: { zone: 'a' } },
    status: { addresses: [{ type: 'InternalIP', address }], conditions },
  });
}

async function start(host: Host, environment: Record<string, string> = {}): Promise<WeftdProcess> {
  const weftd = weftds[host];
  const kubeconfig = join(weftd.directory, 'kubeconfig');
  const context = { name: 'x', context: { cluster: 'c', user: 'u' } };
  const clusters = [{ name: 'c', cluster: { server: server.url } }];
  const config = { clusters, users: [{ name: 'u', user: {} }], contexts: [context], 'current-context': 'x' };
  writeFileSync(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }));
  const common = { DATASTORE_TYPE: 'kubernetes', KUBECONFIG: kubeconfig, NODENAME: host, IP6: 'none' };
  await weftd.start({
    lab: lab.name,
    host,
    args: ['--hold-time-seconds', '3'],
    environment: { ...common, ...environment },
  });
  return weftd;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

function storedNode(name: string) {
  return server.objects.get('v1/nodes', name);
}

function conditionOf(name: string): Condition | undefined {
  const status = storedNode(name)?.status as { readonly conditions: readonly Condition[] } | undefined;
  return status?.conditions.find(({ type }) => type === 'NetworkUnavailable');
}

function pools(): unknown[] {
  const stored = server.objects.list('crd.projectcalico.org/v1/ippools');
  return stored.map(({ metadata, spec }) => [metadata.name, (spec as { readonly cidr: string }).cidr]);
}

async function established(host: Host): Promise<true> {
  await weftds[host].status();
  return waitFor(
    `${host} has its session`,
    async () => (await weftds[host].control.bgpPeers()).peers.some(({ state }) => state === 'Established'),
    30_000,
    50,
  );
}

describe('a node that starts in Kubernetes', () => {
  it('writes its Node, one pool of each family and the condition, and a new start changes nothing', async () => {
    server.objects.put('v1/configmaps', {
      metadata: { name: 'kubeadm-config', namespace: 'kube-system' },
      data: { ClusterConfiguration: 'networking:\n  podSubnet: 10.244.0.0/16,fd00:10:244::/56\n' },
    });
    const environment = { IP_AUTODETECTION_METHOD: 'kubernetes-internal-ip' };
    await Promise.all(HOSTS.map((host) => start(host, environment)));
    const [first] = await Promise.all(HOSTS.map((host) => weftds[host].ready()));
    expect(first?.addresses[0]?.reason).toBe(
      "kubernetes-internal-ip: the Node's InternalIP is 10.1.0.1, as 10.1.0.1/24 on eth0",
    );
    expect(storedNode('n1')?.metadata.annotations).toMatchObject({
      'projectcalico.org/IPv4Address': '10.1.0.1/24',
    });
    expect(pools()).toEqual([
      ['default-ipv4-ippool', '10.244.0.0/16'],
      ['default-ipv6-ippool', 'fd00:10:244::/56'],
    ]);
    await waitFor('the condition of n1 is written', () => conditionOf('n1')?.status === 'False');
    expect(conditionOf('n1')).toMatchObject({ reason: 'CalicoIsUp' });
    expect(readFileSync(weftds.n1.nodenameFile, 'utf8')).toBe('n1');

    await waitFor('the condition of n2 is written', () => conditionOf('n2')?.status === 'False');
    await weftds.n1.stop('SIGTERM');
    expect(conditionOf('n1')?.status).toBe('False');
    const { revision } = server.objects;
    await start('n1', environment);
    await weftds.n1.ready();
    await established('n1');
    expect(server.objects.revision).toBe(revision);
  });

  it('waits while the API server is away, says so to whoever asks, and comes up with it', async () => {
    await server.kill();
    const weftd = await start('n1');
    const { datastore, readiness } = await weftd.status();
    expect(datastore).toMatchObject({
      type: 'kubernetes',
      inSync: false,
      detail: expect.stringMatching(/is away since .*no answer \(ECONN.*Check that the API server runs/),
    });
    expect(readiness.reasons[0]).toBe('weftd is starting: it waits for the datastore');
    expect(weftd.lines('datastore-away')).not.toEqual([]);
    await server.start();
    await waitFor('the Node is written', () => storedNode('n1')?.metadata.annotations !== undefined, 30_000);
    await waitFor('weftd has started', () => weftd.lines('daemon-started').length === 1, 30_000);
  });

  it('names each right that is missing, and goes on when it is given', async () => {
    const rights = [
      ['GET .*/clusterinformations/default', 'get clusterinformations.crd.projectcalico.org'],
      ['POST .*/clusterinformations', 'create clusterinformations.crd.projectcalico.org'],
      ['GET .*/nodes/n1', 'get nodes'],
      ['PATCH .*/nodes/n1/status', 'patch nodes/status'],
      ['GET .*/configmaps/kubeadm-config', 'get configmaps'],
      ['POST .*/ippools', 'create ippools.crd.projectcalico.org'],
      ['GET .*/bgppeers', 'list bgppeers.crd.projectcalico.org'],
    ] as const;
    const withhold = (from: number): void => {
      server.heal();
      for (const [request] of rights.slice(from))
        server.fail(new RegExp(`^${request}(\\?|$)`), { kind: 'status', status: 403 });
    };
    withhold(0);
    const weftd = await start('n1');
    for (const [index, [, right]] of rights.entries()) {
      const said = `RBAC does not allow to ${right} (403)`;
      const line = await waitFor(
        said,
        () => weftd.lines('datastore-away').find(({ msg }) => msg.includes(said)),
        30_000,
        50,
      );
      expect(line.msg).toContain(`kubectl auth can-i ${right} tells when it is done`);
      expect((await weftd.status()).datastore.detail).toContain('RBAC does not allow to');
      withhold(index + 1);
    }
    await waitFor('weftd has started', () => weftd.lines('daemon-started').length === 1, 30_000);
  });

  it('ends when Kubernetes has no Node of its name, and says where the name came from', async () => {
    const weftd = await start('n1', { NODENAME: 'nobody' });
    expect(await weftd.ended()).toBe(1);
    expect(weftd.output).toMatch(
      /^weftd: Kubernetes has no Node of that name, which came from NODENAME\n {2}object: Node nobody\n {2}do: .*kubectl get nodes/m,
    );
  });
});

describe('the password of the mesh, from a Secret', () => {
  function putSecret(password: string): void {
    server.objects.put('v1/secrets', {
      metadata: { name: 'bgp', namespace: 'kube-system' },
      data: { mesh: Buffer.from(password).toString('base64') },
    });
  }

  it('is used, replaced when the Secret changes, and in no log', async () => {
    const secretKeyRef = { name: 'bgp', key: 'mesh' };
    server.objects.put('crd.projectcalico.org/v1/bgpconfigurations', {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'BGPConfiguration',
      metadata: { name: 'default' },
      spec: { nodeToNodeMeshEnabled: true, nodeMeshPassword: { secretKeyRef } },
    });
    await Promise.all(HOSTS.map((host) => start(host)));
    const without = await waitFor('n1 leaves its peer out', async () => {
      await weftds.n1.status();
      return (await weftds.n1.control.bgpPeers()).peers.length === 0;
    });
    expect(without).toBe(true);

    putSecret('hunter2');
    await Promise.all(HOSTS.map(established));
    const downs = (): number => weftds.n1.lines('bgp-peer-down').length;
    const before = downs();
    putSecret('hunter3');
    await waitFor('the session begins anew', () => downs() > before, 30_000);
    await Promise.all(HOSTS.map(established));

    // A weftd that starts again knows the password before it decides who its peers are.
    await weftds.n1.stop('SIGTERM');
    server.fail(/secrets/, { kind: 'slow', milliseconds: 1_000 });
    await start('n1');
    await weftds.n1.status();
    expect((await weftds.n1.control.bgpPeers()).peers).toHaveLength(1);
    await established('n1');
    for (const host of HOSTS) expect(weftds[host].output).not.toContain('hunter');
    expect(JSON.stringify(await weftds.n1.control.bgpPeers())).not.toContain('hunter');
  });
});

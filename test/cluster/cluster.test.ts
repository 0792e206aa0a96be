/**
 * A Kubernetes cluster of three nodes: hosts of a lab, on each what the DaemonSet runs, weft-controller beside them, and Nodes
 * and Pods made by the test, which calls CNI as a kubelet does. On the API server that breaks on command, and on a real one
 * where `KUBEBUILDER_ASSETS` names it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { KubernetesObject } from '@weft/datastore';
import { namespaceOf, parseTopology } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterServer, startClusterServer } from '../harness/cluster-server.ts';
import { kubeAssets } from '../harness/kube-api-server.ts';
import { Kubelet, NODES, PODS, type RunningPod } from '../harness/kubelet.ts';
import { LoopbackBridge } from '../harness/loopback-bridge.ts';
import { useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WeftdProcess } from '../harness/weftd-process.ts';

if (kubeAssets === undefined)
  console.warn(
    'KUBEBUILDER_ASSETS is not set: the cluster of three nodes is not tried on a real API server.',
  );

const HOSTS = ['n1', 'n2', 'n3'] as const;
type Host = (typeof HOSTS)[number];
const ADDRESSES: Readonly<Record<Host, string>> = { n1: '10.1.0.1', n2: '10.1.0.2', n3: '10.1.0.3' };
const BLOCKS = { apiVersion: 'crd.projectcalico.org/v1', plural: 'ipamblocks', kind: 'IPAMBlock' };
const POOLS = { apiVersion: 'crd.projectcalico.org/v1', plural: 'ippools', kind: 'IPPool' };
const BGP = { apiVersion: 'crd.projectcalico.org/v1', plural: 'bgpconfigurations', kind: 'BGPConfiguration' };
const SERVICES = { apiVersion: 'v1', plural: 'services', kind: 'Service' };
const SLICES = { apiVersion: 'discovery.k8s.io/v1', plural: 'endpointslices', kind: 'EndpointSlice' };

const parsed = parseTopology(`
subnets: { rack: { prefixes: [10.1.0.0/24] } }
hosts: { n1: { runs: none }, n2: { runs: none }, n3: { runs: none } }`);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
const { topology } = parsed;

interface Block {
  /** Of each ordinal the index of its attribute. */
  readonly allocations: readonly (number | null)[];
  readonly attributes: readonly { readonly releasedAt?: string }[];
}

describe.each([
  { kind: 'fault', skipped: false },
  { kind: 'real', skipped: kubeAssets === undefined },
] as const)('on the $kind API server', ({ kind, skipped }) => {
  describe.skipIf(skipped)('a cluster of three nodes', () => {
    const lab = useLab(`t-k8s-${kind}`, topology);
    const weftds = {} as Record<Host, WeftdProcess>;
    const kubelets = {} as Record<Host, Kubelet>;
    let server: ClusterServer;
    let bridges: LoopbackBridge[] = [];
    let controller: ChildProcess | undefined;

    beforeAll(async () => {
      server = await startClusterServer(kind);
      const port = Number(new URL(server.url).port);
      bridges = await Promise.all(
        HOSTS.map((host) => LoopbackBridge.open(namespaceOf(lab.name, host), port)),
      );
      for (const host of HOSTS) {
        weftds[host] = new WeftdProcess();
        const { directory } = weftds[host];
        const plugin = { controlSocket: join(directory, 'weftd.sock'), spool: join(directory, 'spool') };
        kubelets[host] = new Kubelet({
          lab: lab.name,
          host,
          address: ADDRESSES[host],
          cluster: server.admin,
          plugin,
        });
        await kubelets[host].start();
        await server.writeKubeconfig(join(directory, 'kubeconfig'), 'weftd');
      }
      await Promise.all(HOSTS.map(startWeftd));
      await Promise.all(HOSTS.map((host) => weftds[host].ready()));
    }, 240_000);

    afterEach(({ task }) => {
      if (task.result?.state !== 'fail') return;
      for (const host of HOSTS) console.error(`${host}:\n${weftds[host]?.output.slice(-3000)}`);
    });

    afterAll(async () => {
      controller?.kill('SIGKILL');
      for (const host of HOSTS) {
        await weftds[host]?.dispose();
        kubelets[host]?.dispose();
      }
      await Promise.all(bridges.map((bridge) => bridge.close()));
      await server?.dispose();
    }, 60_000);

    async function startWeftd(host: Host): Promise<void> {
      const { directory } = weftds[host];
      await weftds[host].start({
        lab: lab.name,
        host,
        args: ['--hold-time-seconds', '6', '--cni-spool', join(directory, 'spool')],
        environment: {
          DATASTORE_TYPE: 'kubernetes',
          KUBECONFIG: join(directory, 'kubeconfig'),
          NODENAME: host,
          IP6: 'none',
          CALICO_IPV4POOL_CIDR: '10.244.0.0/16',
          CALICO_IPV4POOL_NAT_OUTGOING: 'false',
        },
      });
    }

    async function answers(from: RunningPod, address: string): Promise<void> {
      await waitFor(`${address} answers ${from.name}`, async () => {
        const ping = ['ping', '-c', '1', '-W', '1', '-n', address];
        const { exitCode } = await execa('nsenter', [`--net=/run/netns/${from.netns}`, ...ping], {
          reject: false,
        });
        return exitCode === 0;
      });
    }

    async function podNamed(name: string): Promise<KubernetesObject | undefined> {
      return server.admin.get(PODS, { name, namespace: 'default' });
    }

    /** Addresses in use, all blocks together; released ones rest for a while before they are free. */
    async function inUse(): Promise<number> {
      const { objects } = await server.admin.list(BLOCKS);
      return objects.flatMap(({ spec }) => {
        const { allocations, attributes } = spec as unknown as Block;
        return allocations.filter((at) => at !== null && attributes[at]?.releasedAt === undefined);
      }).length;
    }

    it('has one pool of each family, and each Node says where it is and that its network works', async () => {
      const { objects } = await server.admin.list(POOLS);
      expect(objects.map(({ metadata }) => metadata.name)).toEqual([
        'default-ipv4-ippool',
        'default-ipv6-ippool',
      ]);
      for (const host of HOSTS) {
        const node = await waitFor('the condition is written', async () => {
          const found = await server.admin.get(NODES, { name: host });
          return JSON.stringify(found?.status ?? {}).includes('CalicoIsUp') && found;
        });
        expect(node.metadata.annotations).toMatchObject({
          'projectcalico.org/IPv4Address': `${ADDRESSES[host]}/24`,
        });
      }
    });

    it('plugs Pods in that reach each other from their first packet on, and takes them out', async () => {
      const a = await kubelets.n1.runPod('a');
      const b = await kubelets.n2.runPod('b');
      const c = await kubelets.n3.runPod('c');
      for (const [from, to] of [
        [a, b],
        [b, c],
        [c, a],
      ] as const)
        await answers(from, to.addresses[0] ?? '');
      expect((await podNamed('a'))?.metadata.annotations).toMatchObject({
        'cni.projectcalico.org/podIP': `${a.addresses[0]}/32`,
        'cni.projectcalico.org/podIPs': `${a.addresses[0]}/32`,
        'cni.projectcalico.org/containerID': a.sandbox,
      });
      expect(await inUse()).toBe(3);
      await kubelets.n1.stopPod(a);
      await kubelets.n2.stopPod(b);
      await kubelets.n3.stopPod(c);
      expect(await inUse()).toBe(0);
    });

    it('gives the address that an annotation asks for, and the error of CNI when it is taken', async () => {
      const annotations = { 'cni.projectcalico.org/ipAddrs': '["10.244.77.7"]' };
      const first = await kubelets.n1.runPod('named', annotations);
      expect(first.addresses).toEqual(['10.244.77.7']);
      await expect(kubelets.n2.runPod('second', annotations)).rejects.toThrow(/"code":\d+.*10\.244\.77\.7/);
      expect(await inUse()).toBe(1);
      await kubelets.n1.stopPod(first);
    });

    it('gives a Pod whose sandbox has died a new one, which a late DEL of the old leaves alone', async () => {
      const first = await kubelets.n1.runPod('restarted');
      const second = await kubelets.n1.startSandbox('restarted');
      await kubelets.n1.stopSandbox(first);
      const other = await kubelets.n2.runPod('other');
      await answers(other, second.addresses[0] ?? '');
      await kubelets.n1.stopPod(second);
      await kubelets.n2.stopPod(other);
      expect(await inUse()).toBe(0);
    });

    it('keeps Pods talking while a weftd is killed, and does the DEL of that time when it is back', async () => {
      const stays = await kubelets.n1.runPod('stays');
      const goes = await kubelets.n1.runPod('goes');
      const other = await kubelets.n2.runPod('elsewhere');
      await weftds.n1.stop('SIGKILL');
      await answers(other, stays.addresses[0] ?? '');
      await kubelets.n1.stopPod(goes);
      expect(await inUse()).toBe(3);
      await startWeftd('n1');
      await weftds.n1.ready();
      await waitFor('the address is given back', async () => (await inUse()) === 2);
      await answers(other, stays.addresses[0] ?? '');
      await kubelets.n1.stopPod(stays);
      await kubelets.n2.stopPod(other);
    });

    it('keeps Pods talking while the API server is away', async () => {
      const here = await kubelets.n1.runPod('here');
      const there = await kubelets.n2.runPod('there');
      await server.kill();
      await answers(here, there.addresses[0] ?? '');
      await server.restart();
      await answers(here, there.addresses[0] ?? '');
      await waitFor('a new Pod is plugged in', async () => {
        await weftds.n3.ready();
        return true;
      });
      const late = await kubelets.n3.runPod('late');
      await answers(late, here.addresses[0] ?? '');
      await kubelets.n1.stopPod(here);
      await kubelets.n2.stopPod(there);
      await kubelets.n3.stopPod(late);
    });

    it('routes the address of a Local Service to the node with its endpoint', async () => {
      await server.admin.create(BGP, {
        ...{ apiVersion: BGP.apiVersion, kind: BGP.kind, metadata: { name: 'default' } },
        spec: { serviceExternalIPs: [{ cidr: '203.0.113.9/32' }] },
      } as KubernetesObject);
      await server.admin.patch(
        BGP,
        { name: 'default' },
        { spec: { serviceExternalIPs: [{ cidr: '203.0.113.9/32' }] } },
      );
      await server.admin.create(SERVICES, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'default' },
        spec: {
          type: 'LoadBalancer',
          clusterIP: '10.96.0.99',
          externalIPs: ['203.0.113.9'],
          externalTrafficPolicy: 'Local',
          ports: [{ port: 80 }],
        },
      });
      await server.admin.create(SLICES, {
        apiVersion: SLICES.apiVersion,
        kind: 'EndpointSlice',
        metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.244.1.1'], nodeName: 'n3', conditions: { ready: true } }],
        ports: [],
      } as KubernetesObject);
      const gateway = async (host: Host): Promise<string[]> =>
        (await lab.routes(host)).filter((line) => line.startsWith('203.0.113.9 '));
      await waitFor('n1 has the route', async () =>
        (await gateway('n1')).some((line) => line.includes('via 10.1.0.3')),
      );
      expect(await gateway('n3')).toEqual([]);
      await server.admin.delete(SLICES, { name: 'web-1', namespace: 'default' });
      await waitFor('n1 has it no more', async () => (await gateway('n1')).length === 0);
    });

    it('takes back what a Pod left that went without DEL, and what a Node left', async () => {
      const leaked = await kubelets.n1.runPod('leaked');
      const orphan = await kubelets.n3.runPod('orphan');
      const kept = await kubelets.n2.runPod('kept');
      await weftds.n3.stop('SIGKILL');
      await kubelets.n1.removePod(leaked);
      await kubelets.n3.removePod(orphan);
      await server.admin.delete(NODES, { name: 'n3' });
      controller = await startController();
      await waitFor('only one address is in use', async () => (await inUse()) === 1, 60_000, 100);
      const other = await kubelets.n1.runPod('witness');
      await answers(other, kept.addresses[0] ?? '');
      await kubelets.n1.stopPod(other);
      await kubelets.n2.stopPod(kept);
      const ended = once(controller, 'exit');
      controller.kill('SIGTERM');
      await ended;
    });

    async function startController(): Promise<ChildProcess> {
      const kubeconfig = join(weftds.n1.directory, 'controller-kubeconfig');
      await server.writeKubeconfig(kubeconfig, 'weft-controller');
      const program = join(import.meta.dirname, '../../cmd/weft-controller/src/main.ts');
      const times = ['--leak-grace-period', '1s', '--reconciler-period', '1s'];
      const where = ['--datastore', `kubernetes:${kubeconfig}`, '--metrics-address', '127.0.0.1:0'];
      return spawn(
        process.execPath,
        ['--conditions=source', program, ...times, ...where, '--lease-namespace', 'kube-system'],
        { stdio: 'inherit' },
      );
    }
  });
});

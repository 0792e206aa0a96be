/**
 * What a kubelet does of which weft hears: it makes the Node, starts and ends the sandboxes of Pods through CNI, and reports
 * their addresses. The plugin and its configuration are those that `weftctl cni install` has put there.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesCluster, KubernetesObject } from '@weft/datastore';
import { namespaceOf } from '@weft/lab';
import { execa } from 'execa';
import { buildWeftCni } from '../../cmd/weft-cni/build.ts';
import { weftctl } from './test-lab.ts';

export const NODES = { apiVersion: 'v1', plural: 'nodes', kind: 'Node' };
export const PODS = { apiVersion: 'v1', plural: 'pods', kind: 'Pod' };

/** Where the kubelet works. */
export interface KubeletPlace {
  readonly lab: string;
  readonly host: string;
  readonly address: string;
  readonly cluster: KubernetesCluster;
  /** How the plugin finds the weftd of its host. */
  readonly plugin: { readonly controlSocket: string; readonly spool: string };
}

/** A Pod with its sandbox. */
export interface RunningPod {
  readonly name: string;
  readonly sandbox: string;
  /** Network namespace, as `ip netns` knows it. */
  readonly netns: string;
  readonly addresses: readonly string[];
}

/** How a call of the plugin ended. */
export interface PluginAnswer {
  readonly exitCode: number;
  // biome-ignore lint/suspicious/noExplicitAny: results and errors have different shapes, and tests look into both
  readonly output: any;
}

/** The kubelet of one host of a lab. */
export class Kubelet {
  readonly #place: KubeletPlace;
  readonly #directory: string = mkdtempSync(join(tmpdir(), 'weft-kubelet-'));
  readonly #uids = new Map<string, string>();
  #sandboxes = 0;

  constructor(place: KubeletPlace) {
    this.#place = place;
  }

  /** Makes the Node and installs the plugin, as the DaemonSet's init container does. */
  async start(): Promise<void> {
    const { address, cluster, host } = this.#place;
    await cluster.create(NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name: host } });
    await cluster.patch(
      NODES,
      { name: host },
      { status: { addresses: [{ type: 'InternalIP', address }] } },
      'status',
    );
    const { exitCode, stderr } = await weftctl(
      ...['cni', 'install', '--bin-dir', this.#path('bin'), '--conf-dir', this.#path('conf')],
      ...['--plugin', buildWeftCni()],
    );
    if (exitCode !== 0) throw new Error(`weftctl cni install: ${stderr}`);
  }

  /** Makes a Pod and starts it. Throws when the plugin refuses. */
  async runPod(name: string, annotations: Record<string, string> = {}): Promise<RunningPod> {
    const { cluster, host } = this.#place;
    const made = await cluster.create(PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', annotations },
      spec: { nodeName: host, containers: [{ name: 'main', image: 'busybox' }] },
    } as KubernetesObject);
    if (made.kind !== 'written') throw new Error(`Pod ${name}: ${made.kind}`);
    return this.startSandbox(name);
  }

  /** Starts a sandbox for a Pod that is there, again after an earlier one has died. */
  async startSandbox(name: string): Promise<RunningPod> {
    const { cluster, lab } = this.#place;
    const sandbox = `${name}-${this.#sandboxes++}`.padEnd(64, '0').replaceAll(/[^0-9a-f]/g, 'a');
    const netns = namespaceOf(lab, `${name}-${this.#sandboxes}`);
    await execa('ip', ['netns', 'add', netns]);
    const { exitCode, output } = await this.call('ADD', name, sandbox, `/run/netns/${netns}`);
    if (exitCode !== 0) throw new Error(`ADD of ${name}: ${JSON.stringify(output)}`);
    const ips = (output.ips as { readonly address: string }[]).map(
      ({ address }) => address.split('/')[0] ?? '',
    );
    const podIPs = ips.map((ip) => ({ ip }));
    await cluster.patch(
      PODS,
      { name, namespace: 'default' },
      { status: { phase: 'Running', podIP: ips[0], podIPs } },
      'status',
    );
    return { name, sandbox, netns, addresses: ips };
  }

  /** Ends a sandbox: DEL, with the namespace gone the second time. */
  async stopSandbox({ name, netns, sandbox }: RunningPod): Promise<void> {
    for (const path of [`/run/netns/${netns}`, '']) {
      const { exitCode, output } = await this.call('DEL', name, sandbox, path);
      if (exitCode !== 0) throw new Error(`DEL of ${name}: ${JSON.stringify(output)}`);
      if (path !== '') await execa('ip', ['netns', 'delete', netns]);
    }
  }

  /** Ends a Pod and removes it. */
  async stopPod(pod: RunningPod): Promise<void> {
    await this.stopSandbox(pod);
    await this.removePod(pod);
  }

  /** Removes a Pod from the API server, as a kubelet does when it has ended; CNI is not asked. */
  async removePod({ name }: RunningPod): Promise<void> {
    await this.#place.cluster.delete(PODS, { name, namespace: 'default' }, { gracePeriodSeconds: 0 });
  }

  /** One call of the first plugin of the configuration, as containerd makes it. */
  async call(command: string, name: string, sandbox: string, netns: string): Promise<PluginAnswer> {
    const { cluster, host, lab, plugin } = this.#place;
    const uid = (await this.#uidOf(cluster, name)) ?? '';
    const list = JSON.parse(readFileSync(this.#path('conf/10-weft.conflist'), 'utf8'));
    const [first] = list.plugins;
    const { capabilities: _, ...entry } = first;
    const pod = `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_INFRA_CONTAINER_ID=${sandbox};K8S_POD_UID=${uid}`;
    const program = this.#path(`bin/${first.type}`);
    const { stdout, exitCode } = await execa(
      'nsenter',
      [`--net=/run/netns/${namespaceOf(lab, host)}`, program],
      {
        input: JSON.stringify({ ...entry, cniVersion: list.cniVersion, name: list.name }),
        env: {
          CNI_COMMAND: command,
          CNI_CONTAINERID: sandbox,
          CNI_IFNAME: 'eth0',
          CNI_PATH: this.#path('bin'),
          CNI_NETNS: netns,
          CNI_ARGS: `IgnoreUnknown=1;${pod}`,
          WEFT_CONTROL_SOCKET: plugin.controlSocket,
          WEFT_CNI_SPOOL: plugin.spool,
        },
        reject: false,
      },
    );
    return { exitCode: exitCode ?? 1, output: stdout === '' ? undefined : JSON.parse(stdout) };
  }

  /** A kubelet remembers it while the API server is away. */
  async #uidOf(cluster: KubernetesCluster, name: string): Promise<string | undefined> {
    const known = this.#uids.get(name);
    if (known !== undefined) return known;
    const { uid } = (await cluster.get(PODS, { name, namespace: 'default' }))?.metadata ?? {};
    if (uid !== undefined) this.#uids.set(name, uid);
    return uid;
  }

  dispose(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

/**
 * A cluster on the fault server, and controllers that run in this process, fast enough for tests.
 */
import { type Datastore, openDatastore } from '@weft/datastore';
import { type Address, address, prefix } from '@weft/ip';
import { createIpam, hostOwner, type Ipam, workloadAttributes } from '@weft/ipam';
import { apiVersion } from '@weft/resources';
import { createLogger } from '@weft/telemetry';
import { runController } from '../../../cmd/weft-controller/src/controller.ts';
import type { Options } from '../../../cmd/weft-controller/src/options.ts';
import { type FaultApiServer, startFaultServer } from '../../harness/fault-api-server/fault-api-server.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** A lease of one second, and a renewal every fifth of a second. */
export const FAST_ELECTION = { leaseMs: 1_000, renewDeadlineMs: 700, retryMs: 200 };

/** How long an address has to look leaked in these tests. */
export const GRACE_MS = 400;

/** A log line. */
export interface Line {
  readonly event: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A controller that runs. */
export class TestController {
  readonly lines: Line[] = [];
  readonly metricsPort: number;
  /** Resolves or rejects as the controller does. */
  readonly done: Promise<void>;
  readonly #stop = new AbortController();

  constructor(server: string, metricsPort: number, options: Partial<Options>) {
    this.metricsPort = metricsPort;
    const write = (line: string): void => void this.lines.push(JSON.parse(line));
    this.done = runController(
      {
        cluster: { type: 'kubernetes', server },
        leakGraceMs: GRACE_MS,
        reconcilerPeriodMs: 100,
        metricsAddress: { host: '127.0.0.1', port: metricsPort },
        leaseNamespace: 'kube-system',
        logLevel: 'debug',
        host: 'test',
        timing: FAST_ELECTION,
        ...options,
      },
      createLogger({ name: 'weft-controller', level: 'debug', destination: { write } }),
      this.#stop.signal,
    );
    this.done.catch(() => undefined);
  }

  /** Waits for a line of that event, from line `from` on. */
  async saw(event: string, from = 0): Promise<Line> {
    return waitFor(`the log says ${event}`, () =>
      this.lines.slice(from).find((line) => line.event === event),
    );
  }

  /** How often it has looked at everything so far. */
  get looks(): number {
    return this.lines.filter(({ event }) => event === 'looked').length;
  }

  /** Waits until it has looked so many times more. */
  async looked(times = 2): Promise<void> {
    const wanted = this.looks + times;
    await waitFor(`${times} more looks`, () => this.looks >= wanted, 30_000);
  }

  /** What a path of the metrics address answers. */
  async ask(path: string): Promise<{ status: number; text: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.metricsPort}${path}`);
    return { status: answer.status, text: await answer.text() };
  }

  /** Ends it in an orderly way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done.catch(() => undefined);
  }
}

/** The cluster of a test. */
export class Stage {
  readonly server: FaultApiServer;
  readonly store: Datastore;
  readonly ipam: Ipam;
  readonly #controllers: TestController[] = [];

  private constructor(server: FaultApiServer, store: Datastore) {
    this.server = server;
    this.store = store;
    this.ipam = createIpam({ store, now: Date.now });
  }

  /** Two nodes, a pool with blocks of sixteen addresses, no cooldown. */
  static async set(): Promise<Stage> {
    const server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'] });
    const store = await openDatastore({ type: 'kubernetes', server: server.url });
    const stage = new Stage(server, store);
    await store.create({
      apiVersion,
      kind: 'IPPool',
      metadata: { name: 'pods' },
      spec: { cidr: prefix('10.1.0.0/24'), blockSize: 28 },
    } as Parameters<Datastore['create']>[0]);
    await store.create({
      apiVersion,
      kind: 'IPAMConfiguration',
      metadata: { name: 'default' },
      spec: { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0, ipCooldownSeconds: 0 },
    } as Parameters<Datastore['create']>[0]);
    for (const name of ['node1', 'node2']) stage.addNode(name);
    return stage;
  }

  addNode(name: string): void {
    this.server.objects.put('v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} });
  }

  removeNode(name: string): void {
    this.server.objects.remove('v1/nodes', { metadata: { name } });
  }

  /** A Pod as the kubelet reports it; without an address until it has one. */
  putPod(name: string, nodeName: string, podIP?: Address, phase = 'Running'): void {
    const status = podIP === undefined ? { phase: 'Pending' } : { phase, podIP, podIPs: [{ ip: podIP }] };
    const metadata = { name, namespace: 'shop' };
    this.server.objects.put('v1/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { nodeName },
      status,
    });
  }

  removePod(name: string): void {
    this.server.objects.remove('v1/pods', { metadata: { name, namespace: 'shop' } });
  }

  /** What a CNI ADD takes. */
  async assign(pod: string, node: string): Promise<Address> {
    const outcome = await this.ipam.autoAssign({
      node,
      handle: `k8s-pod-network.${pod}`,
      attributes: workloadAttributes({ node, pod, namespace: 'shop', now: Date.now() }),
      num4: 1,
      intendedUse: 'Workload',
    });
    if (outcome.kind !== 'assigned') throw new Error(outcome.message);
    return outcome.addresses[0]?.address ?? address('0.0.0.0');
  }

  /** What a CNI ADD took on a node that is gone since. */
  async assignOnDeadNode(pod: string): Promise<void> {
    this.addNode('dead');
    await this.assign(pod, 'dead');
    this.removeNode('dead');
  }

  /** A Pod that runs. */
  async runPod(name: string, node: string): Promise<Address> {
    this.putPod(name, node);
    const podIP = await this.assign(name, node);
    this.putPod(name, node, podIP);
    return podIP;
  }

  /** The Pods that hold an address, and the blocks with their owners. */
  async held(): Promise<{ pods: string[]; blocks: Record<string, string | undefined> }> {
    const { items } = await this.store.list('IPAMBlock');
    const pods = items.flatMap(({ spec }) =>
      spec.allocations.flatMap((index) => {
        const { pod, type, workload } = (
          index === null ? {} : (spec.attributes[index]?.secondary ?? {})
        ) as Record<string, string>;
        return index === null ? [] : [pod ?? workload ?? type ?? ''];
      }),
    );
    return {
      pods: pods.sort(),
      blocks: Object.fromEntries(items.map(({ spec }) => [spec.cidr, spec.affinity ?? undefined])),
    };
  }

  /** Waits until exactly these hold addresses. */
  async untilHeld(...pods: string[]): Promise<void> {
    const wanted = pods.sort().join();
    await waitFor(
      `addresses are held by [${wanted}] alone`,
      async () => (await this.held()).pods.join() === wanted,
      30_000,
      20,
    );
  }

  /** Makes a node own a block. */
  async claim(cidr: string, node: string): Promise<void> {
    await this.ipam.claimAffinity({ cidr: prefix(cidr), owner: hostOwner(node) });
  }

  /** Starts a controller; `server` is where it reaches the API. */
  async control(options: Partial<Options> = {}, server: string = this.server.url): Promise<TestController> {
    const controller = new TestController(server, await freePort('127.0.0.1'), options);
    this.#controllers.push(controller);
    return controller;
  }

  async strike(): Promise<void> {
    this.server.heal();
    this.server.cutConnections();
    await Promise.all(this.#controllers.map((controller) => controller.stop()));
    await this.store.close();
    await this.server.kill();
  }
}

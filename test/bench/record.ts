/**
 * What the record costs a node of 1,000 with 5,000 routes: how long a snapshot holds up the daemon, and the processor time of it, of an
 * attach and of a burst of UPDATEs. The speakers are real, in a simulated network: the node has a session with each other one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CalcInput, calculate, DEFAULT_FELIX_SETTINGS, DEFAULT_SETTINGS } from '@weft/calc';
import { hostPrefix, nthAddress, prefix } from '@weft/ip';
import { apiVersion, type Node, nodeInterfaceAddress, type WorkloadEndpoint } from '@weft/resources';
import { type ClusterResources, generateCluster, SimulatedNetwork, startNode } from '@weft/simulation';
import { createLogger } from '@weft/telemetry';
import type { Bgp } from '../../cmd/weftd/src/bgp/bgp.ts';
import type { Options } from '../../cmd/weftd/src/options.ts';
import type { RouteInKernel } from '../../cmd/weftd/src/recording/kernel-routes.ts';
import { NodeRecord } from '../../cmd/weftd/src/recording/node-record.ts';
import type { Figure } from './run.ts';
import { round } from './statistics.ts';

const ROUNDS = 5;
const NODES = 1000;
const ROUTES_OF_NODE = 5;
const PODS = 110;
const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;

/** The snapshot, the attach and the burst, each several times, on a directory of its own. */
export async function* recordBench(): AsyncGenerator<Figure> {
  const cluster = generateCluster({ nodes: NODES, topology: { kind: 'mesh' } });
  for (let count = 0; count < ROUNDS; count++) {
    const without = burst(cluster);
    const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
    try {
      yield* withRecord(cluster, directory, without);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
}

async function* withRecord(
  cluster: ClusterResources,
  directory: string,
  without: number,
): AsyncGenerator<Figure> {
  const input = inputOf(cluster, cluster.nodes[0] as Node, endpoints(PODS));
  let bgp: Bgp | undefined;
  const routes = Array.from({ length: NODES * ROUTES_OF_NODE }, (_, index) => inKernel(index));
  const record = new NodeRecord({
    options: { nodeName: input.nodeName, recordDirectory: directory, recordMegabytes: 64 } as Options,
    log: createLogger({ name: 'bench', level: 'error' }),
    bgp: () => bgp,
    awaitsRoutes: () => false,
    inKernel: () => routes,
  });
  record.start();
  record.decides(input, 'everything');
  const state = calculate(input);
  record.decided(state, state.announcements);
  const processor = burst(
    cluster,
    (speaking) => {
      bgp = speaking;
      record.speaks(speaking, false);
    },
    (speaking) => record.routesChanged([...speaking.locRib()]),
  );
  await record.recorder.settled();
  yield {
    benchmark: 'record',
    what: 'UPDATEs of all nodes',
    withoutProcessorMilliseconds: without,
    processorMilliseconds: processor,
  };
  yield { benchmark: 'record', what: 'attach', processorMicroseconds: attachCost(record, input) };
  await record.recorder.settled();
  const before = process.threadCpuUsage();
  record.recorder.start();
  const taken = process.threadCpuUsage(before);
  await record.recorder.settled();
  const all = process.threadCpuUsage(before);
  yield {
    benchmark: 'record',
    what: 'snapshot',
    nodes: NODES,
    routes: routes.length,
    atOnceMilliseconds: round((taken.system + taken.user) / 1000),
    processorMilliseconds: round((all.system + all.user) / 1000),
  };
  await record.close();
}

/** Everybody announces at once; the processor time until all is quiet, in ms. */
function burst(
  cluster: ClusterResources,
  begins: (bgp: Bgp) => void = () => {},
  changed: (bgp: Bgp) => void = () => {},
): number {
  const [subject, ...others] = cluster.nodes as [Node, ...Node[]];
  const network = new SimulatedNetwork({ seed: 1, latencyMilliseconds: 1 });
  startNode(network, subject, calculate(inputOf(cluster, subject)));
  for (const other of others) {
    const few = { ...cluster, nodes: [subject, other] };
    startNode(
      network,
      other,
      { ...calculate(inputOf(few, other)), announcements: [] },
      { readsUpdates: false },
    );
  }
  const speaker = network.speaker(subject.metadata.name);
  const bgp = {
    chronicle: (hear) => speaker.chronicle(hear),
    locRib: () => FAMILIES.flatMap((family) => [...speaker.locRib(family)]),
  } as Pick<Bgp, 'chronicle' | 'locRib'> as Bgp;
  begins(bgp);
  network.runUntilQuiet();
  for (const [index, { metadata }] of others.entries())
    network.announce(
      metadata.name,
      Array.from({ length: ROUTES_OF_NODE }, (_, own) => ({
        prefix: prefix(`${nthAddress(prefix('10.0.0.0/8'), (index * ROUTES_OF_NODE + own) * 64)}/26`),
      })),
    );
  const before = process.cpuUsage();
  network.runUntilQuiet();
  changed(bgp);
  const { system, user } = process.cpuUsage(before);
  return round((system + user) / 1000);
}

/** Of one of 200 more pods, in µs: the input with it, what was decided, and its route. */
function attachCost(record: NodeRecord, input: CalcInput): number {
  const attaches = 200;
  const states = Array.from({ length: attaches }, (_, index) => {
    const next = { ...input, endpoints: [...input.endpoints, ...endpoints(index + 1, PODS)] };
    return { next, state: calculate(next) };
  });
  const before = process.cpuUsage();
  for (const { next, state } of states) {
    record.decides(next, 'endpoints');
    record.decided(state, state.announcements);
  }
  record.recorder.flush();
  const { system, user } = process.cpuUsage(before);
  return round((system + user) / attaches);
}

function inKernel(index: number): RouteInKernel {
  const node = Math.floor(index / ROUTES_OF_NODE);
  return {
    prefix: prefix(`${nthAddress(prefix('10.0.0.0/8'), index * 64)}/26`),
    metric: 1024,
    route: {
      type: 'unicast',
      via: [{ gateway: nthAddress(prefix('172.16.0.0/12'), node + 1), interface: 'eth0' }],
      metric: 1024,
      class: 'no-encap',
      reason: `learned from node ${node}`,
    },
  };
}

const made: WorkloadEndpoint[] = [];

/** The same objects each time, as the daemon has them. */
function endpoints(count: number, from = 0): WorkloadEndpoint[] {
  while (made.length < from + count) made.push(endpoint(made.length));
  return made.slice(from, from + count);
}

function endpoint(index: number): WorkloadEndpoint {
  return {
    apiVersion,
    kind: 'WorkloadEndpoint',
    metadata: { name: `node--00000-k8s-pod${index}-eth0`, namespace: 'default' },
    spec: {
      node: 'node-00000',
      orchestrator: 'k8s',
      pod: `pod${index}`,
      endpoint: 'eth0',
      containerID: `${index}`.padStart(64, 'a'),
      interfaceName: `cali${index}`,
      ipNetworks: [hostPrefix(nthAddress(prefix('10.0.0.0/8'), index))],
    },
  } as WorkloadEndpoint;
}

function inputOf(cluster: ClusterResources, node: Node, own: readonly WorkloadEndpoint[] = []): CalcInput {
  const { felixConfigurations: _, ...shared } = cluster;
  const address = nodeInterfaceAddress(node, 4);
  return {
    ...shared,
    nodeName: node.metadata.name,
    nodeNameDigest: new Uint8Array(32),
    blockAffinities: cluster.blockAffinities.filter(({ spec }) => spec.node === node.metadata.name),
    places: [],
    endpoints: own,
    secrets: new Map(),
    settings: DEFAULT_SETTINGS,
    felix: DEFAULT_FELIX_SETTINGS,
    facts: {
      interfaces: [
        {
          name: 'eth0',
          up: true,
          running: true,
          mtuBytes: 1500,
          addresses: [`${address?.address}/${address?.prefixLength}`],
        },
      ],
      routes: [],
    },
  };
}

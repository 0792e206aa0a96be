/** One simulated cluster through its life: all nodes start, one joins, one is lost, a reflector is lost. */
import type { Node } from '@weft/resources';
import {
  type ClusterResources,
  type ClusterTopology,
  changeNode,
  generateCluster,
  nodeName,
  type RunResult,
  SimulatedNetwork,
  startNode,
  stateReader,
} from '@weft/simulation';
import { RecordedLife } from './recorded-life.ts';

/** What is simulated. */
export interface SimulatedPoint {
  readonly nodes: number;
  readonly topology: ClusterTopology;
  /**
   * How many nodes are whole, beside the reflectors. The others announce, and keep nothing of what they hear; in a
   * mesh they have no sessions among themselves either. Absent: all are whole.
   */
  readonly whole?: number;
}

const SURROUNDINGS = { digestOf: () => new Uint8Array(32), secrets: new Map<string, string>() };
/** All nodes start within this time, as with a DaemonSet that is rolled out at once. */
const START_MS = 10_000;
/** Longer than a hold time, with room to settle. */
const LOSS_MS = 120_000;
const LOOK_MS = 1_000;
/** Prime, and so a way through all nodes in no order of theirs. */
const STRIDE = 7_919;

/** The life of a cluster whose last node comes late. */
export class ClusterLife {
  readonly network: SimulatedNetwork;
  readonly #point: SimulatedPoint;
  readonly #all: ClusterResources;
  readonly #records: ReadonlyMap<string, RecordedLife>;
  readonly #joiner: Node;
  readonly #whole: ReadonlySet<Node>;
  readonly #calculate: ReturnType<typeof stateReader>;
  /** Processor time in `calculate`, and how often it was asked. */
  calculateMs = 0;
  calculated = 0;

  constructor(point: SimulatedPoint) {
    this.#point = point;
    this.#all = generateCluster(point);
    this.#joiner = this.#all.nodes.at(-1) as Node;
    this.#whole = new Set(this.#wholeNodes());
    this.#calculate = stateReader(this.#all, SURROUNDINGS);
    this.#records = new Map([this.node, this.reflector].map((name) => [name, new RecordedLife()]));
    this.network = new SimulatedNetwork({
      seed: 1,
      latencyMilliseconds: { from: 0.2, to: 2 },
      onEvent: (name, event, now) => this.#records.get(name)?.heard(event, now),
      onSent: (name, _to, bytes) => this.#records.get(name)?.sent(bytes),
    });
  }

  /** Name of a whole node that is no reflector; the one looked at. */
  get node(): string {
    const { topology } = this.#point;
    return nodeName(topology.kind === 'mesh' ? 1 : reflectorsOf(topology));
  }

  /** Name of the reflector looked at. */
  get reflector(): string {
    return nodeName(0);
  }

  /** All but the last node start, in no order; the time is from the start of the last of them. */
  coldStart(): RunResult {
    const nodes = this.#all.nodes.slice(0, -1);
    const gap = START_MS / nodes.length;
    for (let at = 0, step = 0; step < nodes.length; step += 1, at = (at + STRIDE) % nodes.length) {
      const node = nodes[at] as Node;
      startNode(this.network, node, this.#stateOf(nodes, node), { readsUpdates: this.#whole.has(node) });
      this.network.runFor(step === nodes.length - 1 ? 0 : gap);
    }
    return this.network.runUntilQuiet();
  }

  /** The lives up to now of the node and of the reflector, to be played again. */
  takeRecords(): { node: RecordedLife; reflector: RecordedLife } {
    const take = (name: string): RecordedLife => {
      const record = this.#records.get(name) as RecordedLife;
      return record.end(this.network.speaker(name).config);
    };
    return { node: take(this.node), reflector: take(this.reflector) };
  }

  /** The last node comes: it starts, and the others learn of it at that moment. */
  join(): RunResult {
    const { nodes } = this.#all;
    for (const node of nodes.slice(0, -1)) {
      const { name } = node.metadata;
      if (this.#hears(node)) changeNode(this.network, name, this.#stateOf(nodes, node));
    }
    startNode(this.network, this.#joiner, this.#stateOf(nodes, this.#joiner));
    return this.network.runUntilQuiet();
  }

  /** The host of the node that came last is switched off. */
  loseNode(): RunResult {
    this.network.switchOff(this.#joiner.metadata.name);
    return this.network.runFor(LOSS_MS);
  }

  /**
   * The host of a reflector is switched off.
   *
   * @returns also how many of the other whole nodes lacked a block of another living node in any second after it
   */
  loseReflector(): RunResult & { readonly nodesWithGaps: number } {
    const { network } = this;
    const known = this.#all.nodes.length - 2;
    const others = this.#all.nodes
      .filter((node) => this.#whole.has(node))
      .map(({ metadata }) => metadata.name);
    const lacking = new Set<string>();
    let milliseconds = 0;
    const sum = { messages: 0, updates: 0, bytes: 0 };
    network.switchOff(this.reflector);
    for (let at = 0; at < LOSS_MS; at += LOOK_MS) {
      const run = network.runFor(LOOK_MS);
      if (run.milliseconds > 0) milliseconds = at + run.milliseconds;
      sum.messages += run.messages;
      sum.updates += run.updates;
      sum.bytes += run.bytes;
      for (const name of others)
        if (name !== this.reflector && name !== this.#joiner.metadata.name)
          if (routesOf(network, name) < known) lacking.add(name);
    }
    return { ...sum, milliseconds, quiet: true, nodesWithGaps: lacking.size };
  }

  /** Whether a whole node knows as many blocks as there are. */
  get isComplete(): boolean {
    return routesOf(this.network, this.node) === this.network.names.length;
  }

  #wholeNodes(): Node[] {
    const { nodes } = this.#all;
    const { topology, whole = nodes.length } = this.#point;
    return [...nodes.slice(0, reflectorsOf(topology) + whole), this.#joiner];
  }

  /** Whether a new node concerns it; where there are reflectors, them alone. */
  #hears(node: Node): boolean {
    return this.#point.topology.kind === 'mesh' || isReflector(node);
  }

  #stateOf(nodes: readonly Node[], node: Node) {
    // Nothing else concerns the sessions of such a node, and looking at all nodes for each takes minutes.
    const reduced = !this.#whole.has(node);
    const seen = reduced ? [...nodes.filter((other) => this.#whole.has(other)), node] : nodes;
    const before = process.cpuUsage();
    const state = this.#calculate(node, seen);
    if (!reduced) {
      const { user, system } = process.cpuUsage(before);
      this.calculateMs += (user + system) / 1_000;
      this.calculated += 1;
    }
    return state;
  }
}

function isReflector({ spec }: Node): boolean {
  return spec.bgp?.routeReflectorClusterID !== undefined;
}

function reflectorsOf(topology: ClusterTopology): number {
  if (topology.kind === 'mesh') return 0;
  return topology.kind === 'zones' ? topology.zones * topology.reflectors : topology.reflectors;
}

function routesOf(network: SimulatedNetwork, name: string): number {
  return network.speaker(name).routeCount('ipv4-unicast');
}

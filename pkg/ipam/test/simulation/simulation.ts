/**
 * Several nodes on one store, each with an allocator and several workers, doing everything at once while calls fail,
 * answers get lost and processes die. What must hold is checked after every write, and again when everybody has
 * stopped and what the crashes left is repaired.
 *
 * `simulate({ seed })` is deterministic: a failure's message carries the seed, and the seed repeats it.
 */
import { createMemoryStore, type Datastore, type OfKind } from '@weft/datastore';
import { addressCount, nthAddress, nthSubnet, type Prefix, prefix, subnetCount } from '@weft/ip';
import type { IPAMConfiguration, IPPool, Kind, Node, ResourceOf } from '@weft/resources';
import {
  type AssignIpOutcome,
  type AutoAssignOutcome,
  createIpam,
  hostOwner,
  type Ipam,
} from '../../src/index.ts';
import { type FaultRates, FaultyStore, NO_FAULTS, type World } from './faulty-store.ts';
import { Ledger } from './ledger.ts';
import { Monitor } from './monitor.ts';
import { type Random, seededRandom } from './random.ts';
import { Scheduler } from './scheduler.ts';

/** What to simulate. */
export interface SimulationOptions {
  readonly seed: number;
  /** How many store calls to make before everybody stops. */
  readonly steps: number;
}

/** What a run did. */
export interface SimulationReport {
  /** Store calls. */
  readonly steps: number;
  readonly crashes: number;
  /** How many operations ended in which way. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/** Runs one simulation; throws on the first broken promise, naming the seed. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  try {
    return await new Simulation(options).run();
  } catch (cause) {
    throw new Error(
      `simulation of seed ${options.seed}, ${options.steps} steps: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

const POOL4 = prefix('10.0.0.0/28');
const POOL6 = prefix('fd00::/124');
const WORKERS_PER_NODE = 2;

class Simulation {
  readonly #steps: number;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #store: Datastore;
  readonly #ledger = new Ledger();
  readonly #monitor: Monitor;
  readonly #nodes: readonly string[];
  readonly #outcomes = new Map<string, number>();
  readonly #processes = new Map<string, Process>();
  #faults: FaultRates;
  #now = 1_800_000_000_000;
  #workloads = 0;
  #crashes = 0;
  #isOver = false;
  #failure: unknown;

  constructor({ seed, steps }: SimulationOptions) {
    this.#steps = steps;
    this.#random = seededRandom(seed);
    this.#scheduler = new Scheduler(this.#random);
    let objects = 0;
    this.#store = createMemoryStore({ now: () => this.#now, uuid: () => `uid-${objects++}` });
    this.#monitor = new Monitor(this.#store, this.#ledger);
    this.#nodes = Array.from({ length: 2 + this.#random.below(7) }, (_, index) => `node${index}`);
    const rate = this.#random.pick([0, 0.005, 0.03]);
    this.#faults = { unreached: rate, answerLost: rate, denied: rate, crash: rate / 2 };
  }

  async run(): Promise<SimulationReport> {
    await this.#furnish();
    for (const node of this.#nodes) this.#start(node);
    let steps = 0;
    while (steps < this.#steps) {
      await this.#step();
      steps++;
    }
    await this.#windDown();
    await this.#checkNothingIsLost();
    return { steps, crashes: this.#crashes, outcomes: this.#outcomes };
  }

  /** Pools, nodes and settings. */
  async #furnish(): Promise<void> {
    const random = this.#random;
    await this.#put(pool('pool4', POOL4, random.pick([29, 30, 31, 32])));
    await this.#put(pool('pool6', POOL6, random.pick([125, 126, 127, 128])));
    for (const node of this.#nodes) await this.#put(nodeResource(node));
    if (random.chance(0.8)) await this.#put(configuration(random));
  }

  async #put<K extends Kind>(resource: OfKind<K>): Promise<void> {
    await this.#store.create(resource);
  }

  async #step(): Promise<void> {
    this.#now += this.#random.chance(0.002) ? 70_000 : this.#random.below(200);
    const moved = await this.#scheduler.step();
    if (this.#failure !== undefined) throw this.#failure;
    if (!moved && !this.#isOver) throw new Error('everybody waits, and nobody for the store');
  }

  /** Starts a node's process: one allocator, several workers. */
  #start(node: string): void {
    const process = new Process();
    this.#processes.set(node, process);
    const world: World = {
      store: this.#store,
      random: this.#random,
      scheduler: this.#scheduler,
      faults: () => this.#faults,
      written: (kind, name) => this.#monitor.written(kind, name).catch((error) => this.#fail(error)),
    };
    const store = new FaultyStore(world, () => this.#crashed(node, process));
    const ipam = createIpam({ store, now: () => this.#now });
    for (let worker = 0; worker < WORKERS_PER_NODE; worker++)
      this.#work(node, process, ipam).catch(this.#fail);
  }

  #fail = (error: unknown): void => {
    this.#failure ??= error;
  };

  /** What the dead process was doing ends in limbo; a new process takes its place. */
  #crashed(node: string, process: Process): void {
    this.#crashes++;
    for (const handle of process.underWay) {
      this.#ledger.busy.delete(handle);
      this.#ledger.limbo.add(handle);
    }
    if (this.#isOver) this.#processes.delete(node);
    else this.#start(node);
  }

  async #work(node: string, process: Process, ipam: Ipam): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#operation(node, process, ipam);
      } catch (error) {
        if ((error as Error).name !== 'DatastoreError') throw error;
        this.#count('store failure');
      }
      await this.#scheduler.turn(() => this.#processes.get(node) === process);
    }
  }

  #operation(node: string, process: Process, ipam: Ipam): Promise<void> {
    const choice = this.#random.below(100);
    if (choice < 35) return this.#add(node, process, ipam);
    if (choice < 55) return this.#remove(process, ipam);
    if (choice < 65) return this.#cleanUp(process, ipam);
    if (choice < 72) return this.#removeByAddress(process, ipam);
    if (choice < 77) return this.#removeStale(ipam);
    if (choice < 84) return this.#addByAddress(node, process, ipam);
    if (choice < 88) return this.#claim(node, ipam);
    if (choice < 94) return this.#giveUp(ipam);
    return this.#repair(ipam);
  }

  /** An ADD, which now and then meets another operation on the same handle. */
  async #add(node: string, process: Process, ipam: Ipam): Promise<void> {
    const handle = this.#newHandle();
    const num4 = this.#random.pick([0, 1, 1, 1, 2]);
    const num6 = num4 === 0 ? 1 : this.#random.pick([0, 0, 1]);
    await this.#holding(process, handle, async () => {
      const outcome = await ipam.autoAssign({ node, handle, num4, num6, intendedUse: 'Workload' });
      this.#count(`autoAssign ${outcome.kind}`);
      if (outcome.kind === 'assigned' && outcome.addresses.length !== num4 + num6)
        throw new Error(`${handle} asked for ${num4} + ${num6} and got ${outcome.addresses.length}`);
      this.#settle(handle, outcome);
    });
  }

  async #addByAddress(node: string, process: Process, ipam: Ipam): Promise<void> {
    const handle = this.#newHandle();
    const pool = this.#random.pick([POOL4, POOL6]);
    const address = nthAddress(pool, this.#random.below(Number(addressCount(pool))));
    await this.#holding(process, handle, async () => {
      const outcome = await ipam.assignIp({ address, node, handle });
      this.#count(`assignIp ${outcome.kind}`);
      this.#settle(handle, outcome);
    });
  }

  /** Books an assignment, unless another operation on the handle makes its end uncertain. */
  #settle(handle: string, outcome: AutoAssignOutcome | AssignIpOutcome): void {
    if (this.#ledger.busy.get(handle)?.disturbed) {
      this.#ledger.limbo.add(handle);
      return;
    }
    if (outcome.kind === 'assigned') {
      const addresses = outcome.addresses.map(
        ({ address, sequenceNumber }) => [address, sequenceNumber] as const,
      );
      this.#ledger.assigned(handle, new Map(addresses));
    } else if (outcome.kind === 'contention') this.#ledger.limbo.add(handle);
    else this.#expectNothingHeld(handle, outcome.kind);
  }

  #expectNothingHeld(handle: string, why: string): void {
    const leaked = this.#monitor.held(handle);
    if (leaked.length > 0) throw new Error(`${handle} was refused (${why}) and left ${leaked.join(', ')}`);
  }

  async #remove(process: Process, ipam: Ipam): Promise<void> {
    const workloads = [...this.#ledger.live.keys()];
    if (workloads.length === 0) return;
    await this.#release(this.#random.pick(workloads), process, ipam);
  }

  /** Releases what nobody knows the state of; sometimes while its ADD is still under way. */
  async #cleanUp(process: Process, ipam: Ipam): Promise<void> {
    const unknown = [...this.#ledger.limbo];
    const busy = [...this.#ledger.busy.keys()];
    if (busy.length > 0 && this.#random.chance(0.3)) {
      const handle = this.#random.pick(busy);
      const underWay = this.#ledger.busy.get(handle);
      if (underWay) underWay.disturbed = true;
      await ipam.releaseByHandle(handle);
      this.#count('release under way');
    } else if (unknown.length > 0) await this.#release(this.#random.pick(unknown), process, ipam);
  }

  async #release(handle: string, process: Process, ipam: Ipam): Promise<void> {
    if (this.#ledger.busy.has(handle)) return;
    this.#ledger.releasing(handle);
    this.#ledger.limbo.delete(handle);
    await this.#holding(process, handle, async () => {
      const outcome = await ipam.releaseByHandle(handle);
      this.#count(`releaseByHandle ${outcome.kind}`);
      if (outcome.kind === 'contention' || this.#ledger.busy.get(handle)?.disturbed)
        this.#ledger.limbo.add(handle);
      else this.#expectNothingHeld(handle, outcome.kind);
    });
  }

  async #removeByAddress(process: Process, ipam: Ipam): Promise<void> {
    const workloads = [...this.#ledger.live.values()];
    if (workloads.length === 0) return;
    const { handle, addresses } = this.#random.pick(workloads);
    this.#ledger.releasing(handle);
    await this.#holding(process, handle, async () => {
      const guarded = this.#random.chance(0.5);
      const requests = [...addresses].map(([address, sequenceNumber]) =>
        guarded ? { address, handle, sequenceNumber } : { address },
      );
      const results = await ipam.releaseIps(requests);
      for (const { kind } of results) this.#count(`releaseIps ${kind}`);
      this.#ledger.limbo.add(handle);
    });
  }

  /** A release that comes too late must not hit whoever has the address by now. */
  async #removeStale(ipam: Ipam): Promise<void> {
    if (this.#ledger.past.length === 0) return;
    const { address, handle, sequenceNumber } = this.#random.pick(this.#ledger.past);
    const [result] = await ipam.releaseIps([
      this.#random.chance(0.5) ? { address, sequenceNumber } : { address, handle },
    ]);
    this.#count(`stale releaseIps ${result?.kind}`);
  }

  async #claim(node: string, ipam: Ipam): Promise<void> {
    const outcome = await ipam.claimAffinity(node, this.#randomBlock());
    this.#count(`claimAffinity ${outcome.kind}`);
  }

  async #giveUp(ipam: Ipam): Promise<void> {
    const owner = hostOwner(this.#random.pick(this.#nodes));
    const cidr = this.#randomBlock();
    const outcome = await ipam.releaseAffinity({ owner, cidr, requireEmpty: this.#random.chance(0.7) });
    this.#count(`releaseAffinity ${outcome.kind}`);
  }

  async #repair(ipam: Ipam): Promise<void> {
    for (const finding of await ipam.inspect()) {
      if (finding.kind === 'block-invalid') throw new Error(finding.message);
      this.#count(`repair ${finding.kind}`);
      await ipam.repair(finding);
    }
  }

  #randomBlock(): Prefix {
    const blocks = this.#monitor.blocks;
    if (blocks.length > 0 && this.#random.chance(0.7)) return this.#random.pick(blocks).spec.cidr;
    return nthSubnet(POOL4, 30, this.#random.below(Number(subnetCount(POOL4, 30))));
  }

  /** Runs an operation on a handle, so that its end is known, or known to be unknown. */
  async #holding(process: Process, handle: string, work: () => Promise<void>): Promise<void> {
    process.underWay.add(handle);
    this.#ledger.busy.set(handle, { disturbed: false });
    try {
      await work();
    } catch (error) {
      this.#ledger.limbo.add(handle);
      throw error;
    } finally {
      process.underWay.delete(handle);
      this.#ledger.busy.delete(handle);
    }
  }

  /** Everybody finishes what is under way; then what is in limbo is released, and the rest repaired. */
  async #windDown(): Promise<void> {
    this.#isOver = true;
    this.#faults = NO_FAULTS;
    while (await this.#scheduler.step()) this.#throwFailure();
    this.#throwFailure();
    const ipam = this.#undisturbed();
    for (const handle of this.#ledger.limbo) await ipam.releaseByHandle(handle);
    for (const finding of await ipam.inspect()) await ipam.repair(finding);
    const left = await ipam.inspect();
    if (left.length > 0) throw new Error(`after repair: ${left.map(({ message }) => message).join(' ')}`);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Held is exactly what live workloads use; and when they go, every address can be given out again. */
  async #checkNothingIsLost(): Promise<void> {
    const ipam = this.#undisturbed();
    const held = this.#monitor.holders();
    const used = new Map(this.#ledger.owners);
    for (const [address, handle] of held)
      if (used.get(address) !== handle) throw new Error(`${address} is held by ${handle}, which is gone`);
    for (const handle of [...this.#ledger.live.keys()]) {
      this.#ledger.releasing(handle);
      await ipam.releaseByHandle(handle);
    }
    this.#now += 3_600_000;
    await this.#allowEverything();
    for (const pool of [POOL4, POOL6]) await this.#useUp(ipam, pool);
  }

  async #allowEverything(): Promise<void> {
    const key = { kind: 'IPAMConfiguration', name: 'default' } as const;
    await this.#store.delete(key);
  }

  async #useUp(ipam: Ipam, pool: Prefix): Promise<void> {
    const total = Number(addressCount(pool));
    const num = pool === POOL4 ? 'num4' : 'num6';
    for (let count = 0; count < total; count++) {
      const node = this.#nodes[count % this.#nodes.length] as string;
      const outcome = await ipam.autoAssign({
        node,
        handle: `last-${pool}-${count}`,
        [num]: 1,
        intendedUse: 'Workload',
      });
      if (outcome.kind !== 'assigned')
        throw new Error(
          `only ${count} of ${total} addresses of ${pool} can be given out: ${outcome.message}`,
        );
    }
  }

  /** An allocator without faults, for the end. */
  #undisturbed(): Ipam {
    const monitor = this.#monitor;
    const store = this.#store;
    const watched: Datastore = Object.assign(Object.create(store), {
      create: (resource: ResourceOf<Kind>) =>
        noting(resource.kind, resource.metadata.name, store.create(resource)),
      update: (resource: ResourceOf<Kind>) =>
        noting(resource.kind, resource.metadata.name, store.update(resource)),
      delete: (key: { kind: Kind; name: string }, revision?: string) =>
        noting(key.kind, key.name, store.delete(key, revision)),
      get: store.get.bind(store),
      list: store.list.bind(store),
    });
    return createIpam({ store: watched, now: () => this.#now });

    async function noting<T>(kind: Kind, name: string, write: Promise<T>): Promise<T> {
      const outcome = await write;
      await monitor.written(kind, name);
      return outcome;
    }
  }

  #newHandle(): string {
    return `workload-${this.#workloads++}`;
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }
}

/** One life of a node's process. */
class Process {
  /** Handles its workers are busy with. */
  readonly underWay = new Set<string>();
}

function pool(name: string, cidr: Prefix, blockSize: number): IPPool {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name },
    spec: {
      cidr,
      blockSize,
      ipipMode: 'Never',
      vxlanMode: 'Never',
      natOutgoing: false,
      disabled: false,
      disableBGPExport: false,
      nodeSelector: 'all()',
      allowedUses: ['Workload', 'Tunnel'],
      assignmentMode: 'Automatic',
    },
  };
}

function nodeResource(name: string): Node {
  return { apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata: { name }, spec: {} };
}

function configuration(random: Random): IPAMConfiguration {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPAMConfiguration',
    metadata: { name: 'default' },
    spec: {
      strictAffinity: random.chance(0.4),
      autoAllocateBlocks: random.chance(0.9),
      maxBlocksPerHost: random.pick([0, 0, 2]),
      ipCooldownSeconds: random.pick([0, 5, 60]),
    },
  };
}

/**
 * Several nodes on one store, each with an allocator and several workers, doing everything at once while calls fail,
 * answers get lost and processes die. What must hold is checked after every write (monitor.ts), and again when everybody
 * has stopped and what the crashes left is repaired.
 *
 * A run is the same whenever its seed is the same, and the message of a failure carries the seed.
 */
import { createMemoryStore, type Datastore } from '@weft/datastore';
import { addressCount, type Prefix } from '@weft/ip';
import { createIpam, type Ipam } from '../../src/index.ts';
import { configuration, node, pool } from '../support/fixtures.ts';
import { interceptStore, isWrite } from '../support/intercepted-store.ts';
import { Ledger } from '../support/ledger.ts';
import { Monitor } from '../support/monitor.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { addPool, BLOCK_SIZES, randomSettings } from './administrator.ts';
import { type FaultRates, faultyConnection, NO_FAULTS } from './faults.ts';
import { Scheduler } from './scheduler.ts';
import { Worker, type Workplace } from './worker.ts';

/** What to simulate. */
export interface SimulationOptions {
  readonly seed: number;
  /** How many store calls and pauses to make before everybody stops. */
  readonly steps: number;
}

/** What a run did. */
export interface SimulationReport {
  readonly crashes: number;
  /** How many operations ended in which way. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/** Runs one simulation; throws on the first broken promise, naming the seed. */
export async function simulate({ seed, steps }: SimulationOptions): Promise<SimulationReport> {
  try {
    return await new Simulation(seed).run(steps);
  } catch (cause) {
    const message = `simulation of seed ${seed}, ${steps} steps (repeat it: WEFT_IPAM_SEED=${seed}): ${(cause as Error).message}`;
    throw new Error(message, { cause });
  }
}

const WORKERS_PER_NODE = 2;

/** What one worker is doing. */
interface Operation {
  isPausing: boolean;
}

class Simulation {
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #store: Datastore;
  readonly #ledger = new Ledger();
  readonly #monitor: Monitor;
  readonly #place: Omit<Workplace, 'pause'>;
  readonly #outcomes = new Map<string, number>();
  /** What workers are busy with. */
  readonly #underWay = new Set<Operation>();
  #faults: FaultRates;
  #now = 1_800_000_000_000;
  #crashes = 0;
  #isOver = false;
  #failure: unknown;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#scheduler = new Scheduler(this.#random);
    let objects = 0;
    this.#store = createMemoryStore({ now: () => this.#now, uuid: () => `uid-${objects++}` });
    this.#monitor = new Monitor(this.#store, this.#ledger);
    const rate = this.#random.pick([0, 0.005, 0.03]);
    this.#faults = { unreached: rate, answerLost: rate, denied: rate, crash: rate / 2 };
    this.#place = this.#workplace();
  }

  async run(steps: number): Promise<SimulationReport> {
    await this.#furnish();
    for (const name of this.#place.nodes) this.#startProcess(name);
    for (let step = 0; step < steps; step++) await this.#step();
    await this.#stopAndRepair();
    this.#checkHolders();
    await this.#checkNothingIsLost();
    return { crashes: this.#crashes, outcomes: this.#outcomes };
  }

  #workplace(): Omit<Workplace, 'pause'> {
    let handles = 0;
    return {
      store: this.#store,
      ledger: this.#ledger,
      monitor: this.#monitor,
      random: this.#random,
      nodes: Array.from({ length: 2 + this.#random.below(7) }, (_, index) => `node${index}`),
      pools: ['10.0.0.0/28' as Prefix, 'fd00::/124' as Prefix],
      newHandle: () => `workload-${handles++}`,
      nodeOfHandle: new Map(),
      now: () => this.#now,
      count: (outcome) => this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1),
    };
  }

  /** Small pools, so that they run out, and settings of every sort. */
  async #furnish(): Promise<void> {
    const random = this.#random;
    const [cidr4, cidr6] = this.#place.pools as [Prefix, Prefix];
    await this.#store.create(
      pool('pool4', cidr4, { blockSize: random.pick(BLOCK_SIZES[4]), vxlanMode: 'Always' }),
    );
    await this.#store.create(pool('pool6', cidr6, { blockSize: random.pick(BLOCK_SIZES[6]) }));
    for (const name of this.#place.nodes) await this.#store.create(node(name));
    if (random.chance(0.8)) await this.#store.create(configuration(randomSettings(random)));
  }

  /** Lets one waiting call go on. Time passes in small bits, and now and then in one that ends every cooldown. */
  async #step(): Promise<boolean> {
    this.#now += this.#random.chance(0.002) ? 70_000 : this.#random.below(200);
    const moved = await this.#scheduler.step();
    if (this.#failure !== undefined) throw this.#failure;
    return moved;
  }

  /** Starts a node's process: one allocator, several workers. When it dies, its work ends in limbo and another starts. */
  #startProcess(name: string): void {
    const underWay = new Set<string>();
    let isAlive = true;
    const { promise: death, resolve: die } = Promise.withResolvers<void>();
    const died = () => {
      isAlive = false;
      die();
      this.#crashes++;
      for (const handle of underWay) this.#ledger.abandon(handle);
      this.#startProcess(name);
    };
    const around = faultyConnection(
      {
        random: this.#random,
        scheduler: this.#scheduler,
        faults: () => this.#faults,
        written: (kind, object) => this.#monitor.written(kind, object).catch(this.#fail),
      },
      died,
    );
    const store = interceptStore(this.#store, around);
    const ipam = createIpam({ store, now: () => this.#now });
    for (let count = 0; count < WORKERS_PER_NODE; count++) {
      const operation: Operation = { isPausing: false };
      const place = { ...this.#place, pause: () => this.#pause(operation) };
      death.then(() => this.#underWay.delete(operation));
      this.#employ(new Worker(place, name, ipam, store, underWay), operation, () => isAlive).catch(
        this.#fail,
      );
    }
  }

  async #employ(worker: Worker, operation: Operation, isAlive: () => boolean): Promise<void> {
    while (!this.#isOver) {
      operation.isPausing = false;
      this.#underWay.add(operation);
      await worker.work();
      this.#underWay.delete(operation);
      await this.#scheduler.turn(isAlive);
    }
  }

  /** Ends when nothing is under way any more of what is now; those who pause themselves claim nothing and do not count. */
  async #pause(own: Operation): Promise<void> {
    own.isPausing = true;
    const before = [...this.#underWay];
    const isWaitedFor = (one: Operation) => this.#underWay.has(one) && !one.isPausing;
    while (before.some(isWaitedFor)) await this.#scheduler.turn(() => true);
  }

  #fail = (error: unknown): void => {
    this.#failure ??= error;
  };

  /** Everybody finishes what is under way; then what is in limbo is released, and the rest repaired. */
  async #stopAndRepair(): Promise<void> {
    this.#isOver = true;
    this.#faults = NO_FAULTS;
    while (await this.#step());
    const ipam = this.#undisturbed();
    for (const handle of this.#ledger.limbo) await ipam.releaseByHandle(handle);
    for (const name of this.#place.nodes) await this.#settleNode(ipam, name);
    await this.#repair(ipam);
  }

  /** A node that is there has its tunnels' addresses, one that is gone has nothing. */
  async #settleNode(ipam: Ipam, name: string): Promise<void> {
    const resource = await this.#store.get({ kind: 'Node', name });
    if (resource) await ipam.ensureTunnels(name, { wireguardHostEncryption: false });
    else await ipam.releaseHost(name);
  }

  async #repair(ipam: Ipam): Promise<void> {
    for (const finding of await ipam.inspect()) await ipam.repair(finding);
    const left = (await ipam.inspect()).map(({ message }) => message);
    if (left.length > 0) throw new Error(`after repair: ${left.join(' ')}`);
  }

  /** What is held is what live workloads and the tunnels of nodes use. */
  #checkHolders(): void {
    const tunnels = this.#monitor.tunnels();
    for (const [address, handle] of this.#monitor.holders()) {
      if (this.#ledger.ownerOf(address) !== handle && tunnels.get(address) !== handle)
        throw new Error(`${address} is held by ${handle}, which is gone`);
    }
  }

  /** When everybody has left, every address can be given out again. */
  async #checkNothingIsLost(): Promise<void> {
    const ipam = this.#undisturbed();
    for (const handle of [...this.#ledger.live.keys()]) {
      this.#ledger.releasing(handle);
      await ipam.releaseByHandle(handle);
    }
    for (const name of this.#place.nodes) {
      await this.#store.delete({ kind: 'Node', name });
      await this.#monitor.written('Node', name);
      await ipam.releaseHost(name);
      await this.#store.create(node(name));
    }
    this.#now += 3_600_000;
    await this.#repair(ipam);
    await this.#store.delete({ kind: 'IPAMConfiguration', name: 'default' });
    for (const cidr of this.#place.pools) await addPool(this.#store, this.#random, cidr);
    for (const resource of (await this.#store.list('IPPool')).items)
      await this.#store.update({ ...resource, spec: { ...resource.spec, disabled: false } });
    const [pool4, pool6] = this.#place.pools as [Prefix, Prefix];
    await this.#useUp(ipam, pool4, 'num4');
    await this.#useUp(ipam, pool6, 'num6');
  }

  async #useUp(ipam: Ipam, cidr: Prefix, num: 'num4' | 'num6'): Promise<void> {
    const total = Number(addressCount(cidr));
    for (let count = 0; count < total; count++) {
      const name = this.#place.nodes[count % this.#place.nodes.length] as string;
      const request = { node: name, handle: `last-${count}`, [num]: 1, intendedUse: 'Workload' } as const;
      const outcome = await ipam.autoAssign(request);
      if (outcome.kind !== 'assigned')
        throw new Error(
          `only ${count} of ${total} addresses of ${cidr} can be given out: ${outcome.message}`,
        );
    }
  }

  /** An allocator without faults, for the end; the monitor still follows. */
  #undisturbed(): Ipam {
    const store = interceptStore(this.#store, async (call, perform) => {
      const answer = await perform();
      if (isWrite(call)) await this.#monitor.written(call.kind, call.name as string);
      return answer;
    });
    return createIpam({ store, now: () => this.#now });
  }
}

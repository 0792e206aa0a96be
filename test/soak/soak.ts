/** A soak: actions one after the other, and invariants asked after each of them. */
import { defaultTopology, type Installation, type Topology } from '@weft/lab';
import { type Action, after, BEGINNING, closing, type Model, WITNESS } from './actions.ts';
import { violationsOf } from './invariants.ts';
import { LogReader } from './logs.ts';
import { type MemorySample, memoryViolations } from './memory.ts';
import { measureMemory, observe, observeStore, samplePings } from './observe.ts';
import { isPointless, perform } from './perform.ts';
import { type Random, seeded } from './random.ts';

/** What became of a soak. */
export interface SoakResult {
  /** Done, in order: the failing one is the last. */
  readonly actions: readonly Action[];
  /** How often everything was asked for and held. */
  readonly settled: number;
  readonly longestSettlingMilliseconds: number;
  readonly memory: readonly MemorySample[];
  /** What does not hold; empty after a walk without a fault. */
  readonly violations: readonly string[];
}

/** How a soak is done. */
export interface SoakOptions {
  readonly lab: string;
  readonly seed: number;
  readonly actions: Iterable<Action>;
  readonly installation: Installation;
  /** True: no action more; what is broken is healed, and everything has to hold. */
  readonly isOver: (done: number) => boolean;
  readonly progress: (text: string) => void;
}

/** Longer than the 120 s for which a restarted speaker waits for a peer that went away meanwhile. */
const SETTLING_DEADLINE_MS = 150_000;

/** Four nodes with a pod each, in both families, small blocks so that they come and go, and an etcd. */
export function soakTopology(): Topology {
  const pools = [
    { name: 'pods', cidr: '10.50.0.0/20', blockSize: 29 },
    { name: 'spare', cidr: '10.60.0.0/20', blockSize: 29 },
    { name: 'pods6', cidr: 'fd00:50::/112', blockSize: 125 },
  ];
  return { ...defaultTopology(4, 1), pools, datastore: 'etcd', holdTimeSeconds: 3 };
}

/** Walks through a lab that is as `soakTopology` says, until something does not hold or it is over. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const walk = new Soak(options);
  try {
    for (const action of options.actions) {
      if (options.isOver(walk.done)) break;
      if (!(await walk.step(action))) return walk.result();
    }
    for (const action of closing(walk.model)) if (!(await walk.step(action))) return walk.result();
  } catch (error) {
    walk.failed(error);
  }
  return walk.result();
}

class Soak {
  readonly #options: SoakOptions;
  readonly #logs: LogReader;
  /** Its own, so that what is pinged does not depend on how often. */
  readonly #random: Random;
  readonly #actions: Action[] = [];
  readonly #memory: MemorySample[] = [];
  #violations: string[] = [];
  #settled = 0;
  #longest = 0;
  model: Model = BEGINNING;

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#logs = new LogReader(options.lab);
    this.#random = seeded(options.seed + 1);
  }

  get done(): number {
    return this.#actions.length;
  }

  /** Does an action, and asks; false when something does not hold. */
  async step(action: Action): Promise<boolean> {
    const { lab, installation, progress } = this.#options;
    if (await isPointless(lab, action)) return true;
    progress(`${this.done + 1} ${JSON.stringify(action)}`);
    // Before a host is removed with its log.
    this.#violations = this.#logs.unexpected();
    this.#actions.push(action);
    await perform(lab, action, installation);
    this.model = after(this.model, action);
    if (action.kind === 'settle') this.#violations.push(...(await this.#settle()));
    else this.#violations.push(...violationsOf(await observeStore(lab, this.model), 'always'));
    return this.#violations.length === 0;
  }

  /** An action that could not be done is the last. */
  failed(error: unknown): void {
    const { message, hint } = error as { message: string; hint?: string };
    const said = [message, hint].filter((text) => text !== undefined).join(': ');
    this.#violations = [`${JSON.stringify(this.#actions.at(-1))} failed: ${said}`];
  }

  /** Waits until everything holds; what does not at the deadline. */
  async #settle(): Promise<string[]> {
    const { lab } = this.#options;
    const start = performance.now();
    for (;;) {
      const state = await observe(lab, this.model);
      let violations = violationsOf(state, 'all');
      if (violations.length === 0)
        violations = violationsOf(await samplePings(state, lab, this.#random), 'all');
      const took = performance.now() - start;
      if (violations.length > 0 && took > SETTLING_DEADLINE_MS) return violations;
      if (violations.length > 0) continue;
      this.#longest = Math.max(this.#longest, took);
      this.#settled++;
      this.#memory.push({ action: this.done, ...(await measureMemory(lab, WITNESS)) });
      return [];
    }
  }

  result(): SoakResult {
    return {
      actions: this.#actions,
      settled: this.#settled,
      longestSettlingMilliseconds: this.#longest,
      memory: this.#memory,
      violations: [...this.#violations, ...memoryViolations(this.#memory)],
    };
  }
}

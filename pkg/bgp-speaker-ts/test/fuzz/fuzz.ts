/**
 * The loop: take an input of the corpus, change it, run it, keep it when it covered something new.
 *
 * What one input may cost is checked behind it, what all inputs leave in memory at the end. An input that breaks a
 * target is made as small as it can be while it still breaks it in the same way.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Corpus, readSavedInputs } from './corpus.ts';
import { counters, distances, takeAllocatedBytes } from './counters.ts';
import { DICTIONARY } from './dictionary.ts';
import { Mutator } from './mutate.ts';
import { FuzzRandom } from './random.ts';
import { check, type Target } from './target.ts';

/** How long and how to fuzz one target. */
export interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  /** `performance.now()` at which to stop. */
  readonly deadline: number;
  readonly edgeCount: number;
  readonly comparisonCount: number;
  /** Whole numbers of the code, for the dictionary. */
  readonly numbers: Iterable<number>;
}

/** An input that breaks something. */
export interface Finding {
  readonly target: string;
  readonly message: string;
  /** As small as it could be made. */
  readonly input: Uint8Array;
  /** Inputs run before it. */
  readonly afterInputs: number;
}

/** What came of fuzzing one target. */
export interface FuzzResult {
  readonly corpus: Corpus;
  readonly inputs: number;
  /** Time of the processor, which other programs do not lengthen. */
  readonly milliseconds: number;
  /** What stayed in memory, the corpus taken off. */
  readonly heapGrowthBytes: number;
  readonly finding: Finding | undefined;
}

const MAX_HEAP_GROWTH_BYTES = 8 * 1024 * 1024;
const RUNS_BETWEEN_LOOKS = 64;
const RUNS_BEFORE_HEAP_IS_MEASURED = 2_000;
const SHRINK_ROUNDS = 500;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Fuzzes one target. */
export function fuzz(target: Target, options: FuzzOptions): FuzzResult {
  const begin = process.cpuUsage();
  const run = new Run(target, options);
  run.all();
  const { corpus, inputs, finding, heapGrowthBytes } = run;
  const { user, system } = process.cpuUsage(begin);
  return { corpus, inputs, finding, heapGrowthBytes, milliseconds: (user + system) / 1000 };
}

/** Runs one input and checks what it cost; gives what is wrong, or undefined. */
export function findFault(target: Target, input: Uint8Array, note: () => number): string | undefined {
  takeAllocatedBytes();
  try {
    target.run(input);
    const steps = note();
    const { length } = input;
    check(steps <= target.maxSteps(length), `${length} octets take ${steps} steps`);
    const allocated = takeAllocatedBytes();
    check(allocated <= target.maxAllocatedBytes(length), `${length} octets allocate ${allocated} octets`);
    return undefined;
  } catch (error) {
    clear();
    return describe(error);
  }
}

class Run {
  readonly corpus: Corpus;
  inputs = 0;
  finding: Finding | undefined;
  heapGrowthBytes = 0;
  readonly #target: Target;
  readonly #options: FuzzOptions;
  readonly #random: FuzzRandom;
  readonly #mutator: Mutator;

  constructor(target: Target, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.corpus = new Corpus(options.edgeCount, options.comparisonCount);
    this.#random = new FuzzRandom(options.seed);
    const words = [...DICTIONARY, ...[...options.numbers].map(toWord)];
    this.#mutator = new Mutator(this.#random, target.maxBytes, words);
  }

  all(): void {
    const { name, maxBytes } = this.#target;
    const seeds = [new Uint8Array(0), ...this.#target.seeds(), ...readSavedInputs(name)];
    clear();
    for (const seed of seeds) if (!this.#one(seed.subarray(0, maxBytes))) return;
    if (!this.#mutate(RUNS_BEFORE_HEAP_IS_MEASURED)) return;
    const before = this.#heapBytes();
    if (!this.#mutate(this.#options.inputs)) return;
    this.heapGrowthBytes = Math.max(0, this.#heapBytes() - before);
    if (this.heapGrowthBytes <= MAX_HEAP_GROWTH_BYTES) return;
    this.#report(`the heap grew by ${this.heapGrowthBytes} octets`, new Uint8Array(0));
  }

  /** Runs changed inputs until so many were run in all; false when one broke the target. */
  #mutate(until: number): boolean {
    const limit = Math.min(until, this.#options.inputs);
    while (this.inputs < limit) {
      const late = this.inputs % RUNS_BETWEEN_LOOKS === 0 && performance.now() > this.#options.deadline;
      if (late) return true;
      if (!this.#one(this.#mutator.mutate(this.#choose(), this.#choose()))) return false;
    }
    return true;
  }

  /** Half the time one of the newest inputs, because what is new has been changed the least. */
  #choose(): Uint8Array {
    const { entries } = this.corpus;
    const recent = this.#random.below(2) === 0 ? Math.min(24, entries.length) : entries.length;
    return entries[entries.length - 1 - this.#random.below(recent)]?.bytes ?? new Uint8Array(0);
  }

  #one(input: Uint8Array): boolean {
    const message = findFault(this.#target, input, () => this.corpus.note(input));
    this.inputs += 1;
    if (message !== undefined) this.#report(message, this.#shrink(input.slice(), message));
    return message === undefined;
  }

  #report(message: string, input: Uint8Array): void {
    this.finding = { target: this.#target.name, message, input, afterInputs: this.inputs };
  }

  /** Cuts pieces out, the larger ones first, as long as the first line of what is wrong stays the same. */
  #shrink(input: Uint8Array, message: string): Uint8Array {
    let smallest = input;
    let rounds = 0;
    for (let piece = input.length >> 1; piece > 0; piece >>= 1) {
      for (let at = 0; at + piece <= smallest.length && rounds < SHRINK_ROUNDS; rounds += 1) {
        const shorter = new Uint8Array(smallest.length - piece);
        shorter.set(smallest.subarray(0, at));
        shorter.set(smallest.subarray(at + piece), at);
        const found = findFault(this.#target, shorter, takeSteps);
        if (found !== undefined && kindOf(found) === kindOf(message)) smallest = shorter;
        else at += piece;
      }
    }
    return smallest;
  }

  #heapBytes(): number {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers - this.corpus.byteLength;
  }
}

/** Adds the counters up and clears them. */
export function takeSteps(): number {
  const steps = counters.reduce((sum, count) => sum + count, 0);
  clear();
  return steps;
}

function clear(): void {
  counters.fill(0);
  distances.fill(0);
}

/** A fault without its numbers and without the stack behind its first line. */
function kindOf(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/\d+/g, '');
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Violation' ? error.message : (error.stack ?? error.message);
}

function toWord(number: number): Uint8Array {
  if (number <= 0xff) return new Uint8Array([number]);
  const octets =
    number <= 0xffff ? [number >>> 8, number] : [number >>> 24, number >>> 16, number >>> 8, number];
  return new Uint8Array(octets);
}

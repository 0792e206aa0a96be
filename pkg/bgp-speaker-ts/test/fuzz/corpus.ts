/**
 * The inputs that are worth changing: each took an edge, or took it a number of times, or came
 * nearer to a number the code compares with, than any before it.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { counters, distances } from './counters.ts';

const FOLDER = join(import.meta.dirname, 'corpus');
/** What is kept in the repository of one target. */
const MAX_SAVED = 48;
const MAX_SAVED_BYTES = 400;

interface Entry {
  readonly bytes: Uint8Array;
  /** Edges it was the first to take. */
  readonly edges: readonly number[];
}

/** Inputs of one target and what they have covered. */
export class Corpus {
  readonly entries: Entry[] = [];
  /** Per edge a bit for each order of magnitude in which it was taken. */
  readonly #seen: Uint8Array = new Uint8Array(counters.length);
  /** Per comparison the distances there were. */
  readonly #near: Uint8Array = new Uint8Array(distances.length);
  readonly #edgeCount: number;
  readonly #comparisonCount: number;

  constructor(edgeCount: number, comparisonCount: number) {
    this.#edgeCount = edgeCount;
    this.#comparisonCount = comparisonCount;
  }

  /**
   * Reads and clears the counters after an input, and keeps the input if it did something new.
   *
   * @returns how many edges it took in all
   */
  note(input: Uint8Array): number {
    let steps = 0;
    let isNew = this.#noteDistances();
    const edges: number[] = [];
    for (let edge = 0; edge < this.#edgeCount; edge += 1) {
      const count = counters[edge] as number;
      if (count === 0) continue;
      counters[edge] = 0;
      steps += count;
      const bit = magnitude(count);
      const seen = this.#seen[edge] as number;
      if ((seen & bit) !== 0) continue;
      if (seen === 0) edges.push(edge);
      this.#seen[edge] = seen | bit;
      isNew = true;
    }
    if (isNew) this.entries.push({ bytes: input.slice(), edges });
    return steps;
  }

  #noteDistances(): boolean {
    let isNew = false;
    for (let comparison = 0; comparison < this.#comparisonCount; comparison += 1) {
      const bits = distances[comparison] as number;
      if (bits === 0) continue;
      distances[comparison] = 0;
      const known = this.#near[comparison] as number;
      if ((bits & ~known) === 0) continue;
      this.#near[comparison] = known | bits;
      isNew = true;
    }
    return isNew;
  }

  /** Whether an edge was taken. */
  covers(edge: number): boolean {
    return this.#seen[edge] !== 0;
  }

  /** Octets of all inputs. */
  get byteLength(): number {
    return this.entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Writes the inputs that took an edge first to the repository, those with the most such edges, as hex. */
  save(target: string): void {
    const worth = this.entries
      .filter(({ bytes, edges }) => edges.length > 0 && bytes.length <= MAX_SAVED_BYTES)
      .toSorted((left, right) => right.edges.length - left.edges.length)
      .slice(0, MAX_SAVED);
    const lines = worth.map(({ bytes }) => Buffer.from(bytes).toString('hex'));
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(join(FOLDER, `${target}.txt`), `${lines.sort().join('\n')}\n`);
  }
}

/** Reads the inputs of a target that are in the repository. */
export function readSavedInputs(target: string): Uint8Array[] {
  try {
    const lines = readFileSync(join(FOLDER, `${target}.txt`), 'utf8').split('\n');
    return lines.map((line) => new Uint8Array(Buffer.from(line, 'hex')));
  } catch {
    return [];
  }
}

/** The orders of magnitude of AFL: 1, 2, 3, 4–7, 8–15, 16–31, 32–127, 128 and more. */
function magnitude(count: number): number {
  if (count < 4) return 1 << (count - 1);
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}

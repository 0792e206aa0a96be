/**
 * What lies between nodes: how long bytes are under way, and which nodes cannot reach each other.
 */
import { createRandom } from 'bgp-speaker-ts';
import type { SimulatedNode } from './simulated-node.ts';

/** One way, in ms: the same between all nodes, or a range from which each pair has its own. */
export type Latency = number | { readonly from: number; readonly to: number };

/** Latencies are whole steps of this, in ms, so that much of what happens happens at once. */
const STEP_MS = 0.1;

/** The links between all nodes. */
export class Links {
  readonly #seed: number;
  readonly #latency: Latency;
  /** Pairs of indexes that are cut off from each other. */
  readonly #cut = new Set<string>();
  /** Sides of a partition by index; nodes that are named in none are together. */
  #sides: ReadonlyMap<number, number> = new Map();
  readonly #isolated = new Set<number>();

  constructor(seed: number, latency: Latency) {
    this.#seed = seed;
    this.#latency = latency;
  }

  /** How long bytes are under way between two nodes, in ms; both ways alike. */
  latency(one: SimulatedNode, other: SimulatedNode): number {
    if (typeof this.#latency === 'number') return this.#latency;
    const { from, to } = this.#latency;
    const [low, high] = ordered(one, other);
    const share = createRandom(
      Math.imul(low + 1, 0x9e37_79b1) ^ Math.imul(high + 1, 0x85eb_ca6b) ^ this.#seed,
    )();
    return Math.round((from + share * (to - from)) / STEP_MS) * STEP_MS;
  }

  /** Whether packets get from one to the other. */
  isUp(one: SimulatedNode, other: SimulatedNode): boolean {
    if (one === other) return true;
    if (this.#isolated.has(one.index) || this.#isolated.has(other.index)) return false;
    if (this.#sides.get(one.index) !== this.#sides.get(other.index)) return false;
    return this.#cut.size === 0 || !this.#cut.has(pairOf(one, other));
  }

  cut(one: SimulatedNode, other: SimulatedNode): void {
    this.#cut.add(pairOf(one, other));
  }

  heal(one: SimulatedNode, other: SimulatedNode): void {
    this.#cut.delete(pairOf(one, other));
  }

  /** Divides the network anew; without sides it is whole. */
  partition(sides: readonly (readonly SimulatedNode[])[]): void {
    this.#sides = new Map(sides.flatMap((nodes, side) => nodes.map(({ index }) => [index, side])));
  }

  isolate(node: SimulatedNode): void {
    this.#isolated.add(node.index);
  }

  rejoin(node: SimulatedNode): void {
    this.#isolated.delete(node.index);
  }
}

function pairOf(one: SimulatedNode, other: SimulatedNode): string {
  return ordered(one, other).join(' ');
}

function ordered(one: SimulatedNode, other: SimulatedNode): readonly [number, number] {
  return one.index < other.index ? [one.index, other.index] : [other.index, one.index];
}

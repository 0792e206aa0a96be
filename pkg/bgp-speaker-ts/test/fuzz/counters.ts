/**
 * What instrumented code reports to: how often each edge was taken, how near numbers came
 * to each other that were compared, and how much memory was asked for by hand.
 *
 * The fuzzer clears them before an input and looks at them after it. An edge is a way the code can go: into a function,
 * into and past an `if`, into a loop, a `case`, either side of a `?:`, the right side of `&&`, `||` and `??`.
 */

/** Most edges the instrumented files can have. */
const CAPACITY = 16_384;
/** A loop that goes round this often for one small input does not end. */
const MAX_ROUNDS = 500_000;

/** Times each edge was taken since it was last cleared. */
export const counters: Uint32Array = new Uint32Array(CAPACITY);

/** Per comparison of numbers a bit for each count of bits, 0 to 7, in which the two differed. */
export const distances: Uint8Array = new Uint8Array(CAPACITY);

let allocatedBytes = 0;

/** Gives the octets asked for since the last call, and starts anew. */
export function takeAllocatedBytes(): number {
  const taken = allocatedBytes;
  allocatedBytes = 0;
  return taken;
}

/** Notes an array made by `new` in instrumented code. */
export function noteArray<T extends ArrayBufferLike | ArrayBufferView | readonly unknown[]>(array: T): T {
  allocatedBytes += Array.isArray(array) ? array.length * 8 : (array as ArrayBufferView).byteLength;
  return array;
}

/**
 * Compares like `===`, and notes how near two numbers came: inputs that come nearer to what the code compares with are
 * worth keeping, because a number of two octets is seldom hit at once.
 */
export function noteSame(comparison: number, left: unknown, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'number') {
    let differing = left ^ right;
    let count = 0;
    for (; differing !== 0 && count < 7; count += 1) differing &= differing - 1;
    distances[comparison] = (distances[comparison] as number) | (1 << count);
  }
  return left === right;
}

/** Notes a round of a loop; throws when there were too many. */
export function noteRound(edge: number): void {
  const rounds = (counters[edge] as number) + 1;
  counters[edge] = rounds;
  if (rounds > MAX_ROUNDS) throw new Error('a loop does not end');
}

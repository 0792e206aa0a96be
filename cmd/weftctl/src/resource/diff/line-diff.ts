/** The difference of two texts, line by line, as `diff -u` prints it. Pure. */

/** One line of the longer story: in both texts, or only in one. */
export interface DiffLine {
  readonly kind: ' ' | '-' | '+';
  readonly text: string;
}

/** Lines of context around a change. */
const CONTEXT = 3;

/**
 * All lines of both texts, in an order in which those that stay are as many as possible: the shortest edit script.
 * Source: Myers, An O(ND) Difference Algorithm (1986).
 */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const trace = shortestEdit(before, after);
  const lines: DiffLine[] = [];
  let [x, y] = [before.length, after.length];
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const ends = trace[edits] as Ends;
    const diagonal = x - y;
    const goesDown =
      diagonal === -edits || (diagonal !== edits && ends.at(diagonal - 1) < ends.at(diagonal + 1));
    const previous = diagonal + (goesDown ? 1 : -1);
    const startX = edits === 0 ? 0 : ends.at(previous);
    const startY = edits === 0 ? 0 : startX - previous;
    while (x > startX && y > startY) {
      x -= 1;
      y -= 1;
      lines.push({ kind: ' ', text: before[x] as string });
    }
    if (edits === 0) break;
    if (goesDown) {
      y -= 1;
      lines.push({ kind: '+', text: after[y] as string });
    } else {
      x -= 1;
      lines.push({ kind: '-', text: before[x] as string });
    }
  }
  return lines.toReversed();
}

/** How far each diagonal (x − y) was reached with a number of edits. */
class Ends {
  readonly #reached: Int32Array;
  readonly #offset: number;

  constructor(length: number, from?: Ends) {
    this.#offset = length + 1;
    this.#reached = from === undefined ? new Int32Array(2 * length + 3) : from.#reached.slice();
  }

  at(diagonal: number): number {
    return this.#reached[this.#offset + diagonal] ?? 0;
  }

  set(diagonal: number, x: number): void {
    this.#reached[this.#offset + diagonal] = x;
  }
}

/** For each number of edits, how far one had come before it; the last one reaches the end of both texts. */
function shortestEdit(before: readonly string[], after: readonly string[]): Ends[] {
  const longest = before.length + after.length;
  const ends = new Ends(longest);
  const trace: Ends[] = [];
  for (let edits = 0; edits <= longest; edits += 1) {
    trace.push(new Ends(longest, ends));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const goesDown =
        diagonal === -edits || (diagonal !== edits && ends.at(diagonal - 1) < ends.at(diagonal + 1));
      let x = goesDown ? ends.at(diagonal + 1) : ends.at(diagonal - 1) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      ends.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return trace;
    }
  }
  return trace;
}

/** The hunks of `diff -u`, without file names; none when nothing differs. */
export function unifiedDiff(before: readonly string[], after: readonly string[]): string[] {
  const lines = diffLines(before, after);
  const hunks: string[] = [];
  let [oldLine, newLine] = [1, 1];
  for (let start = 0; start < lines.length; ) {
    const first = lines.findIndex(({ kind }, index) => index >= start && kind !== ' ');
    if (first < 0) break;
    const from = Math.max(start, first - CONTEXT);
    const end = hunkEnd(lines, first);
    const skipped = from - start;
    oldLine += skipped;
    newLine += skipped;
    const hunk = lines.slice(from, end);
    const oldCount = hunk.filter(({ kind }) => kind !== '+').length;
    const newCount = hunk.filter(({ kind }) => kind !== '-').length;
    hunks.push(`@@ -${range(oldLine, oldCount)} +${range(newLine, newCount)} @@`);
    hunks.push(...hunk.map(({ kind, text }) => kind + text));
    oldLine += oldCount;
    newLine += newCount;
    start = end;
  }
  return hunks;
}

/** A hunk goes on while less than twice the context stays the same. */
function hunkEnd(lines: readonly DiffLine[], first: number): number {
  let last = first;
  for (let index = first; index < lines.length && index - last <= 2 * CONTEXT; index += 1) {
    if (lines[index]?.kind !== ' ') last = index;
  }
  return Math.min(lines.length, last + 1 + CONTEXT);
}

/** A range without lines is named by the line before it. */
function range(line: number, count: number): string {
  return count === 0 ? `${line - 1},0` : `${line},${count}`;
}

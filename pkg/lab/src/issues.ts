/**
 * What can be wrong with a lab, as data (an issue of a file) and as the error that ends a command.
 */

/** One thing wrong in a topology file. `path` is dotted, empty for the whole file. */
export interface LabIssue {
  readonly path: string;
  readonly reason: string;
}

/** An unknown field, with the nearest known one when there is one to think of. */
export function unknownFieldIssue(path: string, field: string, known: readonly string[]): LabIssue {
  const nearest = known.find((name) => distance(name, field) <= 2);
  const hint = nearest === undefined ? `known here: ${known.join(', ')}` : `did you mean ${nearest}?`;
  return { path: path === '' ? field : `${path}.${field}`, reason: `unknown field; ${hint}` };
}

/** Levenshtein distance; both words are short. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A lab command could not do its work. The message has three parts: what happened, to which object, what to do. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly object: string;
  readonly hint: string;

  constructor(what: string, object: string, hint: string, options?: ErrorOptions) {
    super(what, options);
    this.object = object;
    this.hint = hint;
  }
}

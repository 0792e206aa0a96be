/**
 * YAML that remembers its lines: text → plain values, and the line of each key.
 */

import { type Document, isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';

/** The way to a value: keys of maps and places in lists. */
export type Path = readonly (string | number)[];

/** A document that could be read. */
export interface ParsedYaml {
  readonly ok: true;
  readonly value: unknown;
  /** The line of a key, or of the innermost thing around it that is there; counted from 1. */
  readonly lineOf: (path: Path) => number;
}

/** A document, or its first error; the later ones are often its consequences. */
export type YamlResult = ParsedYaml | { readonly ok: false; readonly line: number; readonly reason: string };

/** Reads one document. */
export function parseYaml(text: string): YamlResult {
  const lines = new LineCounter();
  // Its warnings would go past our own words to standard error.
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    const [summary = ''] = error.message.split('\n');
    const reason = summary.replace(/ at line \d+, column \d+:?$/, '');
    return { ok: false, line: lines.linePos(error.pos[0]).line, reason };
  }
  const lineOf = (path: Path): number => lines.linePos(offsetOf(document, path)).line;
  try {
    return { ok: true, value: document.toJS(), lineOf };
  } catch (error) {
    // The package throws for aliases that would grow without measure.
    return { ok: false, line: 1, reason: error instanceof Error ? error.message : `${error}` };
  }
}

/** Writes a path as users do: `peers[1].asn`. */
export function showPath(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}

function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => String(key) === String(step)) : undefined;
    const place: unknown = isSeq(node) ? node.items[Number(step)] : pair?.key;
    const start = startOf(place);
    if (start === undefined) break;
    offset = start;
    node = pair === undefined ? place : pair.value;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/**
 * Resources from a YAML (or JSON) file as users write it: several documents, lists, and a line for each mistake.
 */
import { type Document, isMap, isNode, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Resource } from './generated/types.ts';
import { type Path, parsePath, type ValidationIssue } from './issue.ts';
import { parseResource } from './parse-resource.ts';

/** Where something stands. `document` and `line` count from 1. */
export interface Place {
  readonly file: string;
  readonly document: number;
  readonly line: number;
}

/** A resource and the place it begins at. */
export interface PlacedResource {
  readonly resource: Resource;
  readonly place: Place;
}

/** A mistake, the object it is in ("IPPool pool1"; empty when the file itself is broken), and its place. */
export interface PlacedIssue extends ValidationIssue {
  readonly object: string;
  readonly place: Place;
}

/** All resources of a file and all its mistakes; a file with issues should not be applied. */
export interface ParsedDocuments {
  readonly resources: readonly PlacedResource[];
  readonly issues: readonly PlacedIssue[];
}

/** Reads every document of a file; empty documents count but hold nothing. */
export function parseDocuments(yamlText: string, fileName: string): ParsedDocuments {
  const lines = new LineCounter();
  const documents = parseAllDocuments(yamlText, { lineCounter: lines, intAsBigInt: true });
  const parsed = [...documents].map((document, index) => {
    const at = (offset: number): Place => ({
      file: fileName,
      document: index + 1,
      line: lines.linePos(offset).line,
    });
    return readDocument(document, at);
  });
  return {
    resources: parsed.flatMap(({ resources }) => resources),
    issues: parsed.flatMap(({ issues }) => issues),
  };
}

type Locate = (offset: number) => Place;

function readDocument(document: Document.Parsed, at: Locate): ParsedDocuments {
  // Of several syntax errors all but the first are often its consequences.
  const [error] = document.errors;
  if (error !== undefined) return { resources: [], issues: [syntaxIssue(error, at)] };
  const value = plainValue(document);
  if (!value.ok) return { resources: [], issues: [value.issue(at(document.range[0]))] };
  const found = itemsOf(value.value, []).map(({ item, path }) => readItem(document, item, path, at));
  return {
    resources: found.flatMap((item) => ('resource' in item ? [item] : [])),
    issues: found.flatMap((item) => ('issues' in item ? item.issues : [])),
  };
}

function syntaxIssue(error: { message: string; pos: [number, number] }, at: Locate): PlacedIssue {
  const [summary = ''] = error.message.split('\n');
  const reason = `is not YAML: ${summary.replace(/ at line \d+, column \d+:?$/, '')}`;
  return { object: '', path: '', reason, hint: 'correct the syntax', place: at(error.pos[0]) };
}

type PlainValue =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issue: (place: Place) => PlacedIssue };

/** The document as plain data. The yaml package throws for aliases that grow without measure. */
function plainValue(document: Document.Parsed): PlainValue {
  try {
    return { ok: true, value: document.toJS({ reviver: numberWhenSafe }) };
  } catch (error) {
    const reason = `cannot be read: ${error instanceof Error ? error.message : error}`;
    return {
      ok: false,
      issue: (place) => ({ object: '', path: '', reason, hint: 'write out the aliases', place }),
    };
  }
}

function numberWhenSafe(_key: unknown, value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

interface Item {
  readonly item: unknown;
  readonly path: Path;
}

/** The objects of a document: itself, or the items of a list. */
function itemsOf(value: unknown, path: Path): Item[] {
  if (value === null || value === undefined) return [];
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items))
    return items.flatMap((item, index) => itemsOf(item, [...path, 'items', index]));
  return [{ item: value, path }];
}

function readItem(
  document: Document.Parsed,
  item: unknown,
  path: Path,
  at: Locate,
): PlacedResource | { readonly issues: PlacedIssue[] } {
  const parsed = parseResource(item);
  if (parsed.ok) return { resource: parsed.resource, place: at(offsetOf(document, path)) };
  const object = objectName(item);
  return {
    issues: parsed.issues.map((issue) => ({
      ...issue,
      object,
      place: at(offsetOf(document, [...path, ...parsePath(issue.path)])),
    })),
  };
}

function objectName(item: unknown): string {
  const { kind, metadata } = item as { kind?: unknown; metadata?: { name?: unknown } };
  return [kind ?? 'object', metadata?.name ?? ''].join(' ').trim();
}

/** The offset of the field at a path, or of the innermost place that exists on the way to it. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? document.range[0];
  for (const step of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => String(key) === String(step)) : undefined;
    const found: unknown = isSeq(node) ? node.items[Number(step)] : pair?.key;
    if (found === undefined) break;
    offset = startOf(found) ?? offset;
    node = pair === undefined ? found : pair.value;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

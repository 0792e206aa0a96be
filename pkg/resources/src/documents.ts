/**
 * Resources from a YAML (or JSON) file as users write it: several documents, lists, and a line for each mistake.
 */
import { type Alias, type Document, isMap, isNode, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { Resource } from './generated/types.ts';
import { formatPath, type Path, parsePath, type ValidationIssue } from './issue.ts';
import { definitionOf, isKind, kindNames } from './kinds.ts';
import { parseResource } from './parse-resource.ts';
import { nearest } from './schema/nearest.ts';

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

/** How to read. */
export interface ParseOptions {
  /** The line and the document at which the text begins, when it is a part of its file; 1 unless told. */
  readonly line?: number;
  readonly document?: number;
  /** The namespace of namespaced objects that name none; without it they are refused. */
  readonly namespace?: string;
}

/** Reads every document of a file; empty documents count but hold nothing. */
export function parseDocuments(
  yamlText: string,
  fileName: string,
  { line = 1, document = 1, namespace }: ParseOptions = {},
): ParsedDocuments {
  const lines = new LineCounter();
  const documents = parseAllDocuments(yamlText, {
    lineCounter: lines,
    intAsBigInt: true,
    merge: true,
    logLevel: 'error',
  });
  const parsed = [...documents].map((parsedDocument, index) => {
    const at = (offset: number): Place => ({
      file: fileName,
      document: index + document,
      line: lines.linePos(offset).line + line - 1,
    });
    return readDocument(parsedDocument, at, namespace);
  });
  return {
    resources: parsed.flatMap(({ resources }) => resources),
    issues: parsed.flatMap(({ issues }) => issues),
  };
}

type Locate = (offset: number) => Place;

function readDocument(document: Document.Parsed, at: Locate, namespace: string | undefined): ParsedDocuments {
  // Of several syntax errors all but the first are often its consequences.
  const [error] = document.errors;
  if (error !== undefined) return { resources: [], issues: [syntaxIssue(error, at)] };
  const value = plainValue(document, at);
  if (!value.ok) return { resources: [], issues: [value.issue] };
  const wrapped = listIssues(value.value).map((issue) => placed(document, issue, value.value, [], at));
  const found = itemsOf(value.value, []).map(({ item, path }) =>
    readItem(document, inNamespace(item, namespace), path, at),
  );
  return {
    resources: found.flatMap((item) => ('resource' in item ? [item] : [])),
    issues: [...wrapped, ...found.flatMap((item) => ('issues' in item ? item.issues : []))],
  };
}

/** The first alias whose anchor does not come before it. */
function unresolvedAlias(document: Document.Parsed): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

function aliasIssue(alias: Alias, at: Locate): PlacedIssue {
  const reason = `*${alias.source} refers to an anchor that does not come before it`;
  const hint = `write &${alias.source} before the value that is meant, or write the value out`;
  return { object: '', path: '', reason, hint, place: at(alias.range?.[0] ?? 0) };
}

function syntaxIssue(error: { message: string; pos: [number, number] }, at: Locate): PlacedIssue {
  const [summary = ''] = error.message.split('\n');
  const reason = `is not YAML: ${summary.replace(/ at line \d+, column \d+:?$/, '')}`;
  return { object: '', path: '', reason, hint: 'correct the syntax', place: at(error.pos[0]) };
}

type PlainValue =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issue: PlacedIssue };

/** The document as plain data. The yaml package throws for aliases that lead nowhere or grow without measure. */
function plainValue(document: Document.Parsed, at: Locate): PlainValue {
  try {
    return { ok: true, value: document.toJS({ reviver: numberWhenSafe }) };
  } catch (error) {
    const alias = unresolvedAlias(document);
    if (alias !== undefined) return { ok: false, issue: aliasIssue(alias, at) };
    const reason = `cannot be read: ${error instanceof Error ? error.message : error}`;
    const place = at(document.range[0]);
    return { ok: false, issue: { object: '', path: '', reason, hint: 'write out the aliases', place } };
  }
}

function numberWhenSafe(_key: unknown, value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

interface Item {
  readonly item: unknown;
  readonly path: Path;
}

/** The objects of a document: itself, the elements of a sequence, or the items of a list. */
function itemsOf(value: unknown, path: Path): Item[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => itemsOf(item, [...path, index]));
  if (!isList(value)) return [{ item: value, path }];
  const items = Array.isArray(value.items) ? value.items : [];
  return items.flatMap((item, index) => itemsOf(item, [...path, 'items', index]));
}

interface List {
  readonly kind: string;
  readonly items?: unknown;
}

function isList(value: unknown): value is List {
  const { kind } = (value ?? {}) as { kind?: unknown };
  return typeof kind === 'string' && kind.endsWith('List');
}

const LIST_FIELDS = ['apiVersion', 'kind', 'metadata', 'items'];

/** What is wrong with the wrapping of a list; its items are looked at one by one. */
function listIssues(value: unknown): ValidationIssue[] {
  if (!isList(value)) return [];
  const issues: ValidationIssue[] = Object.keys(value)
    .filter((field) => !LIST_FIELDS.includes(field))
    .map((field) => {
      const meant = nearest(field, LIST_FIELDS);
      return {
        path: formatPath([field]),
        reason: 'is not a known field',
        hint: meant ? `did you mean ${meant}?` : 'remove it',
      };
    });
  const ofKind = value.kind.slice(0, -'List'.length);
  if (ofKind !== '' && !isKind(ofKind)) {
    const meant = nearest(ofKind, kindNames);
    const hint = meant === undefined ? 'use List' : `did you mean ${meant}List?`;
    issues.push({ path: 'kind', reason: `"${value.kind}" is not a list of a known kind`, hint });
  }
  const items = value.items ?? [];
  if (!Array.isArray(items))
    issues.push({ path: 'items', reason: 'must be a list', hint: 'write - before each' });
  return issues;
}

/** Users leave out the namespace where they mean the one they work in. */
function inNamespace(item: unknown, namespace: string | undefined): unknown {
  const { kind, metadata } = (item ?? {}) as { kind?: unknown; metadata?: { namespace?: unknown } };
  if (namespace === undefined || !isKind(kind) || !definitionOf(kind).namespaced) return item;
  if (typeof metadata !== 'object' || metadata === null || metadata.namespace) return item;
  return { ...(item as object), metadata: { ...metadata, namespace } };
}

function readItem(
  document: Document.Parsed,
  item: unknown,
  path: Path,
  at: Locate,
): PlacedResource | { readonly issues: PlacedIssue[] } {
  const parsed = parseResource(item);
  if (parsed.ok) return { resource: parsed.resource, place: at(offsetOf(document, path)) };
  return { issues: parsed.issues.map((issue) => placed(document, issue, item, path, at)) };
}

/** An issue of the object at a path, with the place of the field. */
function placed(
  document: Document.Parsed,
  issue: ValidationIssue,
  object: unknown,
  path: Path,
  at: Locate,
): PlacedIssue {
  const offset = offsetOf(document, [...path, ...parsePath(issue.path)]);
  return { ...issue, object: objectName(object), place: at(offset) };
}

function objectName(item: unknown): string {
  const { kind, metadata } = (item ?? {}) as { kind?: unknown; metadata?: { name?: unknown } };
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

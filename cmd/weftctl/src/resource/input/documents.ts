/** From what `-f` names to resources that may be written: all of them, or none and every mistake. */
import type { ResourceKey } from '@weft/datastore';
import { definitionOf, type Resource } from '@weft/resources';
import { type PlacedIssue, type PlacedResource, parseDocuments } from '@weft/resources/documents';
import { CliError, type Failure } from '../../failure.ts';
import { DEFAULT_NAMESPACE, keyOf, objectName } from '../kind-argument.ts';
import { DocumentSplitter, type Part } from './document-splitter.ts';
import { type FileOptions, findSources, type Source } from './files.ts';
import { linesOf } from './lines.ts';

/** Mistakes that are printed; a file with more has one cause. */
const MAX_MISTAKES = 20;

/** A resource from a file, with the key it is stored under and its place in words. */
export interface Document {
  readonly resource: Resource;
  readonly key: ResourceKey;
  /** `pool.yaml line 7, document 2` */
  readonly place: string;
}

/** Options of all commands that take `-f`. */
export interface InputOptions extends FileOptions {
  readonly namespace?: string;
  readonly skipEmpty?: boolean;
}

/**
 * Reads and checks everything. Throws CliError with every mistake, so that a bad file changes nothing; without resources
 * too, unless `skipEmpty`. Memory: the resources, and one document's syntax tree.
 */
export async function readDocuments(options: InputOptions): Promise<Document[]> {
  const mistakes = new Mistakes();
  const documents: Document[] = [];
  const seen = new Map<string, string>();
  const sources = await findSources(options);
  for (const source of sources) {
    const before = documents.length + mistakes.count;
    for await (const part of partsOf(source)) {
      const { line, document } = part;
      const namespace = options.namespace ?? DEFAULT_NAMESPACE;
      const { resources, issues } = parseDocuments(part.text, source.name, { line, document, namespace });
      mistakes.add(issues.map(mistake));
      for (const placed of resources) {
        const read = withKey(placed);
        mistakes.add([...namespaceFailures(read, options.namespace), ...repetitions(read, seen)]);
        documents.push(read);
      }
    }
    if (documents.length + mistakes.count === before && !options.skipEmpty)
      throw nothingIn('file', source.name);
  }
  mistakes.throwIfAny();
  if (sources.length === 0 && !options.skipEmpty) throw nothingIn('directory', options.filename.join(', '));
  return documents;
}

async function* partsOf(source: Source): AsyncGenerator<Part> {
  const splitter = new DocumentSplitter();
  for await (const lines of linesOf(source.read(), source.name)) {
    for (const line of lines) yield* splitter.push(line);
  }
  yield* splitter.end();
}

/** Collects what is wrong: the first mistakes, and how many there are. */
export class Mistakes {
  readonly #first: Failure[] = [];
  count = 0;

  add(failures: readonly Failure[]): void {
    this.count += failures.length;
    this.#first.push(...failures.slice(0, Math.max(0, MAX_MISTAKES - this.#first.length)));
  }

  /** Throws a CliError with them, unless there are none. */
  throwIfAny(): void {
    if (this.count === 0) return;
    const more = this.count - this.#first.length;
    const rest: Failure[] = more > 0 ? [{ what: `and ${more} more`, object: '', hint: '' }] : [];
    throw new CliError([...this.#first, ...rest]);
  }
}

function nothingIn(what: 'file' | 'directory', name: string): CliError {
  const hint =
    what === 'file'
      ? 'Write at least one resource into it, or give --skip-empty.'
      : 'Files that end in .yaml, .yml or .json are read; -R looks into subdirectories, too.';
  return new CliError([{ what: `No resources specified in ${what}`, object: name, hint }]);
}

function mistake({ object, path, reason, hint, place }: PlacedIssue): Failure {
  const field = path === '' ? '' : `${path}: `;
  return {
    what: `${placeText(place)}: ${field}${reason}`,
    object,
    hint: hint === undefined ? '' : sentence(hint),
  };
}

function placeText({ file, line, document }: PlacedIssue['place']): string {
  return `${file} line ${line}, document ${document}`;
}

function withKey({ resource, place }: PlacedResource): Document {
  const { kind, metadata } = resource;
  const namespace = definitionOf(kind).namespaced ? metadata.namespace : undefined;
  return { resource, key: keyOf(kind, metadata.name, namespace), place: placeText(place) };
}

/** A document and -n must agree. */
function namespaceFailures({ key, place }: Document, namespace: string | undefined): Failure[] {
  if (namespace === undefined || key.namespace === namespace) return [];
  const what =
    key.namespace === undefined
      ? `${place}: ${key.kind} is not namespaced`
      : `${place}: the namespace is ${key.namespace}, but -n says ${namespace}`;
  return [{ what, object: objectName(key), hint: 'Leave out -n, or correct it.' }];
}

/** Of two documents for one object, which is meant cannot be known. */
function repetitions({ key, place }: Document, seen: Map<string, string>): Failure[] {
  const name = objectName(key);
  const first = seen.get(name);
  if (first === undefined) {
    seen.set(name, place);
    return [];
  }
  return [{ what: `${place}: the same object is at ${first}`, object: name, hint: 'Remove one of them.' }];
}

/** A hint of @weft/resources as a sentence. */
export function sentence(text: string): string {
  const end = /[.?!]$/.test(text) ? '' : '.';
  return text.charAt(0).toUpperCase() + text.slice(1) + end;
}

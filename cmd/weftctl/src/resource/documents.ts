/** From what `-f` names to resources that may be written: all of them, or none and every mistake. */
import type { ResourceKey } from '@weft/datastore';
import { definitionOf, type Resource } from '@weft/resources';
import { type PlacedIssue, parseDocuments } from '@weft/resources/documents';
import { CliError, type Failure } from '../failure.ts';
import { readInputs } from './files.ts';
import { DEFAULT_NAMESPACE, keyOf, objectName } from './kind-argument.ts';

/** Mistakes that are printed; a file with more has one cause. */
const MAX_MISTAKES = 20;

/** A resource from a file, with the key it is stored under and its place in words. */
export interface Document {
  readonly resource: Resource;
  readonly key: ResourceKey;
  /** `pool.yaml line 7` */
  readonly place: string;
}

/** Reads and checks everything. Throws CliError with every mistake, so that a bad file changes nothing. */
export async function readDocuments(filename: string, namespace: string | undefined): Promise<Document[]> {
  const parsed = (await readInputs(filename)).map(({ source, text }) => parseDocuments(text, source));
  throwIfAny(parsed.flatMap(({ issues }) => issues).map(mistake));
  const documents = parsed
    .flatMap(({ resources }) => resources)
    .map(({ resource, place }) => withKey(resource, `${place.file} line ${place.line}`, namespace));
  if (documents.length === 0) {
    throw new CliError([
      {
        what: 'No resources specified in file',
        object: filename,
        hint: 'Write at least one resource into it.',
      },
    ]);
  }
  throwIfAny(contradictions(documents));
  return documents;
}

/** Throws a CliError with these failures, unless there are none. */
export function throwIfAny(failures: readonly Failure[]): void {
  if (failures.length === 0) return;
  const more = failures.length - MAX_MISTAKES;
  const rest: Failure[] = more > 0 ? [{ what: `and ${more} more`, object: '', hint: '' }] : [];
  throw new CliError([...failures.slice(0, MAX_MISTAKES), ...rest]);
}

function mistake({ object, path, reason, hint, place }: PlacedIssue): Failure {
  const field = path === '' ? '' : `${path}: `;
  return {
    what: `${place.file} line ${place.line}: ${field}${reason}`,
    object: object === '' ? `document ${place.document}` : object,
    hint: hint === undefined ? '' : sentence(hint),
  };
}

/** The namespace comes from the document, else from -n, else it is "default"; both must agree. */
function withKey(resource: Resource, place: string, namespace: string | undefined): Document {
  const { kind, metadata } = resource;
  if (!definitionOf(kind).namespaced) {
    if (namespace === undefined) return { resource, key: keyOf(kind, metadata.name, undefined), place };
    throw disagreement(`${kind} is not namespaced`, place, 'Leave out -n.');
  }
  const own = metadata.namespace;
  if (own !== undefined && namespace !== undefined && own !== namespace) {
    throw disagreement(
      `The namespace is ${own}, but -n says ${namespace}`,
      place,
      'Leave out -n, or correct it.',
    );
  }
  const chosen = own ?? namespace ?? DEFAULT_NAMESPACE;
  const placed = { ...resource, metadata: { ...metadata, namespace: chosen } } as Resource;
  return { resource: placed, key: keyOf(kind, metadata.name, chosen), place };
}

function disagreement(what: string, object: string, hint: string): CliError {
  return new CliError([{ what, object, hint }]);
}

/** Two documents for one object: which one is meant cannot be known. */
function contradictions(documents: readonly Document[]): Failure[] {
  const firstPlaces = new Map<string, string>();
  return documents.flatMap(({ key, place }) => {
    const name = objectName(key);
    const first = firstPlaces.get(name);
    if (first === undefined) {
      firstPlaces.set(name, place);
      return [];
    }
    return [{ what: `${place}: the same object is at ${first}`, object: name, hint: 'Remove one of them.' }];
  });
}

/** A hint of @weft/resources as a sentence. */
export function sentence(text: string): string {
  const end = /[.?!]$/.test(text) ? '' : '.';
  return text.charAt(0).toUpperCase() + text.slice(1) + end;
}

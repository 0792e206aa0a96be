/** KIND and NAME arguments, and the namespace they are meant in. */
import type { ResourceKey } from '@weft/datastore';
import { definitionOf, type Kind, kindByAlias, kindNames, kinds } from '@weft/resources';
import { type Failure, usageError } from '../failure.ts';

/** The namespace of namespaced resources when none is given. */
export const DEFAULT_NAMESPACE = 'default';

/** Options that choose a namespace. */
export interface NamespaceOptions {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
}

/** The kind a user means; exit code 2 when there is none of that name. */
export function readKind(word: string): Kind {
  const kind = kindByAlias(word);
  if (kind !== undefined) return kind;
  const known = kindNames.map((name) => kinds[name].plural).join(', ');
  throw usageError('There is no such kind', word, `Kinds are ${known}.`);
}

/** The namespace to look in: undefined for all, and for kinds that have none. */
export function namespaceFor(kind: Kind, options: NamespaceOptions): string | undefined {
  const { namespace, allNamespaces = false } = options;
  if (!definitionOf(kind).namespaced) {
    if (namespace === undefined && !allNamespaces) return undefined;
    throw usageError(`${kind} is not namespaced`, namespace ?? '-A', 'Leave out -n and -A.');
  }
  if (namespace !== undefined && allNamespaces) {
    throw usageError('-n and -A contradict each other', `-n ${namespace} -A`, 'Give one of them.');
  }
  return allNamespaces ? undefined : (namespace ?? DEFAULT_NAMESPACE);
}

/** The key of one object by name. */
export function keyOf(kind: Kind, name: string, namespace: string | undefined): ResourceKey {
  return { kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** An object as messages name it: `IPPool "default"`, `WorkloadEndpoint "default/w1"`. */
export function objectName(key: { kind: string; name: string; namespace?: string | undefined }): string {
  return `${key.kind} "${key.namespace === undefined ? '' : `${key.namespace}/`}${key.name}"`;
}

/** The failure of a name that leads nowhere. */
export function notThere(key: ResourceKey): Failure {
  return {
    what: 'resource does not exist',
    object: objectName(key),
    hint: `"weftctl get ${kinds[key.kind].plural}" lists those there are.`,
  };
}

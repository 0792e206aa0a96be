/**
 * Which objects of a collection a list or a watch is about: those of its namespace that its selectors match.
 */
import type { StoredObject } from './objects.ts';

/** A test of objects, from the query of a request; selectors are `name=value` with commas between. */
export function selectionOf(
  query: URLSearchParams,
  namespace: string | undefined,
): (object: StoredObject) => boolean {
  const labels = pairs(query.get('labelSelector'));
  const fields = pairs(query.get('fieldSelector'));
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels.every(([name, value]) => fieldOf(object, ['metadata', 'labels', name]) === value) &&
    fields.every(([path, value]) => fieldOf(object, path.split('.')) === value);
}

function pairs(selector: string | null): [string, string][] {
  if (!selector) return [];
  return selector.split(',').map((term) => {
    const [name = '', value = ''] = term.split(/==?/);
    return [name, value];
  });
}

function fieldOf(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, field) => (value as Record<string, unknown> | undefined)?.[field],
    object,
  );
}

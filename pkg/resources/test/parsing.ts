/**
 * Short ways to parse one object in a test.
 */
import type { Kind, ResourceOf } from '../src/generated/types.ts';
import { apiVersion } from '../src/kind-definition.ts';
import { parseResource } from '../src/parse-resource.ts';

type Metadata = Readonly<Record<string, unknown>>;

/** The resource as a user writes it, under a name that fits the kind. */
export function written(kind: Kind, spec: unknown, metadata: Metadata = {}): Record<string, unknown> {
  return { apiVersion, kind, metadata: { name: 'default', ...metadata }, spec };
}

/** The parsed resource. Throws when it is not valid. */
export function parsed<K extends Kind>(kind: K, spec: unknown, metadata?: Metadata): ResourceOf<K> {
  const result = parseResource(written(kind, spec, metadata));
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.resource as ResourceOf<K>;
}

/** What is wrong with it, as "path: reason"; empty when it is valid. */
export function faults(kind: Kind, spec: unknown, metadata?: Metadata): string[] {
  const result = parseResource(written(kind, spec, metadata));
  return result.ok ? [] : result.issues.map(({ path, reason }) => `${path}: ${reason}`);
}

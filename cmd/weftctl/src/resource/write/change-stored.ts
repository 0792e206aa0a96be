/** Reads one object, changes it, checks it as if a user had written it, and writes it if nobody else did meanwhile. */
import type { Datastore, ResourceKey } from '@weft/datastore';
import { parseResource, type Resource, readResource, type ValidationIssue } from '@weft/resources';
import { CliError } from '../../failure.ts';
import { sentence } from '../input/documents.ts';
import { notThere, objectName } from '../kind-argument.ts';
import { isUnchanged, outdated } from './change.ts';
import { crossCheck } from './cross-checks.ts';
import { tooBusy, WRITE_ATTEMPTS } from './write.ts';

/**
 * Changes the object under `key`. `change` gives the new value, or throws CliError; it runs again when another writer
 * came in between.
 *
 * @returns whether the object is another one than before; with `dryRun` whether it would be
 */
export async function changeStored(
  store: Datastore,
  key: ResourceKey,
  change: (stored: Resource) => unknown,
  dryRun: boolean | undefined,
): Promise<'changed' | 'unchanged'> {
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
    const stored = await store.get(key);
    if (stored === undefined) throw new CliError([notThere(key)]);
    const resource = asRead(change(stored), stored, key);
    const document = { resource, key, place: 'after the change' };
    const failure = outdated(document, stored) ?? identityFailure(resource, stored, key);
    if (failure !== undefined) throw new CliError([failure]);
    await crossCheck(store, [document]);
    if (isUnchanged(resource, stored)) return 'unchanged';
    if (dryRun || (await store.update(resource)).kind === 'written') return 'changed';
  }
  throw new CliError([tooBusy(key)]);
}

/** Strict, but for what was wrong with the stored object already: another version may have written it. */
function asRead(value: unknown, stored: Resource, key: ResourceKey): Resource {
  const strict = parseResource(value);
  if (strict.ok) return strict.resource;
  const before = parseResource(stored);
  const known = new Set(before.ok ? [] : before.issues.map(textOf));
  const issues = strict.issues.filter((issue) => !known.has(textOf(issue)));
  const lenient = readResource(value);
  if (issues.length === 0 && lenient.ok) return lenient.resource;
  throw new CliError(
    issues.map(({ path, reason, hint }) => ({
      what: `after the change: ${path}: ${reason}`,
      object: objectName(key),
      hint: hint === undefined ? '' : sentence(hint),
    })),
  );
}

function textOf({ path, reason }: ValidationIssue): string {
  return `${path}: ${reason}`;
}

/** Users write labels and annotations; the rest of the metadata belongs to the store. */
function identityFailure({ metadata, kind }: Resource, stored: Resource, key: ResourceKey) {
  const own = new Set(['labels', 'annotations']);
  const fields = new Set([...Object.keys(metadata), ...Object.keys(stored.metadata)]);
  const before = stored.metadata as unknown as Record<string, unknown>;
  const after = metadata as unknown as Record<string, unknown>;
  const changed = [...fields].find(
    (field) => !own.has(field) && JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  if (changed === undefined && kind === stored.kind) return undefined;
  return {
    what: `${changed === undefined ? 'kind' : `metadata.${changed}`} cannot be changed`,
    object: objectName(key),
    hint: 'Change the spec, labels or annotations; for another name, create another object.',
  };
}

/** `weftctl patch`: changes a part of one object. */
import type { Resource } from '@weft/resources';
import { parseDocument } from 'yaml';
import { CliError, type Report, usageError } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { withStore } from '../../where.ts';
import { keyOf, type NamespaceOptions, namespaceFor, objectName, readKind } from '../kind-argument.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { PatchError } from '../patch/patch-error.ts';
import { changeStored } from './change-stored.ts';
import { refuseManaged } from './managed.ts';
import { shortName } from './outcomes.ts';

/** Options of `patch`. */
export interface PatchOptions extends WhereOptions, NamespaceOptions {
  readonly patch: string;
  readonly type: 'strategic' | 'merge' | 'json';
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** Patches one object, and reports in calicoctl's words. */
export async function patch(word: string, name: string, options: PatchOptions): Promise<Report> {
  const kind = readKind(word);
  const key = keyOf(kind, name, namespaceFor(kind, options));
  refuseManaged([key], options.force);
  const change = readPatch(options);
  const result = await withStore(options, false, (store) =>
    changeStored(
      store,
      key,
      (stored) => {
        try {
          return change(stored);
        } catch (error) {
          if (!(error instanceof PatchError)) throw error;
          throw new CliError([
            { what: `The patch does not fit: ${error.message}`, object: objectName(key), hint: '' },
          ]);
        }
      },
      options.dryRun,
    ),
  );
  if (options.dryRun) {
    const outcome = result === 'changed' ? 'patched' : 'unchanged';
    return { text: `${shortName(key)} ${outcome} (dry run)`, failures: [] };
  }
  const notes = result === 'unchanged' ? [`${shortName(key)} is as the patch wants it already`] : [];
  return { text: `Successfully patched 1 '${kind}' resource`, failures: [], notes };
}

/**
 * A strategic merge differs from a merge in how it joins lists whose elements have a key. Calico's resources declare no
 * such keys, so that both are one for them, as in calicoctl.
 */
function readPatch({ patch, type }: PatchOptions): (stored: Resource) => unknown {
  const document = parseDocument(patch, { intAsBigInt: true });
  const [error] = document.errors;
  if (error !== undefined) throw wrong(`is not JSON or YAML: ${error.message.split('\n')[0]}`, patch);
  const value: unknown = document.toJS({ reviver: numberWhenSafe });
  if (type === 'json') {
    if (!Array.isArray(value)) throw wrong('of type json is a list of operations', patch);
    return (stored) => jsonPatch(stored, value);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(`of type ${type} is an object`, patch);
  return (stored) => mergePatch(stored, value);
}

function numberWhenSafe(_key: unknown, value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function wrong(reason: string, patch: string): Error {
  return usageError(`The patch ${reason}`, patch, `It looks like -p '{"spec": {"disabled": true}}'.`);
}

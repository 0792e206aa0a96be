/** The options of `get`, for all its parts. */
import type { WhereOptions } from '../../options.ts';
import type { InputOptions } from '../input/documents.ts';
import type { NamespaceOptions } from '../kind-argument.ts';

/** Options of `get`. */
export interface GetOptions extends WhereOptions, NamespaceOptions, Partial<InputOptions> {
  readonly output: string;
  readonly selector?: string;
  readonly export?: boolean;
  readonly watch?: boolean;
  readonly outputWatchEvents?: boolean;
}

/** calicoctl shows the column for -n, too. */
export function showsNamespace({ namespace, allNamespaces }: NamespaceOptions): boolean {
  return allNamespaces === true || namespace !== undefined;
}

/**
 * Why a server does not start or does not take a configuration, in three parts for the user.
 */

import type { ConfigMistake } from '../speaker/check-config.ts';
import type { ListenError } from './listen-error.ts';

/** A configuration with mistakes in it. */
export interface ConfigError {
  readonly kind: 'config-error';
  readonly mistakes: readonly ConfigMistake[];
  readonly message: string;
  /** The places, e.g. `peers[3].asn`. */
  readonly object: string;
  readonly hint: string;
}

/** What keeps a server from starting, or from taking a configuration. */
export type StartError = ListenError | ConfigError;

/** Explains the mistakes of a configuration; undefined when there are none. */
export function configError(mistakes: readonly ConfigMistake[]): ConfigError | undefined {
  if (mistakes.length === 0) return undefined;
  const places = mistakes.map(({ path }) => showPlace(path));
  const reasons = mistakes.map(({ reason }, index) => `${places[index]} ${reason}`);
  return {
    kind: 'config-error',
    mistakes,
    message: `the configuration is wrong: ${reasons.join('; ')}`,
    object: places.join(', '),
    hint: 'correct it; nothing has changed',
  };
}

function showPlace(path: ConfigMistake['path']): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

/**
 * The version of this program.
 */

import manifest from '../../package.json' with { type: 'json' };

/** Reads the version of the package. */
export function readVersion(): string {
  return manifest.version;
}

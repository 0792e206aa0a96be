/**
 * The configuration file a command names.
 */

import { type Invocation, usageError } from '../command-line.ts';

/** Gives its path; a command without one is a wrong command line. */
export function configPath({ command, option }: Invocation): string {
  const path = option('config');
  if (path === undefined) throw usageError({ name: command }, 'no configuration file was named');
  return path;
}

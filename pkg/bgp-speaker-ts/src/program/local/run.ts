/**
 * The command `run`.
 */

import type { Invocation } from '../command-line.ts';
import { run } from '../daemon/run.ts';
import { configPath } from './config-path.ts';

/** Runs the daemon until a signal ends it. */
export function runDaemon(invocation: Invocation): Promise<void> {
  return run({ config: configPath(invocation), restarting: invocation.has('restarting') });
}

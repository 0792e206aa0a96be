/**
 * weft-controller: starts it, ends it on SIGTERM or SIGINT, and says in three parts why it cannot start or go on.
 */
import { ControlError } from '@weft/control';
import { DatastoreError } from '@weft/datastore';
import { createLogger } from '@weft/telemetry';
import { runController } from './controller.ts';
import { readOptions } from './options.ts';

const options = readOptions(process.argv);
const log = createLogger({ name: 'weft-controller', level: options.logLevel });
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    log.info('stopping', `${signal}: giving the lease back`, { signal });
    stop.abort();
  });
}

try {
  await runController(options, log, stop.signal);
} catch (error) {
  const { message, object, hint } = inWords(error);
  log.error('failed', message, { object, hint });
  console.error(`weft-controller: ${message}\n  object: ${object}\n  do: ${hint}`);
  process.exitCode = 1;
}
process.exit();

function inWords(error: unknown): { message: string; object: string; hint: string } {
  if (error instanceof ControlError) return { message: error.what, object: error.object, hint: error.hint };
  if (error instanceof DatastoreError) {
    const hint = 'correct what the message names, then start weft-controller again';
    return { message: error.message, object: 'the cluster', hint };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    message,
    object: 'weft-controller',
    hint: 'this is a mistake in weft: please report it with this text',
  };
}

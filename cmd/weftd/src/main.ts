/**
 * weftd: starts the daemon, ends it on SIGTERM or SIGINT, and says in three parts why it cannot start or go on.
 */
import { createLogger } from '@weft/telemetry';
import { startDaemon } from './daemon.ts';
import { describeFailure } from './failure.ts';
import { readOptions } from './options.ts';

const options = readOptions(process.argv);
const log = createLogger({ name: 'weftd', level: options.logLevel }).child({ node: options.nodeName });

function fail(event: string, error: unknown): void {
  const { message, object, hint } = describeFailure(error);
  log.error(event, message, { object, hint });
  console.error(`weftd: ${message}\n  object: ${object}\n  do: ${hint}`);
  process.exitCode = 1;
}

try {
  const daemon = await startDaemon(options, log);
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    log.info('daemon-stopping', `${signal}: closing sessions so that peers keep our routes`, { signal });
    await daemon.stop().catch((error) => fail('daemon-stop-failed', error));
    process.exit();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // Whoever supervises the daemon starts it again; the kernel's routes stay meanwhile.
  daemon.finished.catch((error) => {
    fail('daemon-failed', error);
    process.exit();
  });
} catch (error) {
  fail('daemon-start-failed', error);
  // What a start that failed half-way has opened ends with the process.
  process.exit();
}

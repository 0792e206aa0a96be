/**
 * weftd: starts the daemon, ends it on SIGTERM or SIGINT, and says in three parts why it cannot start.
 */
import { createLogger } from '@weft/telemetry';
import { startDaemon } from './daemon.ts';
import { describeFailure } from './failure.ts';
import { readOptions } from './options.ts';

const options = readOptions(process.argv);
const log = createLogger({ name: 'weftd', level: options.logLevel }).child({ node: options.nodeName });

try {
  const daemon = await startDaemon(options, log);
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info('daemon-stopping', `${signal}: closing sessions so that peers keep our routes`, { signal });
    await daemon.stop();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  const failure = describeFailure(error);
  log.error('daemon-start-failed', failure.message, { object: failure.object, hint: failure.hint });
  console.error(`weftd: ${failure.message}\n  object: ${failure.object}\n  do: ${failure.hint}`);
  process.exitCode = 1;
}

/**
 * weftd: starts the daemon, ends it on SIGTERM or SIGINT, and says in three parts why it cannot start or go on.
 */
import { createLogger } from '@weft/telemetry';
import { createDaemon, type Daemon } from './daemon.ts';
import { describeFailure } from './failure.ts';
import { readOptions } from './options.ts';
import { createReflector, type Reflector } from './reflector/reflector.ts';

if (process.argv[2] === 'replay') {
  const { replayCommand } = await import('./recording/replay-command.ts');
  process.exit(await replayCommand(process.argv.slice(3)));
}

const options = readOptions(process.argv);
const log = createLogger({ name: 'weftd', level: options.logLevel }).child({ node: options.nodeName });

function fail(event: string, error: unknown): void {
  const { message, object, hint } = describeFailure(error);
  log.error(event, message, { object, hint });
  console.error(`weftd: ${message}\n  object: ${object}\n  do: ${hint}`);
  process.exitCode = 1;
}

let isStopping = false;
let isStarted = false;

function stopOnSignal(daemon: Daemon | Reflector): void {
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    isStopping = true;
    log.info('daemon-stopping', `${signal}: closing sessions so that peers keep our routes`, { signal });
    await daemon.stop().catch((error) => fail('daemon-stop-failed', error));
    process.exit();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

try {
  const create = options.role === 'route-reflector' ? createReflector : createDaemon;
  const daemon = await create(options, log);
  stopOnSignal(daemon);
  await daemon.start();
  isStarted = true;
  // Whoever supervises the daemon starts it again; the kernel's routes stay meanwhile.
  const farewell = await daemon.finished;
  isStopping = true;
  log.info('daemon-stopping', `drained: ${farewell}`);
  await daemon.stop(farewell);
  process.exit();
} catch (error) {
  // A start that is stopped half-way fails in whatever it was about.
  if (!isStopping) {
    fail(isStarted ? 'daemon-failed' : 'daemon-start-failed', error);
    // What it has opened ends with the process.
    process.exit();
  }
}

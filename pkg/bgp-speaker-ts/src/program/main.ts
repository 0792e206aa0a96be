/**
 * The program `bgp-speaker`: one configuration file, one server, events on stdout.
 *
 *     --config FILE ──▶ parseSpeakerFile ──▶ BgpServer ──▶ EventLog ──▶ stdout (JSON lines)
 *     SIGHUP reads FILE again; SIGTERM and SIGINT close the sessions so that peers keep our routes
 *
 * Exit codes: 0 after a signal, 1 when it could not start or go on, with the reason in three parts on stderr.
 */

import { parseArgs } from 'node:util';
import { BgpServer } from '../transport/bgp-server.ts';
import { readSpeakerFile } from './config/read-file.ts';
import { EventLog } from './daemon/event-log.ts';
import { reportLine } from './daemon/report-line.ts';
import { type Failure, formatFailure, unforeseen } from './failure.ts';

const USAGE = `Usage: bgp-speaker --config FILE

Runs a BGP speaker in the foreground; events are JSON lines on stdout.
  SIGHUP           read FILE again; only sessions that must be are reset
  SIGTERM, SIGINT  end the sessions without a NOTIFICATION, so that peers with graceful restart keep our routes`;

/** Runs the program with its arguments until a signal ends it. */
export async function main(args: readonly string[]): Promise<void> {
  process.on('uncaughtException', (error) => exitWith([unforeseen(error)]));
  const options = readOptions(args);
  if (options.kind === 'help') console.log(USAGE);
  else if (options.kind === 'failure') exitWith([options.failure]);
  else await run(options.path);
}

type Options =
  | { readonly kind: 'help' }
  | { readonly kind: 'run'; readonly path: string }
  | { readonly kind: 'failure'; readonly failure: Failure };

function readOptions(args: readonly string[]): Options {
  const hint = 'start it as "bgp-speaker --config FILE"; --help says more';
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) return { kind: 'help' };
    if (values.config !== undefined) return { kind: 'run', path: values.config };
    const message = 'no configuration file was named';
    return { kind: 'failure', failure: { message, object: 'command line', hint } };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { kind: 'failure', failure: { message: error.message, object: 'command line', hint } };
  }
}

async function run(path: string): Promise<void> {
  const log = new EventLog(1);
  const read = readSpeakerFile(path);
  if (!read.ok) return exitWith(read.failures);
  const { config, routes } = read.file;
  const tell = (report: Parameters<typeof reportLine>[0]): void => {
    const values = reportLine(report);
    if (values !== undefined) log.tell(report.kind, values);
  };
  const started = BgpServer.start({
    config,
    restarting: false,
    reportRoutes: false,
    onAction: tell,
    onTransport: tell,
  });
  if (started.kind !== 'started') return exitWith([started]);
  const { server } = started;
  server.setLocalRoutes(routes);
  log.tell('started', {
    pid: process.pid,
    asn: config.asn,
    listen: config.listen,
    peers: config.peers.length,
  });
  process.on('SIGHUP', () => reload(server, path, log));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(server, signal, log));
}

/** Takes the file as it is now; one that is wrong changes nothing. */
function reload(server: BgpServer, path: string, log: EventLog): void {
  const read = readSpeakerFile(path);
  if (!read.ok) {
    for (const failure of read.failures) log.tell('config-refused', { ...failure });
    return;
  }
  const { config, routes } = read.file;
  const refused = server.configure(config);
  if (refused !== undefined) {
    const { message, object, hint } = refused;
    log.tell('config-refused', { message, object, hint });
    return;
  }
  server.setLocalRoutes(routes);
  log.tell('config-taken', { peers: config.peers.length, announce: routes.length });
}

async function stop(server: BgpServer, signal: NodeJS.Signals, log: EventLog): Promise<void> {
  log.tell('stopping', { signal });
  await server.stop({ graceful: true });
  await Promise.race([log.drained(), new Promise((resolve) => setTimeout(resolve, 1000))]);
  process.exit(0);
}

function exitWith(failures: readonly Failure[]): void {
  for (const failure of failures) console.error(formatFailure(failure));
  process.exit(1);
}

/**
 * `bgp-speaker run`: from the file to a running daemon, and its end.
 *
 * The control socket is taken first: two daemons of one file meet there, before either has touched a session.
 */

import { join, parse } from 'node:path';
import { readSpeakerFile } from '../config/read-file.ts';
import type { SpeakerFile } from '../config/speaker-file.ts';
import { exitWith } from '../failure.ts';
import { type ControlServer, startControlServer } from './control-server.ts';
import { Daemon } from './daemon.ts';
import { EventLog } from './event-log.ts';
import { operate } from './operations.ts';
import { hasRestarted, keepMarker, keptSeconds } from './restart-marker.ts';

/** Longest wait for a reader of the log at the end, in ms. */
const LAST_LINES_MS = 1000;

/** How it is started. */
export interface RunOptions {
  /** Path of the configuration file. */
  readonly config: string;
  /** Peers keep routes of an earlier life, whatever the marker says. */
  readonly restarting: boolean;
}

/** Runs until a signal ends it. */
export async function run(options: RunOptions): Promise<void> {
  const read = readSpeakerFile(options.config);
  if (!read.ok) return exitWith(read.failures);
  const { file } = read;
  let daemon: Daemon | undefined;
  const control = await openControl(file, () => daemon);
  const log = new EventLog(1);
  const restarting = judgeRestart(file, options.restarting);
  const started = Daemon.start({ path: options.config, file, log, restarting });
  if (!started.ok) {
    await control?.close();
    return exitWith(started.failures);
  }
  daemon = started.value;
  const { asn, listen, peers } = file.config;
  log.tell('started', {
    pid: process.pid,
    asn,
    listen,
    peers: peers.length,
    restarting,
    control: file.control?.socket,
  });
  handleSignals(started.value, log, control);
}

async function openControl(
  file: SpeakerFile,
  daemon: () => Daemon | undefined,
): Promise<ControlServer | undefined> {
  if (file.control === undefined) return undefined;
  const control = await startControlServer(file.control, (method, url, body, signal) => {
    const running = daemon();
    if (running === undefined) throw new Error('the daemon is starting');
    return operate(running, method, url, body, signal);
  });
  return 'failure' in control ? exitWith([control.failure]) : control;
}

/** Looks at the marker of an earlier life, and begins to keep that of this one. */
function judgeRestart(file: SpeakerFile, forced: boolean): boolean {
  const { config, control } = file;
  const path = file.marker ?? (control === undefined ? undefined : besideSocket(control.socket));
  if (config.gracefulRestart === undefined || path === undefined) return forced;
  const restarted = hasRestarted(path, keptSeconds(config));
  const failure = keepMarker(path);
  if (failure !== undefined) return exitWith([failure]);
  return forced || restarted;
}

function besideSocket(socket: string): string {
  const { dir, name } = parse(socket);
  return join(dir, `${name}.alive`);
}

function handleSignals(daemon: Daemon, log: EventLog, control: ControlServer | undefined): void {
  process.on('SIGHUP', () => daemon.reload());
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.tell('stopping', { signal });
    await Promise.all([daemon.server.stop({ graceful: true }), control?.close()]);
    await Promise.race([log.drained(), new Promise((resolve) => setTimeout(resolve, LAST_LINES_MS))]);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
}

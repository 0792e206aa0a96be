/**
 * `bgp-speaker run`: from the file to a running daemon, and its end.
 *
 * The control socket is taken first: two daemons of one file meet there, before either has touched a session.
 */

import { join, parse } from 'node:path';
import { readSpeakerFileApart } from '../config/read-apart.ts';
import type { SpeakerFile } from '../config/speaker-file.ts';
import { exitWith } from '../failure.ts';
import { type ControlServer, startControlServer } from './control-server.ts';
import { type Answer, Daemon } from './daemon.ts';
import { EventLog } from './event-log.ts';
import { hasRestarted, keepMarker } from './restart-marker.ts';

/** How it is started. */
export interface RunOptions {
  /** Path of the configuration file. */
  readonly config: string;
  /** Peers keep routes of an earlier life, whatever the marker says. */
  readonly restarting: boolean;
}

/** Runs until a signal ends it. */
export async function run(options: RunOptions): Promise<void> {
  const read = await readSpeakerFileApart(options.config);
  if (!read.ok) return exitWith(read.failures);
  let daemon: Daemon | undefined;
  const control = await openControl(read.file, () => daemon);
  const started = start(options, read.file, control?.path);
  if (!started.ok) {
    await control?.close();
    return exitWith(started.failures);
  }
  daemon = started.value;
  handleSignals(daemon, control);
}

/** Starts the daemon, and the marker of its life when it has. */
function start(options: RunOptions, file: SpeakerFile, socket: string | undefined): Answer<Daemon> {
  const { config } = file;
  const marker = config.gracefulRestart && (file.marker ?? (socket && besideSocket(socket)));
  const restarting = options.restarting || (marker !== undefined && hasRestarted(marker, config));
  const log = new EventLog(1);
  const started = Daemon.start({ path: options.config, file, log, restarting });
  if (!started.ok) return started;
  const failure = marker === undefined ? undefined : keepMarker(marker, config);
  if (failure !== undefined) return { ok: false, failures: [failure] };
  const { asn, listen, peers } = config;
  log.tell('started', { pid: process.pid, asn, listen, peers: peers.length, restarting, control: socket });
  return started;
}

async function openControl(
  file: SpeakerFile,
  daemon: () => Daemon | undefined,
): Promise<ControlServer | undefined> {
  if (file.control === undefined) return undefined;
  const control = await startControlServer(file.control, async (method, url, body, signal) => {
    // What the commands need is loaded with the first of them: most daemons are never asked.
    const { operate } = await import('./operations.ts');
    const running = daemon();
    if (running === undefined) throw new Error('the daemon is starting');
    return operate(running, method, url, body, signal);
  });
  return 'failure' in control ? exitWith([control.failure]) : control;
}

function besideSocket(socket: string): string {
  const { dir, name } = parse(socket);
  return join(dir, `${name}.alive`);
}

function handleSignals(daemon: Daemon, control: ControlServer | undefined): void {
  process.on('SIGHUP', () => void daemon.reload());
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await Promise.all([daemon.stop(signal), control?.close()]);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
}

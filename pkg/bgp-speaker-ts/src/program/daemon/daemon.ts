/**
 * The running daemon: one server, the file it was made of, and what the commands can ask of it.
 *
 *     file ──▶ config ─────────────▶ BgpServer ──reports──▶ EventLog (stdout), Watchers
 *     file, `announce` ──▶ routes ──────┘ ▲
 *     SIGHUP, `reload` ───────────────────┘
 */

import type { Address, Prefix } from '@weft/ip';
import type { LocalRoute, PeerStatus } from '../../speaker/config.ts';
import type { Explanation } from '../../speaker/explain.ts';
import { BgpServer } from '../../transport/bgp-server.ts';
import type { PeerCommand, SpeakerReport, TransportReport } from '../../transport/server-options.ts';
import { readSpeakerFileApart } from '../config/read-apart.ts';
import type { SpeakerFile } from '../config/speaker-file.ts';
import type { Failure } from '../failure.ts';
import type { ChangeResult, DaemonStatus, PeerReport, ReloadResult } from '../protocol.ts';
import { readVersion } from '../version.ts';
import type { EventLog } from './event-log.ts';
import { warmUpWhileIdle } from './idle-warm-up.ts';
import { LocalRouteSet } from './local-route-set.ts';
import { reportLine } from './report-line.ts';
import { Watchers } from './watchers.ts';

/** Longest wait for a reader of the log at the end, in ms. */
const LAST_LINES_MS = 1000;

/** What a daemon is made of. */
export interface DaemonOptions {
  /** Path of the configuration file. */
  readonly path: string;
  readonly file: SpeakerFile;
  readonly log: EventLog;
  /** Peers may still keep routes of an earlier life. */
  readonly restarting: boolean;
}

/** A value, or why there is none. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failures: readonly Failure[] };

/** See the file comment. */
export class Daemon {
  readonly watchers: Watchers = new Watchers((wanted) => this.server.reportRoutes(wanted));

  readonly #options: DaemonOptions;
  readonly #routes: LocalRouteSet = new LocalRouteSet();
  readonly #startedAt = new Date();
  readonly #version = readVersion();
  #server: BgpServer | undefined;
  #restarting: DaemonStatus['restarting'];

  private constructor(options: DaemonOptions) {
    this.#options = options;
    this.#restarting = options.restarting ? 'yes' : 'no';
  }

  /** Listens and starts the sessions. */
  static start(options: DaemonOptions): Answer<Daemon> {
    const daemon = new Daemon(options);
    const { file, restarting } = options;
    const endWarmUp = warmUpWhileIdle();
    const hear = (report: SpeakerReport | TransportReport): void => {
      if (report.kind === 'peer-established') endWarmUp();
      daemon.#hear(report);
    };
    const started = BgpServer.start({
      config: file.config,
      restarting,
      reportRoutes: false,
      onAction: hear,
      onTransport: hear,
    });
    if (started.kind !== 'started') return { ok: false, failures: [started] };
    daemon.#server = started.server;
    daemon.#routes.setFile(file.routes);
    started.server.setLocalRoutes(daemon.#routes.list());
    return { ok: true, value: daemon };
  }

  get server(): BgpServer {
    if (this.#server === undefined) throw new Error('a daemon that has not started was used');
    return this.#server;
  }

  status(): DaemonStatus {
    const { asn, identifier, clusterId, listen } = this.server.config;
    return {
      version: this.#version,
      pid: process.pid,
      config: this.#options.path,
      startedAt: this.#startedAt.toISOString(),
      asn,
      routerId: identifier,
      clusterId,
      listen,
      restarting: this.#restarting,
      localRoutes: this.#routes.counts,
      peers: this.server.peers().map(reportPeer),
    };
  }

  explain(prefix: Prefix): Explanation {
    return this.server.explain(prefix);
  }

  /** Takes the file as it is now; one that is wrong changes nothing. */
  async reload(): Promise<Answer<ReloadResult>> {
    const result = await this.#reload();
    if (result.ok) this.#tell('config-taken', { ...result.value });
    else
      for (const { message, object, hint } of result.failures)
        this.#tell('config-refused', { message, object, hint });
    return result;
  }

  announce(routes: readonly LocalRoute[]): ChangeResult {
    this.#routes.announce(routes);
    return this.#changed(routes.map(({ prefix }) => prefix));
  }

  withdraw(prefixes: readonly Prefix[]): Answer<ChangeResult> {
    const failures = this.#routes.withdraw(prefixes);
    return failures.length > 0 ? { ok: false, failures } : { ok: true, value: this.#changed(prefixes) };
  }

  command(command: PeerCommand): void {
    this.#tell('command', { command: command.kind, peer: command.peer });
    this.server.command(command);
  }

  /** Addresses of all peers, dynamic neighbours of the moment included. */
  peers(): Address[] {
    return this.server.peers().map(({ address }) => address);
  }

  #hear(report: SpeakerReport | TransportReport): void {
    if (report.kind === 'end-of-rib-complete' && this.#restarting === 'yes') this.#restarting = 'over';
    const values = reportLine(report);
    if (values !== undefined) this.#options.log.tell(report.kind, values);
    this.watchers.report(report);
  }

  /** Ends all sessions so that peers keep our routes, and gives the reader of the log a moment for the last lines. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    const { log } = this.#options;
    this.#tell('stopping', { signal });
    await this.server.stop({ graceful: true });
    await Promise.race([log.drained(), new Promise((resolve) => setTimeout(resolve, LAST_LINES_MS))]);
  }

  async #reload(): Promise<Answer<ReloadResult>> {
    const { path, file } = this.#options;
    const read = await readSpeakerFileApart(path);
    if (!read.ok) return read;
    const { config, routes, control, marker } = read.file;
    if (JSON.stringify([control, marker]) !== JSON.stringify([file.control, file.marker])) {
      const message = 'control and gracefulRestart.marker cannot change while the daemon runs';
      const hint = 'put them back, or start the daemon again: SIGTERM keeps the routes at the peers';
      return { ok: false, failures: [{ message, object: path, hint }] };
    }
    const refused = this.server.configure(config);
    if (refused !== undefined) return { ok: false, failures: [refused] };
    this.#routes.setFile(routes);
    this.server.setLocalRoutes(this.#routes.list());
    return { ok: true, value: { peers: config.peers.length, announce: routes.length } };
  }

  #changed(prefixes: readonly Prefix[]): ChangeResult {
    this.server.setLocalRoutes(this.#routes.list());
    return { prefixes, runTime: this.#routes.counts.runTime };
  }

  #tell(event: string, values: Readonly<Record<string, unknown>>): void {
    this.#options.log.tell(event, values);
    this.watchers.tell(event, values);
  }
}

function reportPeer(peer: PeerStatus): PeerReport {
  const { stateSince, staleUntil, bfd, families } = peer;
  return {
    ...peer,
    stateSince: toIsoTime(stateSince),
    staleUntil: staleUntil === undefined ? undefined : toIsoTime(staleUntil),
    bfd: bfd === undefined ? undefined : { ...bfd, stateSince: toIsoTime(bfd.stateSince) },
    families: families.map(({ longLivedUntil, ...family }) => ({
      ...family,
      longLivedUntil: longLivedUntil === undefined ? undefined : toIsoTime(longLivedUntil),
    })),
  };
}

/** @param ms on the clock of `performance.now()` */
function toIsoTime(ms: number): string {
  return new Date(performance.timeOrigin + ms).toISOString();
}

/**
 * The speaker as the daemon uses it: started when there is something to speak, told the desired state, and heard.
 */
import type { Announcement } from '@weft/calc';
import type { Address, Prefix } from '@weft/ip';
import type { Logger } from '@weft/telemetry';
import {
  type Acknowledgement,
  BgpServer,
  type Chronicle,
  type ConfigureOptions,
  type Explanation,
  type HearEvent,
  type LocRibChange,
  type NextHopState,
  type PeerStatus,
  type SoleRoutes,
  type SpeakerConfig,
  type SpeakerReport,
  type StartError,
  type TransportReport,
} from 'bgp-speaker-ts';

/** Who hears what the speaker has to say. */
export interface BgpListener {
  /** Best paths changed. */
  readonly routesChanged: (changes: readonly LocRibChange[]) => void;
  /** These are the next hops whose reachability matters now. */
  readonly nextHopsWanted: (addresses: readonly Address[]) => void;
  /** Every peer that will send its routes has sent them, or the time to wait is over. */
  readonly initialRoutesComplete: () => void;
  /** It has taken over a configuration after its first. */
  readonly configured: (config: SpeakerConfig, options: ConfigureOptions) => void;
  /** Anything else it has to tell. */
  readonly reported: (report: SpeakerReport) => void;
  /** Something happened on sockets. */
  readonly transport: (report: TransportReport) => void;
}

/** How the speaker starts. */
export interface BgpStart {
  readonly config: SpeakerConfig;
  /** The kernel still forwards by the routes of an earlier weftd. */
  readonly restarting: boolean;
  readonly listener: BgpListener;
  readonly log: Logger;
}

/** A running speaker. */
export class Bgp {
  readonly #server: BgpServer;
  readonly #listener: BgpListener;

  private constructor(server: BgpServer, listener: BgpListener) {
    this.#server = server;
    this.#listener = listener;
  }

  /** Opens the listeners and starts the sessions, unless an address cannot be listened on. */
  static start({ config, restarting, listener, log }: BgpStart): Bgp | StartError {
    const started = BgpServer.start({
      config,
      restarting,
      onAction: (action) => hear(action, listener, log),
      onTransport: (report) => {
        listener.transport(report);
        logTransport(report, log);
      },
    });
    return started.kind === 'started' ? new Bgp(started.server, listener) : started;
  }

  get config(): SpeakerConfig {
    return this.#server.config;
  }

  /** Takes over a new configuration; only sessions that must be are reset. An error means that nothing has changed. */
  configure(config: SpeakerConfig, options: ConfigureOptions = {}): StartError | undefined {
    const error = this.#server.configure(config, options);
    if (error === undefined) this.#listener.configured(config, options);
    return error;
  }

  /** What would be lost without these peers. */
  soleRoutes(peers: readonly Address[]): ReadonlyMap<Address, SoleRoutes> {
    return this.#server.soleRoutes(peers);
  }

  /** What would be lost with a cluster to reflect for. */
  soleRoutesOfCluster(cluster: Address, members: readonly Address[]): SoleRoutes | undefined {
    return this.#server.soleRoutesOfCluster(cluster, members);
  }

  /** All routes this node originates. */
  announce(routes: readonly Announcement[]): void {
    this.#server.setLocalRoutes(routes);
  }

  setNextHops(states: readonly NextHopState[]): void {
    this.#server.setNextHops(states);
  }

  /** There is somebody to announce to. */
  get hasPeers(): boolean {
    return this.#server.config.peers.length > 0;
  }

  /** Resolves when a peer's TCP has acknowledged an announced prefix, nobody is to be told, or the signal comes. */
  acknowledged(prefix: Prefix, signal: AbortSignal): Promise<Acknowledgement> {
    return this.#server.acknowledged(prefix, signal);
  }

  peers(): PeerStatus[] {
    return this.#server.peers();
  }

  /** Best paths of both families. */
  locRib(): LocRibChange[] {
    return this.#server.locRib();
  }

  explain(prefix: Prefix): Explanation {
    return this.#server.explain(prefix);
  }

  /** Writes down what is heard from peers from now on. */
  chronicle(write: HearEvent): Chronicle {
    return this.#server.chronicle(write);
  }

  /** The time of day of a time on the speaker's clock. */
  wallClock(milliseconds: number): Date {
    return new Date(Date.now() - (performance.now() - milliseconds));
  }

  /**
   * Closes all sessions: without a Cease, so that peers keep our routes for the restart time (RFC 4724); or, where there is
   * something to tell them, with Administrative Shutdown (RFC 9003), so that they do not.
   */
  async stop(communication: string | undefined): Promise<void> {
    await this.#server.stop({ graceful: communication === undefined, communication });
  }
}

function hear(action: SpeakerReport, listener: BgpListener, log: Logger): void {
  switch (action.kind) {
    case 'loc-rib-changed':
      listener.routesChanged(action.changes);
      return;
    case 'next-hops-wanted':
      listener.nextHopsWanted(action.nextHops);
      return;
    case 'end-of-rib-complete':
      log.info('bgp-initial-routes-complete', 'every peer has sent its routes, or the time to wait is over', {
        cause: action.cause,
      });
      listener.initialRoutesComplete();
      return;
    default:
      listener.reported(action);
      logPeerEvent(action, log);
  }
}

function logPeerEvent(action: SpeakerReport, log: Logger): void {
  switch (action.kind) {
    case 'peer-established':
      log.info('bgp-peer-established', `the session with ${action.peer} is up`, {
        peer: action.peer,
        negotiated: action.negotiated,
      });
      return;
    case 'peer-down':
      log.warn('bgp-peer-down', `the session with ${action.peer} ended`, {
        peer: action.peer,
        reason: action.reason,
        keptPaths: action.keptPaths,
      });
      return;
    case 'stale-paths-removed':
      log.info('bgp-stale-paths-removed', `${action.paths} stale paths of ${action.peer} are gone`, {
        ...action,
        kind: undefined,
      });
      return;
    case 'update-fault':
      log.warn('bgp-update-fault', `a faulty UPDATE of ${action.peer} was treated by RFC 7606`, {
        ...action,
        kind: undefined,
      });
      return;
    case 'prefix-limit':
      log.warn('bgp-prefix-limit', `${action.peer} has passed its prefix limit`, {
        ...action,
        kind: undefined,
      });
      return;
    case 'peer-attempt-failed':
      log.debug('bgp-attempt-failed', `no session with ${action.peer} yet`, {
        peer: action.peer,
        reason: action.reason,
      });
      return;
    case 'peer-bfd-changed':
      log.info('bfd-state-changed', `BFD with ${action.peer}: ${action.to}`, { ...action, kind: undefined });
      return;
    case 'peer-state-changed':
      log.debug('bgp-state-changed', `${action.peer}: ${action.from} to ${action.to}`, {
        ...action,
        kind: undefined,
      });
  }
}

function logTransport(report: TransportReport, log: Logger): void {
  switch (report.kind) {
    case 'stranger-refused':
      log.warn('bgp-stranger-refused', `${report.address ?? 'somebody'} connected and is no peer`, {
        address: report.address,
      });
      return;
    case 'md5-key-refused':
      log.error('bgp-md5-key-refused', `the kernel did not take the MD5 key of ${report.peer}`, {
        peer: report.peer,
        errno: report.errno,
      });
      return;
    case 'bfd-socket-refused':
      log.error('bfd-socket-refused', `BFD with ${report.peer} has no sockets; tried again every second`, {
        peer: report.peer,
        step: report.step,
        errno: report.errno,
      });
      return;
    case 'bfd-thread-failed':
      log.error('bfd-thread-failed', 'BFD has stopped with an error; BGP goes on without it', {
        error: report.error,
      });
  }
}

/**
 * A speaker on real sockets: the shell around the pure `Speaker`.
 *
 *     listeners, dials, connections ──events──▶ Speaker ──actions──▶ connections, dials, the owner (onAction)
 *
 * Events go to the speaker as they come, and what sessions have to say to them leaves at once. Routes are selected and
 * sent once per turn of the event loop, after everything that was readable has been read, so that a burst from many
 * peers is one batch and leaves as one write per peer. One timer stands for all timers of the speaker, on the
 * monotonic clock.
 *
 * No error of a socket leaves this class: it becomes an event of the connection. `start` and `configure` answer with a
 * `StartError` when the configuration is wrong or an address cannot be listened on, and then nothing has changed.
 */

import { randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Address, Prefix } from '@weft/ip';
import { Diagnostic } from '../bfd/iana.ts';
import type { BfdStatus } from '../bfd/types.ts';
import type { StopReason } from '../fsm/types.ts';
import type { DumpTable } from '../mrt/table-dump.ts';
import type { BmpStation } from '../speaker/bmp-station.ts';
import { checkSpeakerConfig } from '../speaker/check-config.ts';
import type { Chronicle, HearEvent } from '../speaker/chronicle.ts';
import type {
  BmpCollector,
  LocalRoute,
  LocRibChange,
  NextHopState,
  PeerStatus,
  PrefixMatch,
  SpeakerConfig,
} from '../speaker/config.ts';
import type { ConfigureOptions, SpeakerAction, SpeakerEvent } from '../speaker/events.ts';
import type { Explanation } from '../speaker/explain.ts';
import type { ReceivedRoute, SelectedRoute, SentRoute } from '../speaker/listing.ts';
import type { SoleRoutes } from '../speaker/sole-routes.ts';
import { Speaker } from '../speaker/speaker.ts';
import { FAMILIES, type Family } from '../wire/family.ts';
import { CeaseSubcode } from '../wire/iana.ts';
import { type Acknowledgement, acknowledgement } from './acknowledgement.ts';
import { BfdThread } from './bfd/bfd-thread.ts';
import { toCounts } from './bfd/counts.ts';
import type { BfdNews } from './bfd/messages.ts';
import { BmpClients } from './bmp-clients.ts';
import { ListenerSet } from './listener-set.ts';
import { PeerConnections } from './peer-connections.ts';
import type {
  BgpServerOptions,
  PeerCommand,
  SpeakerReport,
  StopOptions,
  TransportReport,
} from './server-options.ts';
import { configError, type StartError } from './start-error.ts';

/** A started server, or why it could not start. */
export type StartResult = { readonly kind: 'started'; readonly server: BgpServer } | StartError;

/** A BFD session nobody runs. */
const NOT_RUNNING: BfdStatus = {
  state: 'AdminDown',
  diagnostic: Diagnostic.none,
  remoteState: 'Down',
  remoteDiagnostic: Diagnostic.none,
  remoteControlPlaneIndependent: false,
  transmitIntervalMs: 0,
};

/** Longest delay of setTimeout, in ms. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A running speaker. */
export class BgpServer {
  readonly #speaker: Speaker;
  readonly #listeners: ListenerSet;
  readonly #connections: PeerConnections;
  readonly #bfd: BfdThread = new BfdThread({
    news: (news) => this.#hearBfd(news),
    died: (error) => this.#loseBfd(error),
  });
  readonly #onAction: (action: SpeakerReport) => void;
  readonly #onTransport: (report: TransportReport) => void;
  readonly #bmp: BmpClients = new BmpClients({
    monitor: (collector, write) => this.#monitor(collector, write),
    report: (report) => this.#onTransport(report),
  });
  #turn: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt: number = Number.POSITIVE_INFINITY;
  #performing = false;
  #stopped = false;

  private constructor(options: BgpServerOptions, listeners: ListenerSet) {
    const { config, restarting, onAction = () => {}, onTransport = () => {}, seed } = options;
    this.#onAction = onAction;
    this.#onTransport = onTransport;
    this.#listeners = listeners;
    this.#connections = new PeerConnections(listeners, config, {
      handle: (event) => this.#handle(event),
      report: onTransport,
    });
    this.#speaker = new Speaker(config, {
      restarting,
      seed: seed ?? randomInt(2 ** 32),
      now: performance.now(),
      reportRoutes: options.reportRoutes ?? options.onAction !== undefined,
    });
    this.#connections.configure(config);
    this.#bmp.configure(config.bmp);
    this.#scheduleTurn();
  }

  /** Listens and starts the sessions; the first actions are reported from the event loop, after this returned. */
  static start(options: BgpServerOptions): StartResult {
    const listeners = new ListenerSet((socket) => {
      if (server !== undefined) server.#connections.accept(socket);
    });
    let server: BgpServer | undefined;
    const error =
      configError(checkSpeakerConfig(options.config)) ?? listeners.configure(options.config.listen);
    if (error !== undefined) return error;
    server = new BgpServer(options, listeners);
    return { kind: 'started', server };
  }

  /** The configuration in force. */
  get config(): SpeakerConfig {
    return this.#speaker.config;
  }

  /**
   * Takes a new configuration; only sessions that must be are reset, and those of peers that are gone end.
   *
   * An error means that nothing has changed. It is final for this call: the server goes on as it was and does not try
   * again by itself. After a `ListenError` the same configuration may be given again when the address is free.
   */
  configure(config: SpeakerConfig, options: ConfigureOptions = {}): StartError | undefined {
    const error = configError(checkSpeakerConfig(config)) ?? this.#listeners.configure(config.listen);
    if (error !== undefined) return error;
    this.#connections.configure(config);
    this.#handle({ kind: 'configure', config, ...options });
    this.#bmp.configure(config.bmp);
    return undefined;
  }

  /** Says which routes this speaker originates, all of them. */
  setLocalRoutes(routes: readonly LocalRoute[]): void {
    this.#handle({ kind: 'set-local-routes', routes });
  }

  /** Says what is known about next hops. */
  setNextHops(nextHops: readonly NextHopState[]): void {
    this.#handle({ kind: 'set-next-hops', nextHops });
  }

  /** Starts, stops, resets or refreshes one peer. */
  command(command: PeerCommand): void {
    this.#handle(command);
  }

  /** All peers as they are now; times are on the clock of `performance.now()`. */
  peers(): PeerStatus[] {
    return this.#speaker.status().map((status) => {
      const counters = this.#bfd.counters(status.address);
      if (status.bfd === undefined || counters === undefined) return status;
      return { ...status, bfd: { ...status.bfd, counts: toCounts(counters) } };
    });
  }

  /** All selected routes, IPv4 first. */
  locRib(): LocRibChange[] {
    return FAMILIES.flatMap((family) => [...this.#speaker.locRib(family)]);
  }

  /** All paths a peer has sent. */
  adjRibIn(peer: Address): ReceivedRoute[] {
    return FAMILIES.flatMap((family) => [...this.#speaker.adjRibIn(peer, family)]);
  }

  /** All routes a peer has been told. */
  adjRibOut(peer: Address): SentRoute[] {
    return FAMILIES.flatMap((family) => [...this.#speaker.adjRibOut(peer, family)]);
  }

  /** Selected routes with their attributes, in steps between which the server goes on; `undefined` is such a step. */
  selectedRoutes(family: Family, match?: PrefixMatch): IterableIterator<SelectedRoute | undefined> {
    return this.#speaker.selectedRoutes(family, match);
  }

  /** Paths a peer has sent, in such steps. */
  receivedRoutes(
    peer: Address,
    family: Family,
    match?: PrefixMatch,
  ): IterableIterator<ReceivedRoute | undefined> {
    return this.#speaker.receivedRoutes(peer, family, match);
  }

  /** Routes a peer has been told, in such steps. */
  sentRoutes(peer: Address, family: Family, match?: PrefixMatch): IterableIterator<SentRoute | undefined> {
    return this.#speaker.sentRoutes(peer, family, match);
  }

  /** Reports every change of the Loc-RIB and the next hops in use from now on, or no longer. */
  reportRoutes(wanted: boolean): void {
    this.#speaker.reportRoutes = wanted;
    this.#scheduleTurn();
  }

  /** What would be lost without these peers: the prefixes that nobody else has a usable path to, for each of them. */
  soleRoutes(peers: readonly Address[]): Map<Address, SoleRoutes> {
    return this.#speaker.soleRoutes(peers);
  }

  /** What would be lost with a cluster to reflect for: the prefixes whose every usable path has passed it (RFC 4456 §8). */
  soleRoutesOfCluster(cluster: Address, members: readonly Address[]): SoleRoutes | undefined {
    return this.#speaker.soleRoutesOfCluster(cluster, members);
  }

  /** Why the route of a prefix is what it is. */
  explain(prefix: Prefix): Explanation {
    return this.#speaker.explain(prefix);
  }

  /**
   * Resolves when the TCP of at least one peer has acknowledged the UPDATE with a prefix, when nobody is to be told, or
   * when the signal comes. At once when that is so already.
   */
  acknowledged(prefix: Prefix, signal: AbortSignal): Promise<Acknowledgement> {
    return acknowledgement(
      {
        advertisement: () => this.#speaker.advertisement(prefix),
        connection: (peer, id) => this.#connections.find(peer, id),
      },
      signal,
    );
  }

  /**
   * Dumps the RIBs as MRT TABLE_DUMP_V2 (RFC 6396, RFC 8050), in chunks of about 64 KiB: one a turn of the event loop,
   * and the next when the last was taken. What the chunks are consistent with stands in `mrt/table-dump.ts`.
   */
  async *dumpMrt(table: DumpTable): AsyncGenerator<Uint8Array, void> {
    const request = { table, unixMs: Date.now(), now: performance.now() };
    for (const chunk of this.#speaker.dumpMrt(request)) {
      yield chunk;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /**
   * Logs what peers send and how their sessions go: one MRT BGP4MP_ET record a call, from the event loop, until the
   * function it gives is called. `MrtLogFile` is a place for them.
   */
  logMrt(write: (record: Uint8Array) => void): () => void {
    return this.#speaker.logMrt({ write, unixMs: Date.now });
  }

  /** Writes down what is heard from peers from now on; times are on the clock of `performance.now()`. */
  chronicle(write: HearEvent): Chronicle {
    return this.#speaker.chronicle(write);
  }

  /** Ends all sessions and listeners; resolves when every socket is gone, after 2 s at the latest. */
  async stop({ graceful, communication }: StopOptions): Promise<void> {
    if (this.#stopped) return;
    this.#listeners.close();
    const reason: StopReason = { subcode: CeaseSubcode.administrativeShutdown, communication };
    this.#handle({ kind: 'shutdown', reason: graceful ? undefined : reason });
    this.#runTurn();
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    await Promise.all([this.#connections.gone(), this.#bmp.stop()]);
    // Last: AdminDown must not reach a peer before the end of the connection (FRR takes it for a failure).
    await this.#bfd.stop();
  }

  #monitor({ views = ['pre-policy'] }: BmpCollector, write: (message: Uint8Array) => void): BmpStation {
    const systemDescription = `bgp-speaker-ts, AS ${this.config.asn}, identifier ${this.config.identifier}`;
    return this.#speaker.monitor({
      write,
      unixMs: Date.now,
      views,
      systemName: hostname(),
      systemDescription,
    });
  }

  #handle(event: SpeakerEvent): void {
    if (this.#stopped) return;
    this.#speaker.handle(event, performance.now());
    this.#performActions();
    this.#scheduleTurn();
    this.#armTimer();
  }

  #scheduleTurn(): void {
    if (this.#turn === undefined && this.#speaker.hasWork) this.#turn = setImmediate(() => this.#runTurn());
  }

  /** Selects and sends what the events of this turn have changed. */
  #runTurn(): void {
    this.#turn = undefined;
    this.#speaker.handle({ kind: 'flush' }, performance.now());
    this.#performActions();
    this.#scheduleTurn();
    this.#armTimer();
  }

  /** Performs what the speaker wants, in order, also when the owner answers an action with the next event. */
  #performActions(): void {
    if (this.#performing) return;
    this.#performing = true;
    for (
      let actions = this.#speaker.takeActions();
      actions.length > 0;
      actions = this.#speaker.takeActions()
    ) {
      for (const action of actions) this.#perform(action);
    }
    this.#performing = false;
    this.#connections.flush();
  }

  #perform(action: SpeakerAction): void {
    switch (action.kind) {
      case 'send':
        this.#connections.send(action.peer, action.connection, action.bytes);
        return;
      case 'connect':
        this.#connections.connect(action.peer, action.connection);
        return;
      case 'close':
        this.#connections.close(action.peer, action.connection);
        return;
      case 'open-bfd':
        this.#bfd.open(action.session);
        return;
      case 'close-bfd':
        this.#bfd.close(action.peer);
        return;
      default:
        this.#onAction(action);
    }
  }

  #hearBfd(news: BfdNews): void {
    if (news.kind === 'changed') {
      this.#handle({ kind: 'bfd-changed', peer: news.peer, status: news.status });
    } else {
      this.#onTransport({ ...news, kind: 'bfd-socket-refused' });
    }
  }

  /** What fails here says nothing about any peer: its BFD counts as turned off. */
  #loseBfd(error: string): void {
    this.#onTransport({ kind: 'bfd-thread-failed', error });
    for (const { address } of this.#speaker.status()) {
      this.#handle({ kind: 'bfd-changed', peer: address, status: NOT_RUNNING });
    }
  }

  /** Keeps the timer at the speaker's next deadline; one that fires early finds nothing due and is set anew. */
  #armTimer(): void {
    const deadline = this.#speaker.nextDeadline;
    if (deadline >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    const delay = Math.min(Math.max(0, deadline - performance.now()), MAX_TIMEOUT_MS);
    // The event loop looks at timers before it reads sockets. After a stall longer than a hold time the KEEPALIVEs that
    // wait there must be read first, so the tick comes when everything readable has been read.
    this.#timer = setTimeout(() => setImmediate(() => this.#tick()), Math.ceil(delay));
  }

  #tick(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#handle({ kind: 'tick' });
  }
}

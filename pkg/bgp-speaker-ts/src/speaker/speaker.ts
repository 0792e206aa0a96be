/**
 * A whole BGP speaker as one pure machine: many sessions, their RIBs, and what is told to whom.
 *
 *     events ─▶ session machines ─▶ UPDATEs ─▶ Adj-RIB-In ┐
 *       │                                                 ├─ flush ─▶ Loc-RIB ─▶ update groups ─▶ actions
 *       └─ local routes, next hops, configuration ────────┘
 *
 * `handle` takes one event and the time; what is to be done is collected and handed over by `takeActions`. Routes are
 * not selected or sent event by event but by `flush`, once per batch of input, and there is no timer to wait for: the
 * caller flushes when the input at hand is read and `hasWork` says so, and again while it does. The machine reads no
 * clock, draws no randomness but from its seed, and opens nothing; the same events give the same actions.
 */

import type { Address, Prefix } from '@weft/ip';
import type { SessionEvent } from '../fsm/types.ts';
import { FAMILIES, type Family, toAfiSafi } from '../wire/family.ts';
import { RefreshSubtype } from '../wire/iana.ts';
import { encodeRouteRefresh } from '../wire/message/05-route-refresh.ts';
import { type Advertisement, advertisement } from './advertised.ts';
import { receiveBfdStatus, updateBfd } from './bfd.ts';
import { BmpStation, type BmpStationOptions } from './bmp-station.ts';
import { Chronicle, type HearEvent } from './chronicle.ts';
import type { LocRibChange, NextHopState, PeerStatus, PrefixMatch, SpeakerConfig } from './config.ts';
import { configure, importAgain } from './configure.ts';
import { SpeakerCore, type SpeakerOptions } from './core.ts';
import { admit, dismissIfOver } from './dynamic-peers.ts';
import type { SpeakerAction, SpeakerEvent } from './events.ts';
import { type Explanation, explainPrefix } from './explain.ts';
import { endInitialSync, flush, hasWork } from './flush.ts';
import {
  countLocRib,
  listAdjRibIn,
  listAdjRibOut,
  listLocRib,
  listSelected,
  type ReceivedRoute,
  type SelectedRoute,
  type SentRoute,
  withoutRests,
} from './listing.ts';
import { dumpMrt, type MrtDumpRequest } from './mrt-dump.ts';
import { MrtLog, type MrtLogOptions } from './mrt-log.ts';
import type { Neighbour } from './neighbour.ts';
import { dispatch, resend } from './sessions.ts';
import { type SoleRoutes, soleRoutes, soleRoutesOfCluster } from './sole-routes.ts';
import { expireStale } from './stale-paths.ts';
import { describeNeighbour } from './status.ts';

type PeerEvent = Extract<SpeakerEvent, { readonly peer: Address }>;

/** Events after which there is something to flush only if a session machine says so. */
const QUIET: ReadonlySet<SpeakerEvent['kind']> = new Set(['received', 'tick', 'flush'] as const);

/** The machine; see the file comment. */
export class Speaker {
  readonly #core: SpeakerCore;

  /** Starts sessions with the peers of the configuration; the first actions are there at once. */
  constructor(config: SpeakerConfig, options: SpeakerOptions) {
    this.#core = new SpeakerCore({ ...config, peers: [] }, options);
    configure(this.#core, config);
  }

  /** The configuration in force. */
  get config(): SpeakerConfig {
    return this.#core.config;
  }

  /**
   * Handles one event.
   *
   * @param now ms on a clock that never goes back
   */
  handle(event: SpeakerEvent, now: number): void {
    this.#core.now = now;
    this.#core.tables.setTime(now);
    if (!QUIET.has(event.kind)) this.#core.flushDue = true;
    switch (event.kind) {
      case 'flush':
        flush(this.#core);
        return;
      case 'tick':
        this.#tick();
        return;
      case 'configure':
        configure(this.#core, event.config, event);
        return;
      case 'set-local-routes':
        this.#core.localRoutes.replace(event.routes);
        return;
      case 'set-next-hops':
        this.#learnNextHops(event.nextHops);
        return;
      case 'shutdown':
        this.#shutDown(event);
        return;
      default:
        this.#handlePeerEvent(event);
    }
  }

  /** Whether `loc-rib-changed` and `next-hops-wanted` are reported; may change at any time. */
  set reportRoutes(wanted: boolean) {
    this.#core.reportRoutes = wanted;
    this.#core.flushDue = true;
  }

  /** Hands over what is to be done, in order. */
  takeActions(): readonly SpeakerAction[] {
    return this.#core.takeActions();
  }

  /** Says whether a `flush` has work that waits for nobody. */
  get hasWork(): boolean {
    return hasWork(this.#core);
  }

  /** When a `tick` is due, in ms; Infinity when no timer runs. */
  get nextDeadline(): number {
    return Math.min(this.#core.sync.nextCheck, this.#core.deadlines.earliest);
  }

  /** Every peer as it is now, in the order of the configuration. */
  status(): PeerStatus[] {
    return [...this.#core.neighbours.values()].map((neighbour) => describeNeighbour(this.#core, neighbour));
  }

  /** All selected routes of a family. */
  locRib(family: Family): IterableIterator<LocRibChange> {
    return listLocRib(this.#core, family);
  }

  /** How many selected routes a family has. */
  routeCount(family: Family): number {
    return countLocRib(this.#core, family);
  }

  /** All paths a peer has sent, rejected ones too; nothing for a peer that is not there. */
  adjRibIn(peer: Address, family: Family): IterableIterator<ReceivedRoute> {
    return withoutRests(listAdjRibIn(this.#core, peer, family));
  }

  /** All routes a peer has been told; nothing without a session. */
  adjRibOut(peer: Address, family: Family): IterableIterator<SentRoute> {
    return withoutRests(listAdjRibOut(this.#core, peer, family));
  }

  /** Selected routes with their attributes, in steps between which events can be handled; `undefined` is such a step. */
  selectedRoutes(family: Family, match?: PrefixMatch): IterableIterator<SelectedRoute | undefined> {
    return listSelected(this.#core, family, match);
  }

  /** The Adj-RIB-In of a peer, in such steps. */
  receivedRoutes(
    peer: Address,
    family: Family,
    match?: PrefixMatch,
  ): IterableIterator<ReceivedRoute | undefined> {
    return listAdjRibIn(this.#core, peer, family, match);
  }

  /** The Adj-RIB-Out of a peer, in such steps. */
  sentRoutes(peer: Address, family: Family, match?: PrefixMatch): IterableIterator<SentRoute | undefined> {
    return listAdjRibOut(this.#core, peer, family, match);
  }

  /** Why the route of a prefix is what it is, and what peers are told about it. */
  explain(prefix: Prefix): Explanation {
    return explainPrefix(this.#core, prefix);
  }

  /** What would be lost without these peers: the prefixes that nobody else has a usable path to, for each of them. */
  soleRoutes(peers: readonly Address[]): Map<Address, SoleRoutes> {
    return soleRoutes(this.#core, peers);
  }

  /** What would be lost with a cluster: the prefixes whose every usable path has passed it (RFC 4456 §8). */
  soleRoutesOfCluster(cluster: Address, members: readonly Address[]): SoleRoutes | undefined {
    return soleRoutesOfCluster(this.#core, cluster, members);
  }

  /** Who has been told a prefix, and who is about to be. */
  advertisement(prefix: Prefix): Advertisement {
    return advertisement(this.#core, prefix);
  }

  /** Dumps the RIBs as MRT; the chunks may be taken while events go on (`mrt/table-dump.ts`). */
  dumpMrt(request: MrtDumpRequest): Generator<Uint8Array, void> {
    return dumpMrt(this.#core, request);
  }

  /** Logs received UPDATEs and changes of state as MRT BGP4MP_ET records, until the function it gives is called. */
  logMrt(options: MrtLogOptions): () => void {
    return this.#core.observe(new MrtLog(this.#core, options));
  }

  /** Writes down what is heard from peers from now on, in events that `Retelling` understands. */
  chronicle(write: HearEvent): Chronicle {
    return new Chronicle(this.#core, write);
  }

  /** Starts to tell a BMP collector what happens; the first messages are written before it returns. */
  monitor(options: BmpStationOptions): BmpStation {
    return new BmpStation(this.#core, options);
  }

  #handlePeerEvent(event: PeerEvent): void {
    const neighbour = this.#core.neighbours.get(event.peer) ?? this.#meet(event);
    if (neighbour === undefined) return;
    this.#handleEventOf(neighbour, event);
    dismissIfOver(this.#core, neighbour);
  }

  #handleEventOf(neighbour: Neighbour, event: PeerEvent): void {
    switch (event.kind) {
      case 'start-peer':
        neighbour.stopped = false;
        updateBfd(this.#core, neighbour);
        this.#dispatch(neighbour, { kind: 'start' });
        return;
      case 'stop-peer':
        neighbour.stopped = true;
        this.#dispatch(neighbour, { kind: 'stop', reason: event.reason });
        updateBfd(this.#core, neighbour);
        return;
      case 'reset-peer':
        this.#dispatch(neighbour, { kind: 'reset', reason: event.reason, holdSeconds: 0 });
        return;
      case 'refresh-peer':
        this.#refresh(neighbour, event.direction);
        return;
      case 'bfd-changed':
        receiveBfdStatus(this.#core, neighbour, event.status);
        return;
      case 'outstanding':
        this.#noteOutstanding(neighbour, event.connection, event.bytes);
        return;
      case 'connected':
      case 'accepted':
        neighbour.noteConnection(event.connection, event);
        this.#dispatch(neighbour, { kind: event.kind, connection: event.connection });
        return;
      case 'closed':
      case 'connect-failed':
        neighbour.forgetConnection(event.connection);
        this.#dispatch(neighbour, event);
        return;
      case 'received':
        this.#dispatch(neighbour, event);
        return;
    }
  }

  /** Somebody we do not know: a dynamic neighbour, a stranger, or a peer that is gone and whose event came too late. */
  #meet(event: PeerEvent): Neighbour | undefined {
    const { peer, kind } = event;
    if (kind === 'accepted') return admit(this.#core, peer, event.connection);
    if (kind === 'connected') this.#core.emit({ kind: 'close', peer, connection: event.connection });
    return undefined;
  }

  #dispatch(neighbour: Neighbour, event: SessionEvent): void {
    dispatch(this.#core, neighbour, event);
  }

  #tick(): void {
    const { now, deadlines, byIndex } = this.#core;
    for (const index of deadlines.takeDue(now)) {
      const neighbour = byIndex[index];
      if (neighbour === undefined) continue;
      expireStale(this.#core, neighbour);
      this.#dispatch(neighbour, { kind: 'timer' });
      dismissIfOver(this.#core, neighbour);
    }
    endInitialSync(this.#core);
  }

  #noteOutstanding(neighbour: Neighbour, connection: number, bytes: number): void {
    if (neighbour.session?.connection !== connection) return;
    neighbour.outstandingBytes = bytes;
    this.#dispatch(neighbour, { kind: 'outstanding', bytes });
  }

  #refresh(neighbour: Neighbour, direction: 'in' | 'out'): void {
    for (const family of FAMILIES) {
      if (direction === 'out') resend(neighbour, family);
      else this.#requestRefresh(neighbour, family);
    }
    const silent = neighbour.session?.negotiated.routeRefresh === false;
    if (direction === 'in' && silent) importAgain(this.#core, neighbour);
  }

  #requestRefresh({ address, session }: Neighbour, family: Family): void {
    if (session?.negotiated.routeRefresh !== true || !session.importProfile.families.has(family)) return;
    const bytes = encodeRouteRefresh({ ...toAfiSafi(family), subtype: RefreshSubtype.request });
    this.#core.emit({ kind: 'send', peer: address, connection: session.connection, bytes });
  }

  /** Paths over a next hop with news are selected again; policies that look at interfaces get another look. */
  #learnNextHops(states: readonly NextHopState[]): void {
    const { tables, neighbours } = this.#core;
    const ids = new Set(states.flatMap((state) => tables.nextHops.learn(state.address, state)));
    if (ids.size === 0) return;
    const { nextHopIds } = tables.attributes;
    for (const rib of tables.all) {
      const { effective } = rib.paths;
      rib.forEachPath((path) => {
        const attributes = effective[path] as number;
        if (attributes >= 0 && ids.has(nextHopIds[attributes] as number)) rib.touchPath(path);
      });
    }
    for (const neighbour of neighbours.values()) {
      const looks = neighbour.config.importPolicy.some(({ match }) => match?.interface !== undefined);
      if (looks) importAgain(this.#core, neighbour);
    }
  }

  #shutDown({ reason }: Extract<SpeakerEvent, { kind: 'shutdown' }>): void {
    this.#core.stopped = true;
    for (const neighbour of this.#core.neighbours.values()) {
      neighbour.stopped = true;
      this.#dispatch(
        neighbour,
        reason === undefined ? { kind: 'stop-gracefully' } : { kind: 'stop', reason },
      );
    }
  }
}

/**
 * What the parts of a speaker share: configuration, tables, neighbours, groups, and the actions collected so far.
 */

import type { Address, Prefix } from '@weft/ip';
import { createRandom, type Random } from '../fsm/random.ts';
import type { RestartState } from '../fsm/types.ts';
import type { PolicyFunction } from '../policy/facts.ts';
import { IdList } from '../rib/id-list.ts';
import { Tables } from '../rib/tables.ts';
import { FAMILIES } from '../wire/family.ts';
import type { SpeakerConfig } from './config.ts';
import { DeadlineHeap } from './deadline-heap.ts';
import type { SpeakerAction } from './events.ts';
import { GroupSet } from './group-set.ts';
import { INITIAL_SYNC_SECONDS, InitialSync, type SyncEnd } from './initial-sync.ts';
import { LocalRoutes } from './local-routes.ts';
import type { Neighbour } from './neighbour.ts';
import type { SpeakerObserver } from './observer.ts';
import { PeerBook } from './peer-book.ts';
import { Succession } from './succession.ts';
import { UpdateReceiver } from './update-receiver.ts';

/** What a speaker is made with beside its configuration. */
export interface SpeakerOptions {
  /** The process has started anew while the kernel kept forwarding by the routes of its earlier life (RFC 4724). */
  readonly restarting: boolean;
  /** For jitter and hashes; two speakers with the same seed and events do the same. */
  readonly seed: number;
  /** Time of the first event, in ms on a clock that never goes back. */
  readonly now: number;
  /** Report `loc-rib-changed` and `next-hops-wanted`. */
  readonly reportRoutes: boolean;
  /** Functions that policy rules may name. */
  readonly functions?: Readonly<Record<string, PolicyFunction>> | undefined;
}

/** The state of a speaker; the files beside this one work on it. */
export class SpeakerCore {
  config: SpeakerConfig;
  /** Time of the event at work. */
  now: number;
  reportRoutes: boolean;
  readonly functions: Readonly<Record<string, PolicyFunction>>;
  readonly random: Random;
  readonly tables: Tables;
  readonly receiver: UpdateReceiver;
  readonly localRoutes: LocalRoutes;
  readonly groups: GroupSet;
  readonly sync: InitialSync;
  /** Peers as configured, by address. */
  book: PeerBook = new PeerBook([]);
  readonly neighbours: Map<Address, Neighbour> = new Map();
  /** Dynamic neighbours of each prefix at present. */
  readonly dynamicCounts: Map<Prefix, number> = new Map();
  /** Neighbours by their index in the peer table. */
  readonly byIndex: (Neighbour | undefined)[] = [];
  /** Deadlines of the neighbours by index; kept by `schedule`. */
  readonly deadlines: DeadlineHeap = new DeadlineHeap();
  /** Indexes of removed neighbours whose paths are not out of all tables yet. */
  readonly retiredPeers: number[] = [];
  /**
   * Peers that were removed without a Cease and may have kept our routes: what their next OPEN is to say. At most as many as
   * there can be peers; then the oldest is forgotten.
   */
  readonly leftQuietly: Set<Address> = new Set();
  readonly succession: Succession = new Succession();
  /** Who looks on: see `observe`. */
  readonly observers: Set<SpeakerObserver> = new Set();
  /** This life began as a restart that is not over yet: the R bit of OPENs. */
  restarting: boolean;
  /** How the wait for End-of-RIB ended, until that is reported. */
  syncEnd: SyncEnd | undefined;
  /** Something happened that a flush has to look at; a KEEPALIVE is no such thing. */
  flushDue = true;
  /** All sessions were ended; nothing is selected or sent any more. */
  stopped = false;

  #actions: SpeakerAction[] = [];

  constructor(config: SpeakerConfig, options: SpeakerOptions) {
    const { seed, now, restarting, reportRoutes, functions = {} } = options;
    this.config = config;
    this.now = now;
    this.restarting = restarting;
    this.reportRoutes = reportRoutes;
    this.functions = functions;
    this.random = createRandom(seed);
    this.tables = new Tables(seed);
    this.receiver = new UpdateReceiver(this.tables);
    this.localRoutes = new LocalRoutes(this.tables);
    this.groups = this.#createGroups(seed);
    this.sync = new InitialSync(now, waitSeconds(config), restarting);
    if (restarting) for (const rib of this.tables.all) rib.holdSelection(true);
  }

  /** Lets somebody look on, until the function it gives is called. */
  observe(observer: SpeakerObserver): () => void {
    this.observers.add(observer);
    this.#watchPaths();
    return () => {
      this.observers.delete(observer);
      this.#watchPaths();
    };
  }

  /** Adds an action to those the next `takeActions` gives. */
  emit(action: SpeakerAction): void {
    this.#actions.push(action);
  }

  /** Hands over what is to be done, in order. */
  takeActions(): readonly SpeakerAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  /** Notes when a neighbour's next timer is due; called after whatever may have moved it. */
  schedule(neighbour: Neighbour): void {
    this.deadlines.set(neighbour.index, neighbour.deadline);
  }

  /**
   * What the next OPEN to a peer says about restarting. The F bits say that forwarding went on while the session was
   * away: so it did if the process alone restarted, or if only the session ended, even with its configuration. Departs from RFC 4724 §3, where the F
   * bits speak of a restart: set without the R bit, they spare the peer from dropping routes that work.
   */
  restartStateFor({ address, establishedCount }: Neighbour): RestartState {
    const forwarding = this.restarting || establishedCount > 0 || this.leftQuietly.has(address);
    return { restarting: this.restarting, forwarding: forwarding ? FAMILIES : [] };
  }

  #watchPaths(): void {
    const wanted = [...this.observers].some(({ selected }) => selected !== undefined);
    for (const rib of this.tables.all) rib.touched = wanted ? (rib.touched ?? new IdList()) : undefined;
  }

  #createGroups(seed: number): GroupSet {
    const { tables, functions, byIndex } = this;
    const host = {
      send: (peer: number, bytes: Uint8Array) => this.#sendUpdates(peer, bytes),
      outstandingBytes: (peer: number) => byIndex[peer]?.outstandingBytes ?? 0,
    };
    return new GroupSet({ tables, host, seed, localInterfaces: this.localRoutes.interfaces, functions });
  }

  #sendUpdates(peer: number, bytes: Uint8Array): void {
    const neighbour = this.byIndex[peer];
    if (neighbour?.session === undefined) return;
    neighbour.updateBytesSent += bytes.length;
    neighbour.fsm.noteSent(this.now);
    this.emit({ kind: 'send', peer: neighbour.address, connection: neighbour.session.connection, bytes });
  }
}

/** With LLGR alone the restart time is 0, and says nothing about how long peers keep our routes. */
function waitSeconds({ gracefulRestart }: SpeakerConfig): number {
  const { restartTimeSeconds, selectionDeferralSeconds, longLived } = gracefulRestart ?? {};
  if (restartTimeSeconds === 0 && longLived !== undefined)
    return selectionDeferralSeconds ?? INITIAL_SYNC_SECONDS;
  return selectionDeferralSeconds ?? restartTimeSeconds ?? INITIAL_SYNC_SECONDS;
}

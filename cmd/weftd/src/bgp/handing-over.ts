/**
 * Gives the speaker the sessions that are wanted, and keeps those that routes still depend on until others have taken their
 * place: looks again and again while there are any. What is kept, and why, decides `handOver` of `@weft/calc`.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type DesiredState,
  handOver,
  type RunningSession,
  type SessionDecision,
  type WayToPeer,
} from '@weft/calc';
import type { PeerConfig, PeerStatus, SpeakerConfig, StartError } from 'bgp-speaker-ts';
import type { Bgp } from './bgp.ts';

/** How often sessions that are kept are looked at, in ms. */
const LOOK_MS = 250;

/** What there is to take over. */
export type WantedSessions = Pick<DesiredState, 'nodeAddresses' | 'sessions'> & {
  readonly config: SpeakerConfig;
};

/** What of a speaker it needs. */
export type HandedOver = Pick<Bgp, 'config' | 'configure' | 'peers' | 'soleRoutes' | 'soleRoutesOfCluster'>;

/** The sessions of one speaker, from one set to the next. */
export class HandingOver {
  readonly #waysChanged: () => void;
  #wanted: readonly PeerConfig[] | undefined;
  #decisions: readonly SessionDecision[] = [];
  #ways: readonly WayToPeer[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Since when the speaker has a peer, by its address; those it started with are not here. */
  readonly #since = new Map<string, number>();
  /** Since when somebody is waited for on an interface. */
  readonly #awaitedSince = new Map<string, number>();

  /** @param waysChanged `ways` is another list */
  constructor(waysChanged: () => void) {
    this.#waysChanged = waysChanged;
  }

  /** Every possible peer, those included that are kept. */
  get decisions(): readonly SessionDecision[] {
    return this.#decisions;
  }

  /** To the peers the speaker has, where the routing table does not know them; the same list until they change. */
  get ways(): readonly WayToPeer[] {
    return this.#ways;
  }

  /** A speaker that starts has nothing to keep; one that falls silent keeps nothing. */
  reset(decisions: readonly SessionDecision[]): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = undefined;
    this.#since.clear();
    this.#awaitedSince.clear();
    this.#decided(decisions);
  }

  /** Configures the speaker. An error means that nothing has changed. */
  configure(bgp: HandedOver, wanted: WantedSessions): StartError | undefined {
    const { config, nodeAddresses, sessions } = wanted;
    const isAsBefore = this.#wanted === config.peers && this.#timer === undefined;
    if (isAsBefore) return bgp.configure(config);
    const now = performance.now();
    this.#await(sessions, now);
    const next = handOver({
      wanted: config.peers,
      decisions: sessions,
      running: this.#running(bgp),
      former: this.#decisions,
      awaitedSince: [...this.#awaitedSince.values()],
      soleRoutes: (peers) => bgp.soleRoutes(peers),
      soleRoutesOfCluster: (...cluster) => bgp.soleRoutesOfCluster(...cluster),
      asn: config.asn,
      nodeAddresses,
      now,
    });
    const before = bgp.config;
    const after = { ...config, peers: next.peers };
    // While something is kept there is nearly always nothing to change, and nothing to write down.
    const error = isDeepStrictEqual(before, after)
      ? undefined
      : bgp.configure(after, { withoutCease: next.withoutCease });
    if (error !== undefined) return error;
    this.#note(before, after, now);
    this.#wanted = config.peers;
    clearTimeout(this.#timer);
    this.#timer = next.pending ? this.#lookLater(bgp, wanted) : undefined;
    this.#decided(next.decisions);
    return undefined;
  }

  /** What the speaker refuses then, for an address that is taken, it may take the next time. */
  #lookLater(bgp: HandedOver, wanted: WantedSessions): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.configure(bgp, wanted) !== undefined) this.#timer = this.#lookLater(bgp, wanted);
    }, LOOK_MS);
  }

  #decided(decisions: readonly SessionDecision[]): void {
    this.#decisions = decisions;
    const ways = decisions.flatMap((item) => (item.kind === 'session' ? (item.way ?? []) : []));
    if (isDeepStrictEqual(ways, this.#ways)) return;
    this.#ways = ways;
    this.#waysChanged();
  }

  #await(decisions: readonly SessionDecision[], now: number): void {
    const awaited = new Set(
      decisions.flatMap((item) => (item.kind === 'left-out' && item.isAwaited ? item.peer : [])),
    );
    for (const name of awaited) if (!this.#awaitedSince.has(name)) this.#awaitedSince.set(name, now);
    for (const name of this.#awaitedSince.keys()) if (!awaited.has(name)) this.#awaitedSince.delete(name);
  }

  #running(bgp: HandedOver): RunningSession[] {
    const statuses = new Map(bgp.peers().map((status) => [status.address, status]));
    return bgp.config.peers.map((config) => {
      const status = statuses.get(config.address as PeerStatus['address']);
      const since = this.#since.get(config.address) ?? Number.NEGATIVE_INFINITY;
      return { config, settled: status !== undefined && isSettled(status), since };
    });
  }

  #note(before: SpeakerConfig, after: SpeakerConfig, now: number): void {
    const known = new Set<string>(before.peers.map(({ address }) => address));
    const wanted = new Set<string>(after.peers.map(({ address }) => address));
    for (const address of wanted) if (!known.has(address)) this.#since.set(address, now);
    for (const address of this.#since.keys()) if (!wanted.has(address)) this.#since.delete(address);
  }
}

function isSettled({ establishedCount, families, state }: PeerStatus): boolean {
  if (establishedCount === 0) return false;
  return state !== 'Established' || families.every(({ endOfRibReceived }) => endOfRibReceived);
}

/**
 * Gives the speaker the sessions that are wanted, and keeps those that routes still depend on until others have taken their
 * place: looks again and again while there are any. What is kept, and why, decides `handOver` of `@weft/calc`.
 */
import { type DesiredState, handOver, type RunningSession, type SessionDecision } from '@weft/calc';
import type { PeerConfig, PeerStatus, SpeakerConfig, StartError } from 'bgp-speaker-ts';
import type { Bgp } from './bgp.ts';

/** How often sessions that are kept are looked at, in ms. */
const LOOK_MS = 250;

/** What there is to take over. */
export type WantedSessions = Pick<DesiredState, 'nodeAddresses' | 'sessions'> & {
  readonly config: SpeakerConfig;
};

/** The sessions of one speaker, from one set to the next. */
export class HandingOver {
  #wanted: readonly PeerConfig[] | undefined;
  #decisions: readonly SessionDecision[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Every possible peer, those included that are kept. */
  get decisions(): readonly SessionDecision[] {
    return this.#decisions;
  }

  /** A speaker that starts has nothing to keep; one that falls silent keeps nothing. */
  reset(decisions: readonly SessionDecision[]): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = undefined;
    this.#decisions = decisions;
  }

  /** Configures the speaker. An error means that nothing has changed. */
  configure(bgp: Bgp, wanted: WantedSessions): StartError | undefined {
    const { config, nodeAddresses, sessions } = wanted;
    const isAsBefore = this.#wanted === config.peers && this.#timer === undefined;
    if (isAsBefore) return bgp.configure(config);
    const next = handOver({
      wanted: config.peers,
      decisions: sessions,
      running: runningSessions(bgp),
      former: this.#decisions,
      soleRoutes: (peers) => bgp.soleRoutes(peers),
      asn: config.asn,
      nodeAddresses,
      now: performance.now(),
    });
    const error = bgp.configure({ ...config, peers: next.peers }, { withoutCease: next.withoutCease });
    if (error !== undefined) return error;
    this.#wanted = config.peers;
    this.#decisions = next.decisions;
    clearTimeout(this.#timer);
    this.#timer = next.pending ? setTimeout(() => this.configure(bgp, wanted), LOOK_MS) : undefined;
    return undefined;
  }
}

function runningSessions(bgp: Bgp): RunningSession[] {
  const statuses = new Map(bgp.peers().map((status) => [status.address, status]));
  return bgp.config.peers.map((config) => {
    const status = statuses.get(config.address as PeerStatus['address']);
    return { config, settled: status !== undefined && isSettled(status) };
  });
}

function isSettled({ establishedCount, families, state }: PeerStatus): boolean {
  if (establishedCount === 0) return false;
  return state !== 'Established' || families.every(({ endOfRibReceived }) => endOfRibReceived);
}

/**
 * One configured peer: its session machine, and what the speaker keeps about it beside its routes.
 */

import type { Address } from '@weft/ip';
import { Peer } from '../fsm/peer.ts';
import type { Random } from '../fsm/random.ts';
import type { ConnectionId, ExchangedOpens, Negotiated, SessionConfig, SessionState } from '../fsm/types.ts';
import type { Family } from '../wire/family.ts';
import type { NeighbourBfd } from './bfd.ts';
import type { ConnectionEnds } from './events.ts';
import type { GroupMember } from './group-member.ts';
import type { ImportProfile } from './import-profile.ts';
import type { NeighbourConfig } from './peer-book.ts';
import type { UpdateGroup } from './update-group.ts';

/** What exists only while the session is Established. */
export interface EstablishedSession {
  readonly connection: ConnectionId;
  readonly negotiated: Negotiated;
  readonly opens: ExchangedOpens;
  readonly localAddress: Address | undefined;
  /** 0 when it was not told. */
  readonly localPort: number;
  readonly remotePort: number;
  importProfile: ImportProfile;
  /** Families whose End-of-RIB has come. */
  readonly endOfRibReceived: Set<Family>;
  /** Families above the prefix limit, so that it is reported once. */
  readonly limitPassed: Set<Family>;
  /** Update group of each negotiated family, and the peer's place in it. */
  readonly groups: Map<Family, { readonly group: UpdateGroup; readonly member: GroupMember }>;
  /** The session is about to end: its UPDATEs are not read any more. */
  ending: boolean;
}

/** Stale paths of a peer and when they are given up: RFC 4724 §4.2. */
export interface StaleDeadline {
  readonly at: number;
  readonly cause: 'restart-time-passed' | 'stale-time-passed';
}

/** Long-lived graceful restart of one family of a peer, from the loss of its session to End-of-RIB: RFC 9494 §4.2. */
export interface LongLivedPeriod {
  /** When the restart time is over, in ms; Infinity once it is, and while the session is back. */
  beginsAt: number;
  /** The restart time was over once: there are long-lived stale paths. */
  begun: boolean;
  /** When the Long-Lived Stale Time is over, in ms; Infinity once that was acted on. */
  endsAt: number;
}

/** One peer as the speaker knows it. */
export class Neighbour {
  readonly address: Address;
  /** Index in the peer table. */
  readonly index: number;
  readonly fsm: Peer;
  config: NeighbourConfig;
  session: EstablishedSession | undefined;
  staleDeadline: StaleDeadline | undefined;
  bfd: NeighbourBfd | undefined;
  readonly longLived: Map<Family, LongLivedPeriod> = new Map();
  /** The next OPEN shows the other of two AS numbers (`localAsnDual`). */
  otherAsn = false;
  /** Stopped by an administrator. */
  stopped = false;
  /** Sessions so far that reached Established. */
  establishedCount = 0;
  state: SessionState = 'Idle';
  stateSince: number;
  lastError: string | undefined;
  updatesReceived = 0;
  updateBytesSent = 0;
  outstandingBytes = 0;

  readonly #ends: Map<ConnectionId, ConnectionEnds> = new Map();

  constructor(config: NeighbourConfig, index: number, session: SessionConfig, random: Random, now: number) {
    this.address = config.address;
    this.index = index;
    this.config = config;
    this.fsm = new Peer(session, random);
    this.stateSince = now;
  }

  /** The AS number its OPEN had while Established, else the configured one; absent when there is no single one. */
  get asn(): number | undefined {
    const { asn } = this.config;
    return this.session?.negotiated.peerAsn ?? (typeof asn === 'number' ? asn : undefined);
  }

  /** When a timer of this peer is due next, in ms; Infinity when none runs. */
  get deadline(): number {
    let deadline = Math.min(this.fsm.nextDeadline, this.staleDeadline?.at ?? Number.POSITIVE_INFINITY);
    for (const { beginsAt, endsAt } of this.longLived.values())
      deadline = Math.min(deadline, beginsAt, endsAt);
    return deadline;
  }

  /** Notes the ends of a connection that came up. */
  noteConnection(connection: ConnectionId, ends: ConnectionEnds): void {
    this.#ends.set(connection, ends);
  }

  /** Forgets a connection. */
  forgetConnection(connection: ConnectionId): void {
    this.#ends.delete(connection);
  }

  /** Gives the ends of a connection, as far as they were told. */
  endsOf(connection: ConnectionId): ConnectionEnds {
    return this.#ends.get(connection) ?? {};
  }
}

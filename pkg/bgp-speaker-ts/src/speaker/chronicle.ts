/**
 * What a speaker hears from its peers, as events another speaker can be told: sessions with their OPENs, UPDATEs as they
 * came, and how sessions end.
 *
 * A recording of all events (`recording.ts`) replays from its first line only. A chronicle can begin at any time: its
 * `snapshot` says what was heard so far as the shortest sequence of events that leads to the same Adj-RIBs-In, stale
 * paths included. `Retelling` is the speaker that is told them. What a session does beside (timers, KEEPALIVEs, attempts)
 * is left out: it changes no route.
 */

import type { Address } from '@weft/ip';
import type { BfdStatus } from '../bfd/types.ts';
import { PathPacker } from '../bmp/path-packer.ts';
import type { DownReason, ExchangedOpens } from '../fsm/types.ts';
import { PathFlag } from '../rib/path-table.ts';
import { FAMILIES, type Family } from '../wire/family.ts';
import { MessageSize } from '../wire/iana.ts';
import { hasPathIds } from './bmp-dump.ts';
import type { SpeakerCore } from './core.ts';
import type { ConnectionEnds } from './events.ts';
import type { EstablishedSession, Neighbour } from './neighbour.ts';
import type { SpeakerObserver } from './observer.ts';

/** One thing heard. Bytes are to be read before the call returns. */
export type HeardEvent =
  /** A session is Established. */
  | ({ readonly kind: 'session-up'; readonly peer: Address; readonly opens: ExchangedOpens } & ConnectionEnds)
  /** Whole UPDATE messages, one after the other. */
  | { readonly kind: 'updates'; readonly peer: Address; readonly bytes: Uint8Array }
  /** The beginning or the end of the answer to a refresh (RFC 7313): 1 or 2. */
  | {
      readonly kind: 'refresh-mark';
      readonly peer: Address;
      readonly family: Family;
      readonly subtype: number;
    }
  | { readonly kind: 'bfd-changed'; readonly peer: Address; readonly status: BfdStatus }
  | { readonly kind: 'session-down'; readonly peer: Address; readonly reason: DownReason };

/** Takes one event and when it was, in ms on the clock of the speaker. */
export type HearEvent = (event: HeardEvent, at: number) => void;

/** What is told of a session. Without its update groups: they hold all that the peer was told. */
type ToldSession = Omit<EstablishedSession, 'groups'>;

/** A session that is over, as far as its stale paths need it. */
interface EndedSession {
  readonly session: ToldSession;
  readonly reason: DownReason;
  readonly at: number;
}

/** Writes down what is heard, from its construction on. */
export class Chronicle implements SpeakerObserver {
  readonly #core: SpeakerCore;
  readonly #write: HearEvent;
  /** Of neighbours with stale paths, and of such that had some when another session ended. */
  readonly #ended: Map<Neighbour, EndedSession> = new Map();
  readonly #detach: () => void;

  constructor(core: SpeakerCore, write: HearEvent) {
    this.#core = core;
    this.#write = write;
    this.#detach = core.observe(this);
  }

  /**
   * Tells what was heard so far. Events come in the order of their times, which begin in the past where stale paths are; they
   * and their bytes stay as they are. To be called between events of the speaker, not from within one.
   */
  snapshot(write: HearEvent): void {
    const { neighbours, now } = this.#core;
    const telling = this.#beginTelling(write);
    const ended = [...this.#ended].filter(([neighbour]) => this.#hasStale(neighbour));
    for (const [neighbour, { at, reason, session }] of ended.sort(
      (left, right) => left[1].at - right[1].at,
    )) {
      telling.at = at;
      this.#tellSession(telling, neighbour, session, true);
      write({ kind: 'session-down', peer: neighbour.address, reason }, at);
    }
    telling.at = now;
    for (const neighbour of neighbours.values())
      if (neighbour.session !== undefined) this.#tellSession(telling, neighbour, neighbour.session, false);
    for (const { address, bfd } of neighbours.values())
      if (bfd?.status !== undefined) write({ kind: 'bfd-changed', peer: address, status: bfd.status }, now);
  }

  /** Listens no longer. */
  close(): void {
    this.#detach();
  }

  established(neighbour: Neighbour, session: EstablishedSession): void {
    this.#write(sessionUp(neighbour, session), this.#core.now);
  }

  updateReceived(
    { address }: Neighbour,
    _session: EstablishedSession,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const message = bytes.subarray(start - MessageSize.header, end);
    this.#write({ kind: 'updates', peer: address, bytes: message }, this.#core.now);
  }

  refreshMarked({ address }: Neighbour, family: Family, subtype: number): void {
    this.#write({ kind: 'refresh-mark', peer: address, family, subtype }, this.#core.now);
  }

  bfdChanged({ address }: Neighbour, status: BfdStatus): void {
    this.#write({ kind: 'bfd-changed', peer: address, status }, this.#core.now);
  }

  sessionEnded(neighbour: Neighbour, session: EstablishedSession, reason: DownReason): void {
    const at = this.#core.now;
    for (const earlier of this.#ended.keys()) if (!this.#hasStale(earlier)) this.#ended.delete(earlier);
    const { groups: _, ...told } = session;
    this.#ended.set(neighbour, { session: told, reason, at });
    this.#write({ kind: 'session-down', peer: neighbour.address, reason }, at);
  }

  /** The index of a neighbour that is gone may be another one's. */
  #hasStale(neighbour: Neighbour): boolean {
    const { byIndex, tables } = this.#core;
    const { index } = neighbour;
    return byIndex[index] === neighbour && tables.all.some((rib) => rib.countsOf(index).stale > 0);
  }

  /** One packer for all sessions: its buffer costs more than what most of them have to tell. */
  #beginTelling(write: HearEvent): Telling {
    const { tables } = this.#core;
    const packer = new PathPacker(tables, (index, _heard, bytes, start, end) => {
      const peer = tables.peers.address(index) as Address;
      write({ kind: 'updates', peer, bytes: bytes.subarray(start, end) }, telling.at);
    });
    const telling: Telling = { write, packer, pathsOf: this.#pathsByPeer(), at: 0 };
    return telling;
  }

  #tellSession(telling: Telling, neighbour: Neighbour, session: ToldSession, stale: boolean): void {
    const { at, packer, pathsOf, write } = telling;
    write(sessionUp(neighbour, session), at);
    for (const family of FAMILIES) {
      const paths = pathsOf[family].get(neighbour.index) ?? [];
      this.#tellPaths(packer, neighbour, session, family, stale, paths);
      if (!stale && session.endOfRibReceived.has(family)) packer.endOfRib(family, neighbour.index, at / 1000);
    }
  }

  #tellPaths(
    packer: PathPacker,
    { index }: Neighbour,
    session: ToldSession,
    family: Family,
    stale: boolean,
    paths: readonly number[],
  ): void {
    const rib = this.#core.tables.ribs[family];
    const addPath = hasPathIds(session, family);
    for (const path of paths)
      if (rib.paths.has(path, PathFlag.stale) === stale)
        packer.announce(rib, path, rib.paths.received[path] as number, index, addPath);
    packer.finish();
  }

  /** All paths, in one pass: a pass for each session would cost their product. */
  #pathsByPeer(): PathsByPeer {
    const inRib = (family: Family): Map<number, number[]> => {
      const rib = this.#core.tables.ribs[family];
      const byPeer = new Map<number, number[]>();
      rib.forEachPath((path) => {
        const peer = rib.paths.peers[path] as number;
        const known = byPeer.get(peer);
        if (known === undefined) byPeer.set(peer, [path]);
        else known.push(path);
      });
      return byPeer;
    };
    return { 'ipv4-unicast': inRib('ipv4-unicast'), 'ipv6-unicast': inRib('ipv6-unicast') };
  }
}

/** A snapshot that is being told. */
interface Telling {
  readonly write: HearEvent;
  readonly packer: PathPacker;
  readonly pathsOf: PathsByPeer;
  /** When what is told was. */
  at: number;
}

/** Paths by the index of the peer they came from. */
type PathsByPeer = Readonly<Record<Family, ReadonlyMap<number, readonly number[]>>>;

function sessionUp({ address }: Neighbour, session: ToldSession): HeardEvent {
  const { localAddress, localPort, opens, remotePort } = session;
  return { kind: 'session-up', peer: address, opens, localAddress, localPort, remotePort };
}

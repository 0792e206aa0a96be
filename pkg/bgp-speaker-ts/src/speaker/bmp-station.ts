/**
 * Tells one BMP collector what happens: Initiation, peers, a dump of the routes, and from then on every change.
 *
 *     pre-policy   UPDATEs as they came, byte for byte; one that is treated as a withdrawal (RFC 7606) as that
 *     post-policy  after each batch, the paths that changed (state compression, RFC 7854 §5)
 *     loc-rib      after each batch, the prefixes whose selected path changed (RFC 9069)
 *
 * A station writes and never waits. Whoever carries its bytes asks for the next slice of the dump when there is room,
 * and ends the station when too much piles up; another one begins anew, with a new dump.
 */

import type { BmpView } from '../bmp/header.ts';
import { encodeInitiation, encodeTermination } from '../bmp/session-messages.ts';
import type { DownReason } from '../fsm/types.ts';
import { NO_ATTRIBUTES, NO_PATH, PathFlag } from '../rib/path-table.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import type { Rib } from '../rib/rib.ts';
import type { Family } from '../wire/family.ts';
import { MessageSize } from '../wire/iana.ts';
import { encodeWithdrawals } from '../wire/message/withdrawals.ts';
import { dumpRoutes, hasPathIds } from './bmp-dump.ts';
import { BmpFeed, type BmpOutput } from './bmp-feed.ts';
import type { SpeakerCore } from './core.ts';
import type { EstablishedSession, Neighbour } from './neighbour.ts';
import type { SpeakerObserver } from './observer.ts';
import type { ReceiveResult } from './update-receiver.ts';

/** What a station tells, and to whom it introduces itself. */
export interface BmpStationOptions extends BmpOutput {
  readonly views: readonly BmpView[];
  readonly systemName: string;
  readonly systemDescription: string;
}

/** One collector's view of the speaker. */
export class BmpStation implements SpeakerObserver {
  readonly #core: SpeakerCore;
  readonly #options: BmpStationOptions;
  readonly #feed: BmpFeed;
  readonly #dump: Generator<void, void>;
  readonly #detach: () => void;
  readonly #treatedAsWithdraw: Map<Neighbour, number> = new Map();
  /** End-of-RIBs that have come in this batch. */
  #endOfRibs: { readonly neighbour: Neighbour; readonly family: Family }[] = [];

  /** Writes the Initiation and a Peer Up for each peer that is up. */
  constructor(core: SpeakerCore, options: BmpStationOptions) {
    this.#core = core;
    this.#options = options;
    this.#feed = new BmpFeed(core, options, options.views);
    options.write(encodeInitiation(options.systemName, options.systemDescription));
    if (this.#tells('loc-rib')) this.#feed.locRibUp();
    for (const neighbour of core.neighbours.values()) {
      if (neighbour.session !== undefined) this.established(neighbour, neighbour.session);
    }
    this.#dump = dumpRoutes(this.#feed);
    this.#detach = core.observe(this);
  }

  /** Writes the next slice of the dump; false when that was the last one. */
  continueDump(): boolean {
    return this.#dump.next().done !== true;
  }

  /** Writes a Statistics Report for each peer that is up, and for the Loc-RIB if it is told. */
  reportStatistics(): void {
    for (const neighbour of this.#core.neighbours.values()) {
      if (neighbour.session === undefined) continue;
      this.#feed.statistics(neighbour, neighbour.session, this.#treatedAsWithdraw.get(neighbour) ?? 0);
    }
    if (this.#tells('loc-rib')) this.#feed.locRibStatistics();
  }

  /** Writes a Termination and looks on no longer. */
  terminate(reason: number): void {
    this.detach();
    this.#options.write(encodeTermination(reason));
  }

  /** Looks on no longer: the connection is gone. */
  detach(): void {
    this.#detach();
  }

  established(neighbour: Neighbour, session: EstablishedSession): void {
    if (this.#tells('pre-policy') || this.#tells('post-policy')) this.#feed.peerUp(neighbour, session);
  }

  sessionEnded(neighbour: Neighbour, session: EstablishedSession, reason: DownReason): void {
    this.#treatedAsWithdraw.delete(neighbour);
    if (this.#tells('pre-policy') || this.#tells('post-policy')) {
      this.#feed.peerDown(neighbour, session, reason);
    }
  }

  updateReceived(
    neighbour: Neighbour,
    session: EstablishedSession,
    bytes: Uint8Array,
    start: number,
    end: number,
    result: ReceiveResult,
  ): void {
    if (result.kind === 'error') return;
    if (result.kind === 'end-of-rib') this.#endOfRibs.push({ neighbour, family: result.family });
    const withdrawn = result.kind === 'fault' && result.verdict.treatment === 'treat-as-withdraw';
    if (withdrawn) this.#countTreated(neighbour);
    if (!this.#tells('pre-policy')) return;
    if (!withdrawn) this.#feed.forward(neighbour, session, bytes, start - MessageSize.header, end);
    else
      for (const update of encodeWithdrawals(bytes, start, end)) {
        this.#feed.forward(neighbour, session, update, 0, update.length);
      }
  }

  /** The peer withdraws these paths by not sending them again; no UPDATE says so. */
  refreshEnding(neighbour: Neighbour, session: EstablishedSession, family: Family): void {
    const packer = this.#feed.packer('pre-policy');
    if (packer === undefined) return;
    const rib = this.#core.tables.ribs[family];
    const { paths } = rib;
    const addPath = hasPathIds(session, family);
    rib.forEachPath((path) => {
      if (!paths.has(path, PathFlag.stale)) return;
      const [prefix, pathId] = [paths.prefixes[path] as number, paths.pathIds[path] as number];
      packer.withdraw(rib, prefix, pathId, neighbour.index, addPath);
    }, neighbour.index);
    packer.finish();
  }

  selected(rib: Rib): void {
    this.#tellTouched(rib);
    this.#tellChanged(rib);
    this.#tellEndOfRibs(rib.family);
    this.#feed.finish();
  }

  #tells(view: BmpView): boolean {
    return this.#feed.packer(view) !== undefined;
  }

  #countTreated(neighbour: Neighbour): void {
    this.#treatedAsWithdraw.set(neighbour, (this.#treatedAsWithdraw.get(neighbour) ?? 0) + 1);
  }

  #tellTouched(rib: Rib): void {
    const packer = this.#feed.packer('post-policy');
    const { touched, paths } = rib;
    if (packer === undefined || touched === undefined) return;
    for (let index = 0; index < touched.count; index += 1) {
      const path = touched.ids[index] as number;
      const peer = paths.peers[path] as number;
      const session = this.#core.byIndex[peer]?.session;
      if (session === undefined) continue;
      const addPath = hasPathIds(session, rib.family);
      const effective = paths.effective[path] as number;
      if (effective !== NO_ATTRIBUTES) packer.announce(rib, path, effective, peer, addPath);
      else packer.withdraw(rib, paths.prefixes[path] as number, paths.pathIds[path] as number, peer, addPath);
    }
  }

  #tellChanged(rib: Rib): void {
    const packer = this.#feed.packer('loc-rib');
    if (packer === undefined) return;
    const { changed, bestPaths, paths } = rib;
    for (let index = 0; index < changed.count; index += 1) {
      const prefix = changed.ids[index] as number;
      const best = bestPaths[prefix] as number;
      if (best === NO_PATH) packer.withdraw(rib, prefix, 0, LOCAL_PEER, false);
      else packer.announce(rib, best, paths.effective[best] as number, LOCAL_PEER, false);
    }
  }

  #tellEndOfRibs(family: Family): void {
    const packer = this.#feed.packer('post-policy');
    for (const item of this.#endOfRibs) {
      if (item.family === family) packer?.endOfRib(family, item.neighbour.index, this.#core.now / 1000);
    }
    this.#endOfRibs = this.#endOfRibs.filter((item) => item.family !== family);
  }
}

/**
 * The first thing a BMP station tells: all routes there are, then End-of-RIB for everybody (RFC 7854 §5).
 *
 * It is taken slice by slice from the live tables, while changes are told between the slices. Each slice says what is so
 * when it is taken, after all changes told before it: whatever the order, the collector ends up with what we have.
 */

import { NO_ATTRIBUTES, NO_PATH, PathFlag } from '../rib/path-table.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import type { Rib } from '../rib/rib.ts';
import type { Family } from '../wire/family.ts';
import type { BmpFeed } from './bmp-feed.ts';
import type { EstablishedSession, Neighbour } from './neighbour.ts';

/** Rows looked at in one slice: a few milliseconds when no two of them share attributes. */
const SLICE_ROWS = 256;

/** Tells all routes; after each `yield` the caller may do something else. */
export function* dumpRoutes(feed: BmpFeed): Generator<void, void> {
  const { core } = feed;
  const present = [...core.neighbours.values()].flatMap((neighbour) =>
    neighbour.session === undefined ? [] : [{ neighbour, session: neighbour.session }],
  );
  for (const rib of core.tables.all) {
    yield* slices(
      feed,
      () => rib.paths.highWater,
      (path) => tellPath(feed, rib, path),
    );
    if (feed.packer('loc-rib') === undefined) continue;
    yield* slices(
      feed,
      () => rib.prefixes.highWater,
      (prefix) => tellBest(feed, rib, prefix),
    );
  }
  for (const { neighbour, session } of present) endOfRibs(feed, neighbour, session);
  for (const { family } of core.tables.all) endOfLocRib(feed, family);
}

function* slices(feed: BmpFeed, end: () => number, tell: (row: number) => void): Generator<void, void> {
  for (let row = 0; row < end(); row += 1) {
    tell(row);
    if (row % SLICE_ROWS !== SLICE_ROWS - 1) continue;
    feed.finish();
    yield;
  }
  feed.finish();
  yield;
}

/** Stale paths of a refresh are told before policy only when the peer sends them again. */
function tellPath(feed: BmpFeed, rib: Rib, path: number): void {
  const { paths, family } = rib;
  const peer = paths.peers[path] as number;
  if (peer === LOCAL_PEER || paths.has(path, PathFlag.gone)) return;
  const session = feed.core.byIndex[peer]?.session;
  if (session === undefined) return;
  const addPath = hasPathIds(session, family);
  const effective = paths.effective[path] as number;
  const received = paths.received[path] as number;
  if (!paths.has(path, PathFlag.stale))
    feed.packer('pre-policy')?.announce(rib, path, received, peer, addPath);
  if (effective !== NO_ATTRIBUTES) feed.packer('post-policy')?.announce(rib, path, effective, peer, addPath);
}

function tellBest(feed: BmpFeed, rib: Rib, prefix: number): void {
  const best = rib.prefixes.isLive(prefix) ? rib.usableBest(prefix) : NO_PATH;
  if (best === NO_PATH) return;
  const effective = rib.paths.effective[best] as number;
  feed.packer('loc-rib')?.announce(rib, best, effective, LOCAL_PEER, false);
}

/** A session that began during the dump is told live, its End-of-RIB too. */
function endOfRibs(feed: BmpFeed, neighbour: Neighbour, session: EstablishedSession): void {
  if (neighbour.session !== session) return;
  const now = feed.core.now / 1000;
  for (const family of session.importProfile.families) {
    feed.packer('pre-policy')?.endOfRib(family, neighbour.index, now);
    feed.packer('post-policy')?.endOfRib(family, neighbour.index, now);
  }
}

function endOfLocRib(feed: BmpFeed, family: Family): void {
  feed.packer('loc-rib')?.endOfRib(family, LOCAL_PEER, feed.core.now / 1000);
}

/** Says whether prefixes of a peer have path identifiers. */
export function hasPathIds(
  { importProfile }: Pick<EstablishedSession, 'importProfile'>,
  family: Family,
): boolean {
  return family === 'ipv4-unicast' ? importProfile.ipv4AddPath : importProfile.ipv6AddPath;
}

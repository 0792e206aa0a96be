/**
 * The end of a batch of input: routes are selected, told to the update groups, and reported.
 *
 * One call does a bounded amount of work, so that timers and other sockets get their turn between two of them.
 */

import type { Rib } from '../rib/rib.ts';
import type { SpeakerCore } from './core.ts';
import { describePrefix } from './reports.ts';
import { dispatch } from './sessions.ts';

/** Prefixes selected in one call, per family. */
const SELECT_PREFIXES = 32_768;

/** Selects and sends; see the file comment. */
export function flush(core: SpeakerCore): void {
  core.flushDue = false;
  if (core.stopped) return;
  endInitialSync(core);
  for (const rib of core.tables.all) {
    rib.select(SELECT_PREFIXES);
    core.succession.review(rib);
    for (const observer of core.observers) observer.selected?.(rib);
    rib.touched?.clear();
    core.groups.update(rib.family);
    if (core.reportRoutes) reportChanges(core, rib);
  }
  core.groups.flush(knowsAllRoutes(core));
  for (const rib of core.tables.all) rib.finish((prefix) => core.groups.isPending(rib.family, prefix));
  if (core.reportRoutes) reportNextHops(core);
  retirePeers(core);
  reportSyncEnd(core);
}

/** Says whether a flush has work that waits for nobody. */
export function hasWork(core: SpeakerCore): boolean {
  return !core.stopped && (core.flushDue || hasDirty(core) || core.groups.hasWork);
}

/** Ends the waits for the peers that are over: of selection, and of End-of-RIB. */
export function endInitialSync(core: SpeakerCore): void {
  if (core.sync.endsHold(core.neighbours, core.now)) releaseSelection(core);
  const cause = core.sync.check(core.neighbours, core.book.isOpen, core.now);
  if (cause === undefined) return;
  core.syncEnd = cause;
  core.flushDue = true;
  if (!core.restarting) return;
  core.restarting = false;
  releaseSelection(core);
  for (const neighbour of core.neighbours.values()) {
    dispatch(core, neighbour, { kind: 'restart-state', state: core.restartStateFor(neighbour) });
  }
}

function releaseSelection(core: SpeakerCore): void {
  for (const rib of core.tables.all) rib.holdSelection(false);
  core.flushDue = true;
}

/** End-of-RIB says "this is all I have": not before local routes are known and all that came in was selected. */
function knowsAllRoutes(core: SpeakerCore): boolean {
  return core.localRoutes.known && !core.restarting && !hasDirty(core);
}

function hasDirty({ tables }: SpeakerCore): boolean {
  return tables.all.some((rib) => rib.dirtyCount > 0);
}

function reportChanges(core: SpeakerCore, rib: Rib): void {
  const { ids, count } = rib.changed;
  if (count === 0) return;
  const changes = Array.from(ids.subarray(0, count), (prefix) => describePrefix(core.tables, rib, prefix));
  core.emit({ kind: 'loc-rib-changed', changes });
}

/** Whoever hears which next hops are wanted tells of those again that were forgotten; without a report nobody knows which. */
function reportNextHops(core: SpeakerCore): void {
  const { nextHops } = core.tables;
  if (!nextHops.changed) return;
  nextHops.changed = false;
  const wanted = nextHops.wanted();
  nextHops.forgetUnused(wanted);
  core.emit({ kind: 'next-hops-wanted', nextHops: wanted });
}

/** The index of a removed peer is free when no path and no announced route names it any more. */
function retirePeers(core: SpeakerCore): void {
  if (core.retiredPeers.length === 0 || core.restarting || hasDirty(core)) return;
  for (const index of core.retiredPeers) core.tables.peers.remove(index);
  core.retiredPeers.length = 0;
}

/** Told after the changes that End-of-RIB has brought, so that whoever acts on it has seen all routes. */
function reportSyncEnd(core: SpeakerCore): void {
  if (core.syncEnd === undefined || hasDirty(core)) return;
  core.emit({ kind: 'end-of-rib-complete', cause: core.syncEnd });
  core.syncEnd = undefined;
}

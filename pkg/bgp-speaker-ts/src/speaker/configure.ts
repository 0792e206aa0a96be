/**
 * Brings the neighbours in line with a configuration; what is reset and what is not stands in `session-config.ts`.
 */

import type { Prefix } from '@weft/ip';
import { PathFlag } from '../rib/path-table.ts';
import { MAX_PEERS } from '../rib/peer-table.ts';
import { CeaseSubcode } from '../wire/iana.ts';
import { updateBfd } from './bfd.ts';
import type { SpeakerConfig } from './config.ts';
import type { SpeakerCore } from './core.ts';
import type { ConfigureOptions } from './events.ts';
import { toExportProfile } from './export-profile.ts';
import { toImportProfile } from './import-profile.ts';
import { LongLivedMarker } from './long-lived-marker.ts';
import { type EstablishedSession, Neighbour } from './neighbour.ts';
import { type NeighbourConfig, PeerBook } from './peer-book.ts';
import { describePeer } from './peer-columns.ts';
import { isSameData, needsImport, needsReset, toSessionConfig } from './session-config.ts';
import { dispatch } from './sessions.ts';

/** Takes on a configuration: the first one, or another in its place. */
export function configure(
  core: SpeakerCore,
  next: SpeakerConfig,
  { withoutCease = [] }: ConfigureOptions = {},
): void {
  const before = core.config;
  core.config = next;
  core.book = new PeerBook(next.peers);
  for (const neighbour of core.neighbours.values()) {
    const config = core.book.find(neighbour.address);
    if (config === undefined || isLost(neighbour, config))
      removeNeighbour(core, neighbour, withoutCease.includes(neighbour.address) ? 'without-cease' : 'cease');
    else changeNeighbour(core, neighbour, before, config);
  }
  for (const config of core.book.exact) {
    if (!core.neighbours.has(config.address)) addNeighbour(core, config);
  }
}

/** A peer of its own that is configured no more stays as a dynamic neighbour if it has a session, and only then. */
function isLost({ config: before, session }: Neighbour, config: NeighbourConfig): boolean {
  return config.template !== undefined && before.template === undefined && session === undefined;
}

/** Judges all routes of a neighbour again, from what it sent: policy or facts have changed. */
export function importAgain(core: SpeakerCore, neighbour: Neighbour): void {
  const { session, index } = neighbour;
  if (session === undefined) return;
  const { negotiated, localAddress } = session;
  session.importProfile = toImportProfile(
    core.config,
    neighbour.config,
    index,
    negotiated,
    localAddress,
    core.functions,
  );
  const { importer } = core.receiver;
  const marker = new LongLivedMarker(core.tables.attributes);
  for (const rib of core.tables.all) {
    const { paths, prefixes } = rib;
    rib.forEachPath((path) => {
      const prefix = paths.prefixes[path] as number;
      importer.begin(session.importProfile, rib.family, paths.received[path] as number);
      importer.judge(...prefixes.wordsOf(prefix), prefixes.lengths[prefix] as number);
      const longLived = paths.has(path, PathFlag.longLived);
      const effective = longLived ? marker.mark(importer.effective) : importer.effective;
      rib.judgeAgain(path, effective, importer.rejection);
      importer.end();
    }, index);
  }
  marker.end();
}

/** Makes a neighbour and starts it. */
export function addNeighbour(core: SpeakerCore, config: NeighbourConfig): Neighbour {
  const index = core.tables.peers.add(config.address);
  const session = toSessionConfig(core.config, config);
  const neighbour = new Neighbour(config, index, session, core.random, core.now);
  core.neighbours.set(config.address, neighbour);
  core.byIndex[index] = neighbour;
  describePeer(core, neighbour);
  dispatch(core, neighbour, { kind: 'restart-state', state: core.restartStateFor(neighbour) });
  updateBfd(core, neighbour);
  dispatch(core, neighbour, { kind: 'start' });
  count(core, config.template, 1);
  return neighbour;
}

/** Ends a neighbour and forgets it, with its routes. */
export function removeNeighbour(
  core: SpeakerCore,
  neighbour: Neighbour,
  ending: 'cease' | 'without-cease' = 'cease',
): void {
  neighbour.stopped = true;
  if (ending === 'without-cease') leaveQuietly(core, neighbour);
  else dispatch(core, neighbour, { kind: 'stop', reason: { subcode: CeaseSubcode.peerDeconfigured } });
  updateBfd(core, neighbour);
  dropAllPaths(core, neighbour);
  core.neighbours.delete(neighbour.address);
  core.byIndex[neighbour.index] = undefined;
  core.deadlines.set(neighbour.index, Number.POSITIVE_INFINITY);
  core.retiredPeers.push(neighbour.index);
  count(core, neighbour.config.template, -1);
}

/** Closes without a word, and remembers that the peer may have kept our routes. */
function leaveQuietly(core: SpeakerCore, neighbour: Neighbour): void {
  const { leftQuietly } = core;
  if (neighbour.session !== undefined) leftQuietly.add(neighbour.address);
  const [oldest] = leftQuietly;
  if (oldest !== undefined && leftQuietly.size > MAX_PEERS) leftQuietly.delete(oldest);
  dispatch(core, neighbour, { kind: 'stop-gracefully' });
}

function changeNeighbour(
  core: SpeakerCore,
  neighbour: Neighbour,
  before: SpeakerConfig,
  config: NeighbourConfig,
): void {
  const old = neighbour.config;
  neighbour.config = config;
  count(core, old.template, -1);
  count(core, config.template, 1);
  neighbour.fsm.configure(toSessionConfig(core.config, config, neighbour.otherAsn));
  updateBfd(core, neighbour);
  if (describePeer(core, neighbour)) touchPaths(core, neighbour.index);
  const reset = needsReset(before, core.config, old, config, neighbour.session?.negotiated.peerAsn);
  if (reset !== undefined) {
    if (reset === 'reconnect') reconnect(core, neighbour);
    else resetNeighbour(core, neighbour);
    return;
  }
  if (neighbour.session === undefined) return;
  if (needsImport(before, core.config, old, config)) importAgain(core, neighbour);
  exportAgain(core, neighbour, neighbour.session);
}

/** The session starts anew at once; the peer was not at fault, so there is nothing to wait for. */
function resetNeighbour(core: SpeakerCore, neighbour: Neighbour): void {
  const reason = { subcode: CeaseSubcode.otherConfigurationChange };
  dispatch(core, neighbour, { kind: 'reset', reason, holdSeconds: 0 });
  dropAllPaths(core, neighbour);
}

/**
 * The same routes come over another connection: both ends keep what they have until then, as after a restart (RFC 4724).
 */
function reconnect(core: SpeakerCore, neighbour: Neighbour): void {
  if (neighbour.stopped) return;
  dispatch(core, neighbour, { kind: 'stop-gracefully' });
  dispatch(core, neighbour, { kind: 'start' });
}

/** Moves a neighbour to the update groups that suit its configuration now. */
function exportAgain(core: SpeakerCore, neighbour: Neighbour, session: EstablishedSession): void {
  for (const [family, place] of session.groups) {
    const profile = toExportProfile(
      core.config,
      neighbour.config,
      family,
      session.negotiated,
      session.localAddress,
    );
    if (!isSameData(profile, place.group.profile))
      session.groups.set(family, core.groups.move(place, profile));
  }
}

function count({ dynamicCounts }: SpeakerCore, template: Prefix | undefined, by: number): void {
  if (template === undefined) return;
  const left = (dynamicCounts.get(template) ?? 0) + by;
  if (left === 0) dynamicCounts.delete(template);
  else dynamicCounts.set(template, left);
}

function touchPaths(core: SpeakerCore, index: number): void {
  for (const rib of core.tables.all) rib.forEachPath((path) => rib.touchPath(path), index);
}

function dropAllPaths(core: SpeakerCore, neighbour: Neighbour): void {
  neighbour.staleDeadline = undefined;
  neighbour.longLived.clear();
  core.succession.end(neighbour.index);
  for (const rib of core.tables.all) rib.dropPaths(neighbour.index, false);
  core.schedule(neighbour);
}

/**
 * The RIBs as lists. Each is an iterator over the live tables: it may rest while events are handled, and then lists
 * what is there the whole time once; what comes, goes or changes meanwhile is listed as it is found, or not at all.
 *
 * Some lists have many rows between two routes they are asked for. They say `undefined` after every `ROWS_BETWEEN_RESTS`
 * rows, so that whoever reads them can rest there too.
 */

import type { Address, Prefix } from '@weft/ip';
import { createRouteFacts } from '../policy/facts.ts';
import { compilePrefixMatch } from '../policy/prefix-matcher.ts';
import type { PrefixMatch } from '../policy/rule.ts';
import { NO_ROUTE } from '../rib/adj-rib-out.ts';
import { NO_PATH, PathFlag, REJECTIONS, type Rejection } from '../rib/path-table.ts';
import type { Rib } from '../rib/rib.ts';
import { formatPrefix } from '../rib/tables.ts';
import { decodeAttributes } from '../wire/attribute/decode.ts';
import type { Family } from '../wire/family.ts';
import { attributeKeyStart } from '../wire/message/02-update.ts';
import type { LocRibChange } from './config.ts';
import type { SpeakerCore } from './core.ts';
import { describePrefix } from './reports.ts';
import { type ShownAttributes, showAttributes } from './shown-attributes.ts';
import type { UpdateGroup } from './update-group.ts';

/** A path in an Adj-RIB-In. */
export interface ReceivedRoute {
  readonly prefix: Prefix;
  /** Path identifier of the peer; 0 without ADD-PATH. */
  readonly pathId: number;
  /** As received, before import policy. */
  readonly attributes: ShownAttributes;
  readonly rejection: Rejection;
  readonly stale: boolean;
  readonly best: boolean;
}

/** A route in an Adj-RIB-Out. */
export interface SentRoute {
  readonly prefix: Prefix;
  /** Our path identifier; 0 without ADD-PATH. */
  readonly pathId: number;
  readonly attributes: ShownAttributes;
}

/** Rows looked at before a list says that it could rest; about 1 ms. */
const ROWS_BETWEEN_RESTS = 65_536;

/** A selected route with its attributes after import policy. */
export interface SelectedRoute extends LocRibChange {
  readonly attributes: ShownAttributes;
}

/** Lists what the Loc-RIB has, as it is reported when it changes. */
export function* listLocRib({ tables }: SpeakerCore, family: Family): IterableIterator<LocRibChange> {
  const rib = tables.ribs[family];
  for (let prefix = 0; prefix < rib.prefixes.highWater; prefix += 1) {
    if (isSelected(rib, prefix)) yield describePrefix(tables, rib, prefix);
  }
}

/** Counts what `listLocRib` would list. */
export function countLocRib({ tables }: SpeakerCore, family: Family): number {
  const rib = tables.ribs[family];
  let count = 0;
  for (let prefix = 0; prefix < rib.prefixes.highWater; prefix += 1) if (isSelected(rib, prefix)) count += 1;
  return count;
}

/** Lists the selected routes of a family; with a match, those whose prefix it holds for. */
export function* listSelected(
  { tables }: SpeakerCore,
  family: Family,
  match?: PrefixMatch,
): IterableIterator<SelectedRoute | undefined> {
  const rib = tables.ribs[family];
  const isWanted = compileFilter(rib, match);
  for (let prefix = 0; prefix < rib.prefixes.highWater; prefix += 1) {
    if (prefix % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1) yield undefined;
    if (!isSelected(rib, prefix) || !isWanted(prefix)) continue;
    const id = rib.paths.effective[rib.usableBest(prefix)] as number;
    const attributes = showAttributes(tables.attributes.attributes(id), tables.attributes.nextHop(id));
    yield { ...describePrefix(tables, rib, prefix), attributes };
  }
}

/** Lists what a peer has sent. */
export function* listAdjRibIn(
  core: SpeakerCore,
  peer: Address,
  family: Family,
  match?: PrefixMatch,
): IterableIterator<ReceivedRoute | undefined> {
  const neighbour = core.neighbours.get(peer);
  const rib = core.tables.ribs[family];
  const { paths } = rib;
  const isWanted = compileFilter(rib, match);
  for (let path = 0; path < paths.highWater; path += 1) {
    if (path % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1) yield undefined;
    if (neighbour === undefined || core.byIndex[neighbour.index] !== neighbour) return;
    if (paths.peers[path] !== neighbour.index || paths.has(path, PathFlag.gone)) continue;
    if (isWanted(paths.prefixes[path] as number)) yield describeReceived(core, rib, path);
  }
}

/** Lists what a peer has been told. */
export function* listAdjRibOut(
  core: SpeakerCore,
  peer: Address,
  family: Family,
  match?: PrefixMatch,
): IterableIterator<SentRoute | undefined> {
  const neighbour = core.neighbours.get(peer);
  const rib = core.tables.ribs[family];
  const isWanted = compileFilter(rib, match);
  for (let slot = 0; ; slot += 1) {
    if (slot % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1) yield undefined;
    // The group and its columns may be others than a moment ago.
    const group = neighbour?.session?.groups.get(family)?.group;
    if (neighbour === undefined || group === undefined || slot >= group.adjRibOut.routes.length) return;
    const route = group.adjRibOut.routes[slot] as number;
    if (route === NO_ROUTE || group.adjRibOut.sources[slot] === neighbour.index) continue;
    const { allPaths } = group.profile;
    const prefix = allPaths ? (rib.paths.prefixes[slot] as number) : slot;
    const pathId = allPaths ? (rib.paths.ordinals[slot] as number) : group.bestPathId;
    if (!isWanted(prefix)) continue;
    yield { prefix: formatPrefix(rib.prefixes, prefix), pathId, attributes: showRoute(group, route) };
  }
}

/** A list to its end. */
export function* withoutRests<T>(list: IterableIterator<T | undefined>): IterableIterator<T> {
  for (const route of list) if (route !== undefined) yield route;
}

function isSelected(rib: Rib, prefix: number): boolean {
  return rib.prefixes.isLive(prefix) && rib.usableBest(prefix) !== NO_PATH;
}

/** Tests prefix ids without making text of them. */
function compileFilter(rib: Rib, match: PrefixMatch | undefined): (prefix: number) => boolean {
  if (match === undefined) return () => true;
  const holds = compilePrefixMatch(match);
  const facts = createRouteFacts(rib.family);
  const { prefixes } = rib;
  return (prefix) => {
    facts.word0 = prefixes.word0[prefix] as number;
    facts.word1 = prefixes.word1[prefix] ?? 0;
    facts.word2 = prefixes.word2[prefix] ?? 0;
    facts.word3 = prefixes.word3[prefix] ?? 0;
    facts.length = prefixes.lengths[prefix] as number;
    return holds(facts);
  };
}

/** Shows the attributes of a route as members of a group are told them. */
export function showRoute({ adjRibOut, profile }: UpdateGroup, route: number): ShownAttributes {
  const key = adjRibOut.encoded.view(route);
  const start = attributeKeyStart(key);
  const { attributes } = decodeAttributes(key, start, key.length, profile);
  return showAttributes(attributes, key.subarray(1, start));
}

function describeReceived({ tables }: SpeakerCore, rib: Rib, path: number): ReceivedRoute {
  const { paths } = rib;
  const prefix = paths.prefixes[path] as number;
  const received = paths.received[path] as number;
  return {
    prefix: formatPrefix(rib.prefixes, prefix),
    pathId: paths.pathIds[path] as number,
    attributes: showAttributes(tables.attributes.attributes(received), tables.attributes.nextHop(received)),
    rejection: REJECTIONS[paths.rejections[path] as number] as Rejection,
    stale: paths.has(path, PathFlag.stale),
    best: rib.usableBest(prefix) === path,
  };
}

/**
 * The RIBs as lists. Each is an iterator over the live tables: read it to its end before the next event.
 */

import type { Address, Prefix } from '@weft/ip';
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

/** Lists the selected routes of a family. */
export function* listLocRib({ tables }: SpeakerCore, family: Family): IterableIterator<LocRibChange> {
  const rib = tables.ribs[family];
  for (let prefix = 0; prefix < rib.prefixes.highWater; prefix += 1) {
    if (rib.prefixes.isLive(prefix) && rib.bestPaths[prefix] !== NO_PATH) {
      yield describePrefix(tables, rib, prefix);
    }
  }
}

/** Lists what a peer has sent. */
export function* listAdjRibIn(
  core: SpeakerCore,
  peer: Address,
  family: Family,
): IterableIterator<ReceivedRoute> {
  const neighbour = core.neighbours.get(peer);
  if (neighbour === undefined) return;
  const rib = core.tables.ribs[family];
  const { paths } = rib;
  for (let path = 0; path < paths.highWater; path += 1) {
    if (paths.peers[path] === neighbour.index && !paths.has(path, PathFlag.gone)) {
      yield describeReceived(core, rib, path);
    }
  }
}

/** Lists what a peer has been told. */
export function* listAdjRibOut(
  core: SpeakerCore,
  peer: Address,
  family: Family,
): IterableIterator<SentRoute> {
  const neighbour = core.neighbours.get(peer);
  const group = neighbour?.session?.groups.get(family)?.group;
  if (neighbour === undefined || group === undefined) return;
  const rib = core.tables.ribs[family];
  const { routes, sources } = group.adjRibOut;
  for (let slot = 0; slot < routes.length; slot += 1) {
    const route = routes[slot] as number;
    if (route === NO_ROUTE || sources[slot] === neighbour.index) continue;
    const { addPath } = group.profile;
    const prefix = addPath ? (rib.paths.prefixes[slot] as number) : slot;
    const pathId = addPath ? (rib.paths.ordinals[slot] as number) : 0;
    yield { prefix: formatPrefix(rib.prefixes, prefix), pathId, attributes: showRoute(group, route) };
  }
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
    best: rib.bestPaths[prefix] === path,
  };
}

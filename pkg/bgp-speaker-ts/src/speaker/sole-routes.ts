/**
 * What would be lost without some of the peers: prefixes that nobody else has a usable path to.
 */

import type { Address, Prefix } from '@weft/ip';
import { NO_PATH } from '../rib/path-table.ts';
import type { Rib } from '../rib/rib.ts';
import { formatPrefix } from '../rib/tables.ts';
import type { SpeakerCore } from './core.ts';

/** Prefixes of one peer that only it, or others it was named with, has a usable path to. */
export interface SoleRoutes {
  readonly prefixes: number;
  /** One of them. */
  readonly example: Prefix;
}

/** Looks at all prefixes, for those that only the named peers have; a peer without any is not in the answer. */
export function soleRoutes(core: SpeakerCore, peers: readonly Address[]): Map<Address, SoleRoutes> {
  const named = new Set(peers.flatMap((peer) => core.neighbours.get(peer)?.index ?? []));
  const found = new Map<Address, SoleRoutes>();
  if (named.size === 0) return found;
  for (const rib of core.tables.all) {
    for (let prefix = 0; prefix < rib.prefixes.highWater; prefix += 1) {
      for (const index of onlyBy(rib, prefix, named)) {
        const peer = core.tables.peers.address(index) as Address;
        const { example, prefixes } = found.get(peer) ?? {
          prefixes: 0,
          example: formatPrefix(rib.prefixes, prefix),
        };
        found.set(peer, { prefixes: prefixes + 1, example });
      }
    }
  }
  return found;
}

/** Gives the named peers that have a usable path; none if anybody else has one. */
function onlyBy(
  { decision, firstPaths, paths }: Rib,
  prefix: number,
  named: ReadonlySet<number>,
): Set<number> {
  const holders = new Set<number>();
  for (let path = firstPaths[prefix] as number; path !== NO_PATH; path = paths.next[path] as number) {
    if (!decision.isSelectable(path)) continue;
    const peer = paths.peers[path] as number;
    if (!named.has(peer)) return new Set();
    holders.add(peer);
  }
  return holders;
}

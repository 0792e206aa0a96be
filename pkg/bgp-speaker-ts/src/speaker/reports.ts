/**
 * The Loc-RIB as seen from outside: objects, made only here and only when somebody asks.
 */

import type { RouteSource } from '../policy/facts.ts';
import { NO_ATTRIBUTES, NO_PATH, PathFlag } from '../rib/path-table.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import type { Rib } from '../rib/rib.ts';
import { formatNextHop, formatPrefix, type Tables } from '../rib/tables.ts';
import type { BestPath, LocRibChange, RouteNextHop } from './config.ts';

/** Most next hops reported for one route; paths beyond that are selected but not used. */
export const MAX_NEXT_HOPS = 64;

/** Describes what the Loc-RIB has for a prefix id now. */
export function describePrefix(tables: Tables, rib: Rib, prefix: number): LocRibChange {
  const path = rib.usableBest(prefix);
  const text = formatPrefix(rib.prefixes, prefix);
  if (path === NO_PATH) return { family: rib.family, prefix: text };
  return { family: rib.family, prefix: text, best: describeBest(tables, rib, path) };
}

/** Says where a path comes from. */
export function sourceOf({ peers }: Tables, rib: Rib, path: number): RouteSource {
  const peer = rib.paths.peers[path] as number;
  if (peer === LOCAL_PEER) return 'local';
  return peers.external[peer] === 1 ? 'external' : 'internal';
}

function describeBest(tables: Tables, rib: Rib, path: number): BestPath {
  const { attributes, peers } = tables;
  const id = rib.paths.effective[path] as number;
  return {
    source: sourceOf(tables, rib, path),
    peer: peers.address(rib.paths.peers[path] as number),
    nextHops: listNextHops(tables, rib, path),
    localPref: attributes.localPrefs[id] as number,
    med: attributes.attributes(id).med,
    neighbourAsn: attributes.neighbourAsns[id] || undefined,
    stale: rib.paths.has(path, PathFlag.stale),
  };
}

/** The best path's next hop, then those of the paths as good as it; each once. */
function listNextHops({ attributes }: Tables, rib: Rib, best: number): RouteNextHop[] {
  const { paths } = rib;
  const prefix = paths.prefixes[best] as number;
  const ids = new Set([attributes.nextHopIds[paths.effective[best] as number] as number]);
  for (let path = rib.firstPaths[prefix] as number; path !== NO_PATH; path = paths.next[path] as number) {
    if (paths.has(path, PathFlag.multipath) && paths.effective[path] !== NO_ATTRIBUTES)
      ids.add(attributes.nextHopIds[paths.effective[path] as number] as number);
  }
  const octets = [...ids].slice(0, MAX_NEXT_HOPS).map((id) => attributes.nextHops.bytes(id));
  return octets.filter((bytes) => bytes.length > 0).map(formatNextHop);
}

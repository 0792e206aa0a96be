/**
 * What would be lost without some of the paths there are: prefixes that nobody else has a usable path to.
 */

import type { Address, Prefix } from '@weft/ip';
import type { AttributeStore } from '../rib/attribute-store.ts';
import { NO_PATH } from '../rib/path-table.ts';
import type { Rib } from '../rib/rib.ts';
import { formatPrefix } from '../rib/tables.ts';
import type { SpeakerCore } from './core.ts';
import { toIdentifier } from './session-config.ts';

/** Prefixes that have no usable paths but some. */
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
    const { peers: peerOf } = rib.paths;
    const isNamed = (path: number): boolean => named.has(peerOf[path] as number);
    for (const { paths, prefix } of prefixesOfOnly(rib, isNamed)) {
      for (const index of new Set(paths.map((path) => peerOf[path] as number))) {
        const peer = core.tables.peers.address(index) as Address;
        found.set(peer, withOneMore(found.get(peer), rib, prefix));
      }
    }
  }
  return found;
}

/**
 * Looks at all prefixes, for those whose every usable path has passed a cluster, or was reflected by a member of it, who may be
 * about to take its ID: who begins to reflect for it refuses them from then on (RFC 4456 §8). Undefined: there are none.
 */
export function soleRoutesOfCluster(
  { neighbours, tables }: SpeakerCore,
  cluster: Address,
  members: readonly Address[],
): SoleRoutes | undefined {
  const hasPassed = clusterFinder(tables.attributes, toIdentifier(cluster));
  const reflectors = new Set(members.flatMap((peer) => neighbours.get(peer)?.index ?? []));
  const { clusterListLengths } = tables.attributes;
  let found: SoleRoutes | undefined;
  for (const rib of tables.all) {
    const { effective, peers } = rib.paths;
    const isReflected = (path: number): boolean => {
      const attributes = effective[path] as number;
      if (clusterListLengths[attributes] === 0) return false;
      return reflectors.has(peers[path] as number) || hasPassed(attributes);
    };
    for (const { prefix } of prefixesOfOnly(rib, isReflected)) found = withOneMore(found, rib, prefix);
  }
  return found;
}

/** Finds a cluster in CLUSTER_LISTs; each block of attributes is looked at once. */
function clusterFinder(store: AttributeStore, cluster: number): (attributes: number) => boolean {
  const known = new Map<number, boolean>();
  return (id) => {
    const found = known.get(id) ?? store.attributes(id).clusterList?.includes(cluster) ?? false;
    known.set(id, found);
    return found;
  };
}

function withOneMore(former: SoleRoutes | undefined, rib: Rib, prefix: number): SoleRoutes {
  if (former === undefined) return { prefixes: 1, example: formatPrefix(rib.prefixes, prefix) };
  return { ...former, prefixes: former.prefixes + 1 };
}

/** Prefixes that have usable paths, and only named ones, with those. */
function* prefixesOfOnly(
  { decision, firstPaths, paths, prefixes }: Rib,
  isNamed: (path: number) => boolean,
): Generator<{ readonly prefix: number; readonly paths: readonly number[] }> {
  for (let prefix = 0; prefix < prefixes.highWater; prefix += 1) {
    const found: number[] = [];
    let others = false;
    for (
      let path = firstPaths[prefix] as number;
      path !== NO_PATH && !others;
      path = paths.next[path] as number
    ) {
      if (!decision.isSelectable(path)) continue;
      if (isNamed(path)) found.push(path);
      else others = true;
    }
    if (!others && found.length > 0) yield { prefix, paths: found };
  }
}

/** Which routes a speaker has from others before and after. */
import type { Prefix } from '@weft/ip';
import type { Comparison } from './comparison.ts';

/** The routes of one node, or what a peer outside was told. */
export interface RoutePlan {
  /** Name of the node, or address of the peer. */
  readonly name: string;
  /** How many it has from others, before and after. */
  readonly before: number;
  readonly after: number;
  readonly lost: readonly Prefix[];
  readonly gained: readonly Prefix[];
  /** Still there, by another next hop or tunnel. */
  readonly moved: readonly { readonly prefix: Prefix; readonly from: string; readonly to: string }[];
}

/** Compares the routes of speakers; those that stay as they are, are left out. */
export function planRoutes({ after, before }: Comparison, names: readonly string[]): RoutePlan[] {
  const none: ReadonlyMap<Prefix, string> = new Map();
  return [...new Set(names)]
    .sort()
    .map((name) =>
      compareRoutes(name, before.seen.get(name)?.routes ?? none, after.seen.get(name)?.routes ?? none),
    )
    .filter(({ gained, lost, moved }) => gained.length + lost.length + moved.length > 0);
}

function compareRoutes(
  name: string,
  before: ReadonlyMap<Prefix, string>,
  after: ReadonlyMap<Prefix, string>,
): RoutePlan {
  const both = [...before].filter(([prefix]) => after.has(prefix));
  return {
    name,
    before: before.size,
    after: after.size,
    lost: [...before.keys()].filter((prefix) => !after.has(prefix)).sort(),
    gained: [...after.keys()].filter((prefix) => !before.has(prefix)).sort(),
    moved: both
      .map(([prefix, from]) => ({ prefix, from, to: after.get(prefix) as string }))
      .filter(({ from, to }) => from !== to)
      .sort((left, right) => (left.prefix < right.prefix ? -1 : 1)),
  };
}

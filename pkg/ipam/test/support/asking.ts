/** Requests as tests make them. */
import type { Datastore } from '@weft/datastore';
import { hostOwner } from '../../src/core/owner.ts';
import { type Ipam, type IpamView, storeView } from '../../src/index.ts';
import type { AutoAssignRequest } from '../../src/loop/auto-assign.ts';

/** One IPv4 address for a workload, unless told otherwise. */
export function ask(name: string, handle: string, more: Partial<AutoAssignRequest> = {}): AutoAssignRequest {
  return { node: name, handle, num4: 1, intendedUse: 'Workload', ...more };
}

/** Assigns so many addresses, each to a handle of its own. */
export async function fill(ipam: Ipam, name: string, count: number, stem = 'w'): Promise<void> {
  for (let index = 0; index < count; index++) {
    const outcome = await ipam.autoAssign(ask(name, `${stem}${index}`));
    if (outcome.kind !== 'assigned') throw new Error(outcome.message);
  }
}

/** A view that never changes any more. */
export async function snapshotOf(store: Datastore, name: string): Promise<IpamView> {
  const live = storeView(store);
  const [pools, reservations, configured, member, affinities] = await Promise.all([
    live.pools(),
    live.reservations(),
    live.configuration(),
    live.node(name),
    live.affinities(hostOwner(name)),
  ]);
  return {
    pools: () => pools,
    reservations: () => reservations,
    configuration: () => configured,
    node: () => member,
    affinities: () => affinities,
  };
}

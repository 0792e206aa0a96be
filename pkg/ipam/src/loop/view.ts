/**
 * What the allocator wants to know before it decides: pools, the node, settings, reservations, claims. The daemon
 * answers from its mirror of the datastore, others read the store.
 *
 * A view may be behind. That costs an extra attempt, or an address from a pool that was disabled this moment; it never
 * costs correctness, which rests on compare-and-swap of blocks, affinities and handles.
 */
import type { Datastore } from '@weft/datastore';
import type { BlockAffinity, IPAMConfiguration, IPPool, IPReservation, Node } from '@weft/resources';
import { ownerOfAffinity } from '../core/affinity.ts';
import { isSameOwner, type Owner } from '../core/owner.ts';

/** An answer that may be there at once. */
export type Answer<T> = T | Promise<T>;

/** Where the allocator's facts come from. */
export interface IpamView {
  /** Every IPPool, enabled or not. */
  pools(): Answer<readonly IPPool[]>;
  /** Every IPReservation. */
  reservations(): Answer<readonly IPReservation[]>;
  /** The IPAMConfiguration `default`, if there is one. */
  configuration(): Answer<IPAMConfiguration | undefined>;
  /** The node of that name, if there is one. */
  node(name: string): Answer<Node | undefined>;
  /** The claims of an owner, in any state and of both families. */
  affinities(owner: Owner): Answer<readonly BlockAffinity[]>;
}

/** The view that reads the store each time it is asked. */
export function storeView(store: Datastore): IpamView {
  return {
    pools: async () => (await store.list('IPPool')).items,
    reservations: async () => (await store.list('IPReservation')).items,
    configuration: () => store.get({ kind: 'IPAMConfiguration', name: 'default' }),
    node: (name) => store.get({ kind: 'Node', name }),
    affinities: async (owner) => {
      const { items } = await store.list('BlockAffinity');
      return items.filter(
        (affinity) => !affinity.spec.deleted && isSameOwner(ownerOfAffinity(affinity), owner),
      );
    },
  };
}

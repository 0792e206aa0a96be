/** Addresses of attaches that died half-way: assigned, but of no endpoint that was ever recorded. */
import type { Datastore } from '@weft/datastore';
import type { Prefix } from '@weft/ip';
import { allocationAt } from '@weft/ipam';
import { blockName } from '@weft/resources';
import { getReadable } from '../store/unreadable.ts';
import { ENDPOINT_ATTRIBUTE, endpointIdOfHandle } from './assign-addresses.ts';

/** What an attach left. */
export interface Orphan {
  readonly id: string;
  readonly handle: string;
}

/** Where they are looked for. */
export interface OrphanSearch {
  readonly store: Datastore;
  readonly node: string;
  /** The blocks of the node. */
  readonly ownBlocks: readonly Prefix[];
  readonly isEndpoint: (id: string) => boolean;
}

/**
 * Finds them by their handles, and those whose handles do not name the node by what the node's blocks say of them. An address
 * of the latter that was borrowed from another node's block is not found; it is a leak for `weftctl ipam check`. Throws
 * DatastoreError.
 */
export async function findOrphans({ isEndpoint, node, ownBlocks, store }: OrphanSearch): Promise<Orphan[]> {
  const { items } = await store.list('IPAMHandle');
  const named = items.flatMap(({ spec: { handleID: handle } }) => {
    const id = endpointIdOfHandle(node, handle);
    return id === undefined ? [] : [{ id, handle }];
  });
  const marked = await Promise.all(ownBlocks.map((cidr) => markedIn(store, node, cidr)));
  const all = new Map([...named, ...marked.flat()].map((orphan) => [orphan.handle, orphan]));
  return [...all.values()].filter(({ id }) => !isEndpoint(id));
}

async function markedIn(store: Datastore, node: string, cidr: Prefix): Promise<Orphan[]> {
  const block = await getReadable(store, { kind: 'IPAMBlock', name: blockName(cidr) });
  if (block === undefined || block.spec.deleted) return [];
  return block.spec.allocations.flatMap((_, ordinal) => {
    const { attributes = {}, handle } = allocationAt(block.spec, ordinal) ?? {};
    const id = attributes[ENDPOINT_ATTRIBUTE];
    return handle === undefined || id === undefined || attributes.node !== node ? [] : [{ id, handle }];
  });
}

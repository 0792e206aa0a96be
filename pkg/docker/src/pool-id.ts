/**
 * A PoolID says all that is to be known when an address is asked for. dockerd keeps it for as long as the network exists, and
 * asks for no pool again when it or this driver restarts: so there is nothing to keep on this side.
 *
 *     weft/ipv4                  the pools that select the node
 *     weft/ipv4/racks            the pool of that name
 *     weft/ipv6/fd00:10::/64     the pool of that CIDR, or that part of one
 */
import { type Refusal, refuse } from './refusal.ts';

export type Family = 'ipv4' | 'ipv6';

/** Where the addresses of a network come from. */
export interface PoolChoice {
  readonly family: Family;
  /** Name or CIDR; absent: pools that select the node. */
  readonly pool?: string;
}

const form = /^weft\/(ipv4|ipv6)(?:\/(.+))?$/;

export function encodePoolId({ family, pool }: PoolChoice): string {
  return pool === undefined ? `weft/${family}` : `weft/${family}/${pool}`;
}

export function decodePoolId(poolId: string): PoolChoice | Refusal {
  const [, family, pool] = form.exec(poolId) ?? [];
  if (family === undefined)
    return refuse(
      'the pool id is not one that weft gave out',
      JSON.stringify(poolId),
      'Remove the network and create it again.',
    );
  return { family: family as Family, ...(pool === undefined ? {} : { pool }) };
}

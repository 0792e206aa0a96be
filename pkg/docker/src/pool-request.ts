/**
 * Which addresses a network gets: what `docker network create` may ask for, and what it is told otherwise. Pure.
 */
import { containsPrefix, isPrefix, type Prefix, parsePrefix, prefixLength } from '@weft/ip';
import type { RequestPool } from './messages.ts';
import { encodePoolId, type Family } from './pool-id.ts';
import { type Refusal, refuse } from './refusal.ts';

/** A pool as the daemon lists it. */
export interface Pool {
  readonly name: string;
  readonly cidr: string;
  readonly family: Family;
  readonly blockSize: number;
  /** Why a container of this node gets none of its addresses without asking. */
  readonly notAutomatic?: string | undefined;
  /** Why nobody gets an address of it. */
  readonly unusable?: string | undefined;
}

/** The answer to `RequestPool`. */
export interface PoolAnswer {
  readonly PoolID: string;
  readonly Pool: string;
  /** A gateway here keeps dockerd from asking for an address for one. Source: Calico's libnetwork plugin. */
  readonly Data: { readonly 'com.docker.network.gateway': string };
}

/** The option by which a network names its pool: `--ipam-opt weft.pool=NAME`. */
const POOL_OPTION: Readonly<Record<Family, string>> = { ipv4: 'weft.pool', ipv6: 'weft.pool6' };

/**
 * The gateway that no network has, and the prefix of one that was made without a subnet: dockerd asks again and again for a pool
 * that it did not name itself, until none of the host's routes overlaps with it, unless it is this.
 */
export const UNSPECIFIED: Readonly<Record<Family, string>> = { ipv4: '0.0.0.0/0', ipv6: '::/0' };

/** Decides about the pool of one family of a network. */
export function answerPoolRequest(request: RequestPool, pools: readonly Pool[]): PoolAnswer | Refusal {
  const family: Family = request.V6 ? 'ipv6' : 'ipv4';
  const unknown = refuseOptions(request);
  if (unknown !== undefined) return unknown;
  const candidates = pools.filter((pool) => pool.family === family);
  const named = request.Options[POOL_OPTION[family]];
  const subnet = request.SubPool || request.Pool;
  if (subnet !== '') return answerSubnet(family, request.Pool || subnet, subnet, named, candidates);
  return named === undefined ? answerAny(family, candidates) : answerNamed(family, named, candidates);
}

function refuseOptions({ Options }: RequestPool): Refusal | undefined {
  const known: readonly string[] = Object.values(POOL_OPTION);
  const unknown = Object.keys(Options).find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  return refuse('weft has no such IPAM option', unknown, `It has ${known.join(' and ')}.`);
}

function answerAny(family: Family, pools: readonly Pool[]): PoolAnswer | Refusal {
  const usable = pools.filter(({ notAutomatic, unusable }) => (notAutomatic ?? unusable) === undefined);
  if (usable.length > 0) return answer(family, UNSPECIFIED[family]);
  const reasons = pools.map(({ name, notAutomatic, unusable }) => `${name} ${unusable ?? notAutomatic}`);
  const why = reasons.length === 0 ? 'there is none' : reasons.join('; ');
  return refuse(
    `no pool of ${family} can be used on this host`,
    why,
    'Make one: weftctl create -f POOL.yaml.',
  );
}

function answerNamed(family: Family, name: string, pools: readonly Pool[]): PoolAnswer | Refusal {
  const pool = pools.find((candidate) => candidate.name === name);
  if (pool === undefined) return noSuchPool(family, `pool ${name}`, pools);
  return refuseUnusable(pool) ?? answer(family, UNSPECIFIED[family], name);
}

function answerSubnet(
  family: Family,
  whole: string,
  wanted: string,
  named: string | undefined,
  pools: readonly Pool[],
): PoolAnswer | Refusal {
  const parsed = parsePrefix(wanted);
  if (!parsed.ok) return refuse(parsed.reason, wanted, 'Write it as 10.0.0.0/16 or fd00::/64.');
  const subnet = parsed.value;
  const pool = pools.find(({ cidr }) => isPrefix(cidr) && containsPrefix(cidr, subnet));
  if (pool === undefined) return noSuchPool(family, `subnet ${wanted}`, pools);
  if (named !== undefined && named !== pool.name)
    return refuse(
      `the subnet lies in pool ${pool.name}, not in the pool that is named`,
      `${POOL_OPTION[family]}=${named}`,
      'Give one of the two.',
    );
  return refuseUnusable(pool) ?? refuseSmall(pool, subnet) ?? answer(family, whole, subnet);
}

/** Hosts take addresses by the block, so less than one cannot be shared out. */
function refuseSmall({ blockSize, name }: Pool, subnet: Prefix): Refusal | undefined {
  if (prefixLength(subnet) <= blockSize) return undefined;
  return refuse(
    `a subnet in pool ${name} is a /${blockSize} or larger`,
    subnet,
    'Choose a larger one; hosts take addresses by blocks of that size.',
  );
}

function refuseUnusable({ name, unusable }: Pool): Refusal | undefined {
  return unusable === undefined ? undefined : refuse(`the pool ${unusable}`, name, 'Choose another pool.');
}

function noSuchPool(family: Family, what: string, pools: readonly Pool[]): Refusal {
  const known = pools.map(({ name, cidr }) => `${name} (${cidr})`).join(', ');
  const hint =
    known === ''
      ? `There is no ${family} pool yet. Make one: weftctl create -f POOL.yaml.`
      : `There are: ${known}. A subnet is the CIDR of a pool or lies in one.`;
  return refuse(`weft has no pool for the network's ${family} addresses`, what, hint);
}

function answer(family: Family, cidr: string, pool?: string): PoolAnswer {
  const choice = pool === undefined ? { family } : { family, pool };
  return {
    PoolID: encodePoolId(choice),
    Pool: cidr,
    Data: { 'com.docker.network.gateway': UNSPECIFIED[family] },
  };
}

/**
 * Which pools a request may take addresses from, and why each other pool may not be used.
 *
 * Source: Calico ipam.go (determinePools, filterPoolsByUse): requested pools are used as they are, in the order they
 * were asked for; all others have to be Automatic and match the selectors. Both have to allow the intended use.
 * Beyond Calico, a CIDR that lies in a pool asks for that part of the pool (Docker's `--subnet`).
 */
import { containsPrefix, type Family, familyOf, isPrefix, type Prefix, prefixLength } from '@weft/ip';
import { type IPPool, matchesSelector, parseSelector } from '@weft/resources';

/** What an address is for. */
export type IntendedUse = 'Workload' | 'Tunnel' | 'LoadBalancer';

/** The labels something carries. */
export type Labels = Readonly<Record<string, string>>;

/** What decides about a pool. */
export interface PoolQuery {
  readonly family: Family;
  readonly intendedUse: IntendedUse;
  /** The node that asks, by name for reasons and by labels for selectors. */
  readonly node: { readonly name: string; readonly labels: Labels };
  /** Labels of the workload's namespace; without one a namespaceSelector sees no labels. */
  readonly namespaceLabels?: Labels | undefined;
  /** Pools asked for, by CIDR or by name, or a part of one by its CIDR, best first. None means any. */
  readonly requested?: readonly string[] | undefined;
}

/** A pool as the allocator needs it. */
export interface PoolSpace {
  readonly name: string;
  readonly cidr: Prefix;
  /** Prefix length of its blocks. */
  readonly blockSize: number;
}

/** A pool that cannot be used, and why; the reason reads after the pool's name. */
export interface PoolLeftOut {
  readonly pool: string;
  readonly reason: string;
}

/** The pools to use, best first, and those of the family left out. With a requested pool missing, `pools` is empty. */
export interface PoolChoice {
  readonly pools: readonly PoolSpace[];
  readonly leftOut: readonly PoolLeftOut[];
}

/** Decides which pools a request may use. */
export function choosePools(pools: readonly IPPool[], query: PoolQuery): PoolChoice {
  return query.requested?.length
    ? chooseRequested(pools, query, query.requested)
    : chooseAny(sortedByName(pools.filter((pool) => poolFamily(pool) === query.family)), query);
}

/** The pool's CIDR. */
export function poolCidr(pool: IPPool): Prefix {
  return pool.spec.cidr as Prefix;
}

/** What the allocator needs of a pool; a pool without block size has Calico's default, 26 or 122. */
export function poolSpace(pool: IPPool): PoolSpace {
  const blockSize = pool.spec.blockSize || (poolFamily(pool) === 4 ? 26 : 122);
  return { name: pool.metadata.name, cidr: poolCidr(pool), blockSize };
}

/** True for a block as the pool is cut into. */
export function isBlockOf({ cidr, blockSize }: PoolSpace, block: Prefix): boolean {
  return prefixLength(block) === blockSize && containsPrefix(cidr, block);
}

/** Why no address may be taken from the pool at present, whoever asks; undefined when it is enabled. */
export function whyNotEnabled(pool: IPPool): string | undefined {
  if (pool.spec.disabled) return 'is disabled';
  if (pool.metadata.deletionTimestamp) return 'is being deleted';
  const condition = pool.status?.conditions?.find(({ type }) => type === 'Allocatable');
  return condition?.status === 'False' ? `is not allocatable (${condition.reason})` : undefined;
}

/** Why the pool's nodeSelector keeps this node out; undefined when it selects the node. */
export function whyNotForNode(pool: IPPool, node: PoolQuery['node']): string | undefined {
  return whyNotSelected('nodeSelector', pool.spec.nodeSelector, node.labels, `node ${node.name}`);
}

/** Why the pool may not serve this use; undefined when it may. */
export function whyNotForUse(pool: IPPool, intendedUse: IntendedUse): string | undefined {
  const allowed: readonly string[] = pool.spec.allowedUses ?? ['Workload', 'Tunnel'];
  return allowed.includes(intendedUse)
    ? undefined
    : `is for ${allowed.join(' and ')} only, not for ${intendedUse}`;
}

function chooseAny(pools: readonly IPPool[], query: PoolQuery): PoolChoice {
  return split(
    pools,
    (pool) =>
      whyNotEnabled(pool) ??
      whyNotAutomatic(pool) ??
      whyNotForNode(pool, query.node) ??
      whyNotForNamespace(pool, query.namespaceLabels ?? {}) ??
      whyNotForUse(pool, query.intendedUse),
  );
}

/** One requested pool that is missing or disabled refuses the whole request: its author meant exactly these. */
function chooseRequested(
  pools: readonly IPPool[],
  { family, intendedUse }: PoolQuery,
  requested: readonly string[],
): PoolChoice {
  const asked = requested.map((wanted) => ({ wanted, pool: findRequested(pools, wanted) }));
  const refusals = asked.flatMap(({ wanted, pool }) => {
    const reason = whyNotRequestable(pool, family) ?? whyNoPart(pool, wanted);
    return reason ? [{ pool: wanted, reason }] : [];
  });
  if (refusals.length > 0) return { pools: [], leftOut: refusals };
  const parts = asked.map(({ wanted, pool }) => partOf(pool as IPPool, wanted));
  return split(parts, (pool) => whyNotForUse(pool, intendedUse));
}

function findRequested(pools: readonly IPPool[], wanted: string): IPPool | undefined {
  return (
    pools.find((pool) => isNamed(pool, wanted)) ??
    pools.find((pool) => isPrefix(wanted) && containsPrefix(poolCidr(pool), wanted))
  );
}

/** Addresses are handed out by blocks, so a part of a pool is one block at least. */
function whyNoPart(pool: IPPool | undefined, wanted: string): string | undefined {
  if (pool === undefined || !isPrefix(wanted)) return undefined;
  const { blockSize, name } = poolSpace(pool);
  return prefixLength(wanted) > blockSize
    ? `is smaller than a block of pool ${name}, which is a /${blockSize}`
    : undefined;
}

function partOf(pool: IPPool, wanted: string): IPPool {
  return isPrefix(wanted) ? { ...pool, spec: { ...pool.spec, cidr: wanted } } : pool;
}

function whyNotRequestable(pool: IPPool | undefined, family: Family): string | undefined {
  if (!pool) return 'does not exist';
  if (poolFamily(pool) !== family) return `is not an IPv${family} pool`;
  return whyNotEnabled(pool);
}

function whyNotAutomatic(pool: IPPool): string | undefined {
  return pool.spec.assignmentMode === 'Manual'
    ? 'is used only when it is requested (assignmentMode Manual)'
    : undefined;
}

function whyNotForNamespace(pool: IPPool, labels: Labels): string | undefined {
  return whyNotSelected('namespaceSelector', pool.spec.namespaceSelector, labels, 'the namespace');
}

function whyNotSelected(
  field: string,
  text: string | undefined,
  labels: Labels,
  subject: string,
): string | undefined {
  const selector = parseSelector(text ?? '');
  if (!selector.ok) return `has a ${field} that cannot be read: ${selector.reason}`;
  return matchesSelector(selector.value, labels)
    ? undefined
    : `does not select ${subject} (${field} ${text})`;
}

function split(pools: readonly IPPool[], why: (pool: IPPool) => string | undefined): PoolChoice {
  const judged = pools.map((pool) => ({ pool, reason: why(pool) }));
  return {
    pools: judged.flatMap(({ pool, reason }) => (reason === undefined ? [poolSpace(pool)] : [])),
    leftOut: judged.flatMap(({ pool, reason }) =>
      reason === undefined ? [] : [{ pool: pool.metadata.name, reason }],
    ),
  };
}

function isNamed(pool: IPPool, wanted: string): boolean {
  return wanted === (isPrefix(wanted) ? pool.spec.cidr : pool.metadata.name);
}

function poolFamily(pool: IPPool): Family {
  return familyOf(poolCidr(pool));
}

function sortedByName(pools: readonly IPPool[]): IPPool[] {
  return pools.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

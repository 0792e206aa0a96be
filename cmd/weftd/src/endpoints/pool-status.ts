/**
 * The pools as the control API lists them: which of them a container of this node gets addresses from without asking. Pure.
 */
import type { PoolStatus } from '@weft/control';
import { familyOf } from '@weft/ip';
import { choosePools, poolSpace, whyNotEnabled } from '@weft/ipam';
import type { IPPool, Node } from '@weft/resources';

/** Every pool, sorted by name. */
export function poolStatuses(
  pools: readonly IPPool[],
  nodeName: string,
  node: Node | undefined,
): PoolStatus[] {
  const labels = node?.metadata.labels ?? {};
  const leftOut = ([4, 6] as const).flatMap(
    (family) =>
      choosePools(pools, { family, intendedUse: 'Workload', node: { name: nodeName, labels } }).leftOut,
  );
  const reasons = new Map(leftOut.map(({ pool, reason }) => [pool, reason]));
  return pools
    .map((pool) => {
      const unusable = whyNotEnabled(pool);
      const notAutomatic = reasons.get(pool.metadata.name);
      return {
        ...poolSpace(pool),
        family: familyOf(poolSpace(pool).cidr) === 4 ? ('ipv4' as const) : ('ipv6' as const),
        ...(notAutomatic === undefined ? {} : { notAutomatic }),
        ...(unusable === undefined ? {} : { unusable }),
      };
    })
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

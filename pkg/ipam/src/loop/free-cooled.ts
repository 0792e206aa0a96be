/**
 * Freeing the addresses of a block whose cooldown is over. Whoever writes a block does so on the way; this is for blocks that
 * nobody writes, whose addresses would look taken for good.
 *
 * Source: Calico kube-controllers, cold addresses.
 */
import type { Prefix } from '@weft/ip';
import { blockName } from '@weft/resources';
import { collectCooled } from '../core/block-release.ts';
import { again, attempts, type Contention } from './attempts.ts';
import { writeRemainder } from './block-store.ts';
import { type IpamContext, readRules } from './context.ts';

/** What became of the block. */
export interface CooledRelease {
  readonly kind: 'freed' | 'nothing-to-free';
}

/** Frees what has cooled down. Throws DatastoreError; repeatable. */
export async function freeCooled(context: IpamContext, cidr: Prefix): Promise<CooledRelease | Contention> {
  const { config } = await readRules(context);
  return attempts(async () => {
    const block = await context.store.get({ kind: 'IPAMBlock', name: blockName(cidr) });
    if (!block || block.spec.deleted) return { kind: 'nothing-to-free' };
    const left = collectCooled(block.spec, { seconds: config.cooldownSeconds, now: context.now() });
    if (left === block.spec) return { kind: 'nothing-to-free' };
    return (await writeRemainder(context, block, left)).kind === 'written' ? { kind: 'freed' } : again;
  });
}

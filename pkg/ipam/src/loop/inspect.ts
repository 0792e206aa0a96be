/**
 * Reading all of IPAM and comparing it with itself.
 */
import { findInconsistencies, type Inconsistency } from '../core/inconsistencies.ts';
import { type IpamContext, readRules } from './context.ts';

/** Finds what a crash left behind, or is under way at this moment. Throws DatastoreError. */
export async function inspect(context: IpamContext): Promise<Inconsistency[]> {
  const { store, now } = context;
  const [{ config }, pools, blocks, affinities, handles] = await Promise.all([
    readRules(context),
    context.fresh.pools(),
    store.list('IPAMBlock'),
    store.list('BlockAffinity'),
    store.list('IPAMHandle'),
  ]);
  return findInconsistencies(
    { pools, blocks: blocks.items, affinities: affinities.items, handles: handles.items },
    { seconds: config.cooldownSeconds, now: now() },
  );
}

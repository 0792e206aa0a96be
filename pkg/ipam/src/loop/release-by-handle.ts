/**
 * Releasing everything a handle holds. The handle is read first, every block it names is written, and then the handle
 * goes if nobody changed it: see handle-store.ts for why that order loses nothing.
 *
 * Source: Calico ipam.go, ReleaseByHandle.
 */
import type { Address, Prefix } from '@weft/ip';
import { addressAt, type BlockSpec, ordinalsOfHandle } from '../core/block.ts';
import { release } from '../core/block-release.ts';
import { blocksOf, withCount } from '../core/handle.ts';
import { again, attempts, type Contention, isContention } from './attempts.ts';
import { readBlock, rememberedBlock, writeRemainder } from './block-store.ts';
import { type IpamContext, type Rules, readRules } from './context.ts';
import { readHandle, replaceHandle } from './handle-store.ts';
import { tidyBlock } from './tidy.ts';

/** What became of the release. */
export type HandleRelease =
  | { readonly kind: 'released'; readonly addresses: readonly Address[] }
  /** There is no such handle, so nothing is held: what a second release finds. */
  | { readonly kind: 'unknown-handle'; readonly message: string }
  | { readonly kind: 'contention'; readonly message: string; readonly addresses: readonly Address[] };

/** Releases every address of the handle. Throws DatastoreError; the call can be repeated. */
export async function releaseByHandle(context: IpamContext, handle: string): Promise<HandleRelease> {
  const rules = await readRules(context);
  const addresses: Address[] = [];
  const emptied = new Map<Prefix, BlockSpec>();
  let wasKnown = false;
  const result = await attempts(async () => {
    const resource = await readHandle(context, handle);
    if (!resource) return 'gone';
    wasKnown = true;
    for (const cidr of blocksOf(resource)) {
      const cleared = await clearBlock(context, rules, cidr, handle);
      if (isContention(cleared)) return cleared;
      addresses.push(...cleared.addresses);
      if (cleared.left) emptied.set(cidr, cleared.left);
    }
    const nothing = blocksOf(resource).reduce((rest, cidr) => withCount(rest, cidr, 0), resource);
    return (await replaceHandle(context, resource, nothing)) ? 'gone' : again;
  });
  for (const left of emptied.values()) await tidyBlock(context, rules, left);
  if (isContention(result)) return { ...contended(handle), addresses };
  return wasKnown ? { kind: 'released', addresses } : unknownHandle(handle);
}

interface ClearedBlock {
  readonly addresses: readonly Address[];
  readonly left: BlockSpec | undefined;
}

/** Releases what the handle holds in one block. The block is written even if that is nothing: someone may be about to take. */
function clearBlock(
  context: IpamContext,
  rules: Rules,
  cidr: Prefix,
  handle: string,
): Promise<ClearedBlock | Contention> {
  const seconds = rules.config.cooldownSeconds;
  return context.turns.run(cidr, () =>
    attempts(async () => {
      const block = rememberedBlock(context, cidr, seconds) ?? (await readBlock(context, cidr, seconds));
      if (!block) return { addresses: [], left: undefined };
      const ordinals = ordinalsOfHandle(block.spec, handle);
      const left = release(block.spec, ordinals, { seconds, now: context.now() });
      const outcome = await writeRemainder(context, block, left);
      if (outcome.kind !== 'written') return again;
      return { addresses: ordinals.map((ordinal) => addressAt(block.spec, ordinal)), left };
    }),
  );
}

function unknownHandle(handle: string): HandleRelease {
  const message = `No address is recorded for handle ${handle}. It was released before, or never assigned: nothing to do.`;
  return { kind: 'unknown-handle', message };
}

function contended(handle: string): { kind: 'contention'; message: string } {
  const message = `Other writers changed the blocks of handle ${handle} every time. Release it again.`;
  return { kind: 'contention', message };
}

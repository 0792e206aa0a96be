/**
 * Releasing addresses of one block, and settling the handles they had (see handle-store.ts for the order).
 */
import type { Prefix } from '@weft/ip';
import type { IPAMBlock, IPAMHandle } from '@weft/resources';
import { allocationAt, type BlockSpec, ordinalsOfHandle } from '../core/block.ts';
import { freed, release } from '../core/block-release.ts';
import { countOf, newHandle, withCount } from '../core/handle.ts';
import { again, attempts, type Contention } from './attempts.ts';
import { readBlock, writeRemainder } from './block-store.ts';
import type { IpamContext, Rules } from './context.ts';
import { readHandle, replaceHandle, settleHandle } from './handle-store.ts';

/** What to release from a block. */
export interface BlockRelease {
  readonly cidr: Prefix;
  /** Chooses from the block as it is; called again when another writer was first. */
  readonly pick: (block: BlockSpec) => readonly number[];
  /** Handles to settle even if none of their addresses is picked. */
  readonly handles: readonly string[];
  /** The addresses never left this process: they need no cooldown. */
  readonly unused?: boolean;
}

/** The block as the release left it; undefined when there is none. */
export interface ReleasedInBlock {
  readonly kind: 'released';
  readonly left: BlockSpec | undefined;
}

/** Releases the picked addresses and makes their handles agree with the block. */
export function releaseInBlock(
  context: IpamContext,
  rules: Rules,
  wanted: BlockRelease,
): Promise<ReleasedInBlock | Contention> {
  const handles = new Set(wanted.handles);
  return context.turns.run(wanted.cidr, () =>
    attempts(async () => {
      const block = await readBlock(context, wanted.cidr, rules.config.cooldownSeconds);
      return block
        ? releaseFrom(context, rules, wanted, block, handles)
        : settleAbsent(context, rules, wanted, handles);
    }),
  );
}

async function releaseFrom(
  context: IpamContext,
  { config: { cooldownSeconds } }: Rules,
  { cidr, pick, unused }: BlockRelease,
  block: IPAMBlock,
  handles: Set<string>,
): Promise<ReleasedInBlock | typeof again> {
  const ordinals = pick(block.spec);
  for (const ordinal of ordinals) {
    const handle = allocationAt(block.spec, ordinal)?.handle;
    if (handle !== undefined) handles.add(handle);
  }
  const entries = await readEntries(context, handles);
  const cooldown = { seconds: cooldownSeconds, now: context.now() };
  const left = unused ? freed(block.spec, ordinals) : release(block.spec, ordinals, cooldown);
  const unsettled = entries.filter(({ handle, read }) => countOf(read, cidr) !== heldBy(left, handle));
  if (ordinals.length === 0 && unsettled.length === 0) return { kind: 'released', left };
  const outcome = await writeRemainder(context, block, left);
  if (outcome.kind !== 'written') return again;
  for (const { handle, read } of unsettled) {
    const next = withCount(read ?? newHandle(handle), cidr, heldBy(left, handle));
    if (!(await replaceHandle(context, read, next)))
      await settleHandle(context, handle, [cidr], cooldownSeconds);
  }
  return { kind: 'released', left };
}

/** There is no block. A handle that counts in it must be read before the block is found missing: start with it. */
async function settleAbsent(
  context: IpamContext,
  { config }: Rules,
  { cidr }: BlockRelease,
  handles: ReadonlySet<string>,
): Promise<ReleasedInBlock | typeof again> {
  for (const handle of handles) await settleHandle(context, handle, [cidr], config.cooldownSeconds);
  return { kind: 'released', left: undefined };
}

function heldBy(block: BlockSpec, handle: string): number {
  return ordinalsOfHandle(block, handle).length;
}

/** A handle to settle, as it was before the block is written. */
interface Entry {
  readonly handle: string;
  readonly read: IPAMHandle | undefined;
}

function readEntries(context: IpamContext, handles: ReadonlySet<string>): Promise<Entry[]> {
  return Promise.all(
    [...handles].map(async (handle) => ({ handle, read: await readHandle(context, handle) })),
  );
}

/**
 * Handles in the store. A handle may count too much for a while, never too little, and that rests on one order that
 * all writers keep (Calico's too):
 *
 *     taking:   read block ─▶ announce in handle ─▶ write block
 *     settling: read handle ─▶ write block ─▶ set handle to what the block holds, if the handle is still as read
 *
 * An announcement that came before the settler's read belongs to a taker who read the block earlier still, so the
 * settler's write makes the taker's write fail. One that came later changed the handle, and the settler starts over.
 */
import type { WriteOutcome } from '@weft/datastore';
import type { Address, Prefix } from '@weft/ip';
import { handleName, type IPAMHandle } from '@weft/resources';
import { type Allocation, addressAt, allocationAt, ordinalsOfHandle } from '../core/block.ts';
import { blocksOf, countOf, isEmptyHandle, newHandle, withCount } from '../core/handle.ts';
import { again, attempts, type Contention } from './attempts.ts';
import { readBlock, writeBlock } from './block-store.ts';
import type { IpamContext, Rules } from './context.ts';

/** What a taker is about to do, and what it knows of its handle. */
export interface Announcement {
  readonly handle: string;
  readonly block: Prefix;
  /** How many addresses will be taken from the block. */
  readonly count: number;
  /** The handle as this taker last wrote it, which saves reading it, and how much of its count is for this block. */
  readonly written?: { readonly resource: IPAMHandle; readonly count: number } | undefined;
}

/** Counts addresses in the handle before they are taken from the block. Returns the handle as written. */
export async function announce(
  context: IpamContext,
  { handle, block, count, written }: Announcement,
): Promise<IPAMHandle | Contention> {
  let known = written?.resource;
  let add = count - (written?.count ?? 0);
  return attempts(async () => {
    const base = known ?? newHandle(handle);
    const outcome = await storeHandle(context, withCount(base, block, countOf(base, block) + add));
    if (outcome.kind === 'written') return outcome.resource;
    known = await readHandle(context, handle);
    add = count;
    return again;
  });
}

/** Takes an announcement back of which nothing came. */
export async function withdraw(
  context: IpamContext,
  written: IPAMHandle,
  block: Prefix,
  count: number,
  cooldownSeconds: number,
): Promise<void> {
  const rest = withCount(written, block, countOf(written, block) - count);
  const outcome = await storeHandle(context, rest);
  if (outcome.kind !== 'written')
    await settleHandle(context, written.spec.handleID, [block], cooldownSeconds);
}

/** Makes the handle count what it holds in these blocks, whatever a crash left behind. */
export async function settleHandle(
  context: IpamContext,
  handle: string,
  blocks: readonly Prefix[],
  cooldownSeconds: number,
): Promise<{ readonly kind: 'settled' } | Contention> {
  return attempts(async () => {
    const resource = await readHandle(context, handle);
    let settled = resource ?? newHandle(handle);
    for (const cidr of blocks) {
      const block = await readBlock(context, cidr, cooldownSeconds);
      const count = block ? ordinalsOfHandle(block.spec, handle).length : 0;
      if (count === countOf(resource, cidr)) continue;
      if (block && (await writeBlock(context, block, block.spec)).kind !== 'written') return again;
      settled = withCount(settled, cidr, count);
    }
    return (await replaceHandle(context, resource, settled)) ? { kind: 'settled' } : again;
  });
}

/** An address, its block, and the allocation as it stands there. */
export interface HeldInBlock {
  readonly address: Address;
  readonly block: Prefix;
  readonly by: Allocation;
}

/** What a handle holds, in the words of the blocks it names. */
export async function heldByHandle(
  context: IpamContext,
  { config }: Rules,
  handle: string,
): Promise<HeldInBlock[]> {
  const resource = await readHandle(context, handle);
  const held: HeldInBlock[] = [];
  for (const cidr of resource ? blocksOf(resource) : []) {
    const spec = (await readBlock(context, cidr, config.cooldownSeconds))?.spec;
    for (const ordinal of spec ? ordinalsOfHandle(spec, handle) : [])
      if (spec)
        held.push({
          address: addressAt(spec, ordinal),
          block: cidr,
          by: allocationAt(spec, ordinal) as Allocation,
        });
  }
  return held;
}

/** The handle as it is stored; undefined when there is none. */
export async function readHandle({ store }: IpamContext, handle: string): Promise<IPAMHandle | undefined> {
  const resource = await store.get({ kind: 'IPAMHandle', name: handleName(handle) });
  return resource && !resource.spec.deleted ? resource : undefined;
}

/**
 * Puts `next` in the place of the handle that was read before, removing one that counts nothing.
 *
 * @returns false when somebody else changed the handle since
 */
export async function replaceHandle(
  context: IpamContext,
  read: IPAMHandle | undefined,
  next: IPAMHandle,
): Promise<boolean> {
  if (read ? read.spec.block === next.spec.block && !isEmptyHandle(next) : isEmptyHandle(next)) return true;
  const outcome = await storeHandle(context, next);
  return outcome.kind === 'written' || (outcome.kind === 'not-found' && isEmptyHandle(next));
}

function storeHandle({ store }: IpamContext, handle: IPAMHandle): Promise<WriteOutcome<'IPAMHandle'>> {
  const { name, resourceVersion } = handle.metadata;
  if (resourceVersion === undefined) return store.create(handle);
  return isEmptyHandle(handle)
    ? store.delete({ kind: 'IPAMHandle', name }, resourceVersion)
    : store.update(handle);
}

/**
 * Blocks in the store: reading them as they are now, and writing them by compare-and-swap.
 */
import type { DatastoreError, WriteOutcome } from '@weft/datastore';
import type { Prefix } from '@weft/ip';
import { blockName, type IPAMBlock } from '@weft/resources';
import { type BlockSpec, isEmptyBlock, newBlock, ownerOfBlock } from '../core/block.ts';
import { collectCooled } from '../core/block-release.ts';
import type { Owner } from '../core/owner.ts';
import { firstSequenceNumber, type IpamContext } from './context.ts';

/** The block with the addresses freed whose cooldown is over; undefined when there is none. */
export async function readBlock(
  context: IpamContext,
  cidr: Prefix,
  cooldownSeconds: number,
): Promise<IPAMBlock | undefined> {
  const block = await context.store.get({ kind: 'IPAMBlock', name: blockName(cidr) });
  return block && !block.spec.deleted ? collected(block, cooldownSeconds, context.now()) : undefined;
}

/** A block that is there, and that nobody can read. */
export interface UnreadableBlock {
  readonly kind: 'unreadable';
  readonly failure: DatastoreError;
}

/** For whoever can go on without the block: that nobody can read it is an answer then. What else fails is thrown. */
export async function unlessUnreadable<T>(work: Promise<T>): Promise<T | UnreadableBlock> {
  try {
    return await work;
  } catch (failure) {
    if ((failure as Partial<DatastoreError>).code !== 'corrupt') throw failure;
    return { kind: 'unreadable', failure: failure as DatastoreError };
  }
}

/** True for what stands for a block that nobody can read. */
export function isUnreadable(result: unknown): result is UnreadableBlock {
  return (result as { readonly kind?: unknown } | undefined)?.kind === 'unreadable';
}

/** How many written blocks are remembered; beyond it all are forgotten, which costs a few reads. */
const MAX_REMEMBERED = 1000;

/**
 * The block as this allocator last wrote it, without asking the store. Nearly always it still is: a node's blocks are
 * written by its own daemon. It may serve as the base of one write, which fails if it is not so; nothing else may be
 * concluded from it, and each memory is used once.
 */
export function rememberedBlock(
  { written, now }: IpamContext,
  cidr: Prefix,
  cooldownSeconds: number,
): IPAMBlock | undefined {
  const block = written.get(blockName(cidr));
  written.delete(blockName(cidr));
  return block && collected(block, cooldownSeconds, now());
}

/** Every block, in the same state as `readBlock` gives it. */
export async function listBlocks(context: IpamContext, cooldownSeconds: number): Promise<IPAMBlock[]> {
  const { items } = await context.store.list('IPAMBlock');
  const now = context.now();
  return items.filter(({ spec }) => !spec.deleted).map((block) => collected(block, cooldownSeconds, now));
}

/** Stores what the block says now; every write makes the sequence number one higher. */
export async function writeBlock(
  { store, written }: IpamContext,
  block: IPAMBlock,
  spec: BlockSpec,
): Promise<WriteOutcome<'IPAMBlock'>> {
  const next = { ...block, spec: { ...spec, sequenceNumber: spec.sequenceNumber + 1n } };
  const outcome = await store.update(next);
  if (written.size >= MAX_REMEMBERED) written.clear();
  if (outcome.kind === 'written') written.set(block.metadata.name, outcome.resource);
  return outcome;
}

/** Makes a block of free addresses. */
export function createBlock(
  context: IpamContext,
  cidr: Prefix,
  owner: Owner,
): Promise<WriteOutcome<'IPAMBlock'>> {
  const sequenceNumber = firstSequenceNumber(context, owner);
  return context.store.create({
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPAMBlock',
    metadata: { name: blockName(cidr) },
    spec: newBlock({ cidr, owner, now: context.now(), sequenceNumber }),
  });
}

/** Removes the block if nobody changed it. */
export function deleteBlock({ store }: IpamContext, block: IPAMBlock): Promise<WriteOutcome<'IPAMBlock'>> {
  return store.delete({ kind: 'IPAMBlock', name: block.metadata.name }, block.metadata.resourceVersion);
}

/** Stores what is left of a block after a release; one that nobody owns and nobody uses is removed. */
export function writeRemainder(
  context: IpamContext,
  block: IPAMBlock,
  spec: BlockSpec,
): Promise<WriteOutcome<'IPAMBlock'>> {
  const isAbandoned = ownerOfBlock(spec) === undefined && isEmptyBlock(spec);
  return isAbandoned ? deleteBlock(context, block) : writeBlock(context, block, spec);
}

function collected(block: IPAMBlock, seconds: number, now: number): IPAMBlock {
  const spec = collectCooled(block.spec, { seconds, now });
  return spec === block.spec ? block : { ...block, spec };
}

/**
 * What the allocator answers. A refusal carries its reasons, because `weftctl explain` and CNI errors print them.
 */
import type { Address, Family, Prefix } from '@weft/ip';
import type { PoolTally } from './block-search.ts';
import type { IntendedUse, PoolLeftOut } from './pool-choice.ts';

/** Why this address: where its block came from. */
export type AssignReason =
  /** From a block the node had. */
  | 'own-block'
  /** From a block the node claimed for this request. */
  | 'new-block'
  /** From a block that stood empty with another owner and was taken over. */
  | 'reclaimed-block'
  /** From a block of another owner, or of nobody; it is routed by its own address, not by its block. */
  | 'borrowed'
  /** Because it was asked for by name. */
  | 'requested';

/** An address that was handed out. */
export interface AssignedAddress {
  readonly address: Address;
  readonly block: Prefix;
  /** Name of the pool. */
  readonly pool: string;
  readonly reason: AssignReason;
  /** Give it to `releaseIps` to release this allocation and no later one of the same address. */
  readonly sequenceNumber: bigint;
}

/** Why no address was handed out. */
export type RefusalKind =
  /** The pools have no address left that this node could take now. */
  | 'exhausted'
  /** No pool may serve the request. */
  | 'no-pool'
  /** The node owns as many blocks as it may, all full, and there was nothing to borrow. */
  | 'block-limit'
  /** The node is not in the datastore, so selectors cannot be judged. */
  | 'node-missing'
  /** Other writers were first, every time. */
  | 'contention';

/** A request that left nothing behind. */
export interface Refusal<K extends string = RefusalKind> {
  readonly kind: K;
  /** What happened, to which object, what to do next. */
  readonly message: string;
  /** What happened, for callers that name the object in their own words. */
  readonly what: string;
  /** What to do next. */
  readonly next: string;
  /** One sentence for each pool or block that stood in the way. */
  readonly reasons: readonly string[];
}

/** The answer to a request for any address. */
export type AutoAssignOutcome =
  | { readonly kind: 'assigned'; readonly addresses: readonly AssignedAddress[] }
  | Refusal;

/** Who an outcome is about, for its message. */
export interface Requester {
  readonly handle: string;
  /** Empty for LoadBalancer addresses, which no node asks for. */
  readonly node: string;
}

/** Builds a refusal; `happened` and `next` are the first and the last part of its message. */
export function refuse<K extends string>(
  kind: K,
  happened: string,
  { handle, node }: Requester,
  next: string,
  reasons: readonly string[] = [],
): Refusal<K> {
  const detail = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  const where = node === '' ? '' : ` on node ${node}`;
  const message = `${happened} for ${handle}${where}${detail}. ${next}`;
  return { kind, message, what: `${happened}${detail}`, next, reasons };
}

/** No pool may serve the request. */
export function noPool(
  family: Family,
  intendedUse: IntendedUse,
  leftOut: readonly PoolLeftOut[],
  requester: Requester,
): Refusal<'no-pool'> {
  const reasons = leftOut.map(({ pool, reason }) => `pool ${pool} ${reason}`);
  const next =
    reasons.length > 0
      ? 'Change one of these pools, or add one: weftctl get ippools -o yaml.'
      : `Add an IPPool for IPv${family}: weftctl apply -f FILE.`;
  return refuse(
    'no-pool',
    `No pool gives IPv${family} addresses to a ${intendedUse}`,
    requester,
    next,
    reasons,
  );
}

/** The pools have nothing left for this node. */
export function exhausted(
  family: Family,
  tallies: readonly PoolTally[],
  {
    strictAffinity,
    autoAllocateBlocks,
  }: { readonly strictAffinity: boolean; readonly autoAllocateBlocks: boolean },
  requester: Requester,
): Refusal<'exhausted'> {
  const reasons = tallies.map(describeTally);
  if (!autoAllocateBlocks) reasons.push('autoAllocateBlocks is false, so the node claims no new block');
  if (strictAffinity)
    reasons.push('strictAffinity is true, so the node takes no address from blocks of others');
  const next = 'Add a pool, or detach workloads that nobody needs.';
  return refuse('exhausted', `No free IPv${family} address`, requester, next, reasons);
}

/** The node may claim no more blocks. */
export function blockLimit(
  family: Family,
  limit: number,
  tallies: readonly PoolTally[],
  requester: Requester,
): Refusal<'block-limit'> {
  const reasons = [`the limit is ${limit} blocks (maxBlocksPerHost)`, ...tallies.map(describeTally)];
  const next = 'Raise maxBlocksPerHost of the IPAMConfiguration, or give the pool larger blocks.';
  return refuse('block-limit', `All IPv${family} blocks the node may own are full`, requester, next, reasons);
}

/** The node is not there. */
export function nodeMissing(requester: Requester): Refusal<'node-missing'> {
  const next = `Create the Node ${requester.node}, or start weftd there.`;
  return refuse('node-missing', 'Cannot choose a pool without the Node object', requester, next);
}

/** Too many writers at once. */
export function contention(requester: Requester): Refusal<'contention'> {
  return refuse('contention', 'Other writers changed the same blocks every time', requester, 'Try again.');
}

/** What one pool is full of. */
function describeTally({
  pool,
  capacity,
  blocks,
  freeElsewhere,
  cooling,
  tooYoung,
  misfits,
  unreadable,
}: PoolTally): string {
  const details = [`pool ${pool.name} (${pool.cidr}): ${blocks} of ${capacity} blocks claimed`];
  if (freeElsewhere > 0) details.push(`free in blocks of others: ${freeElsewhere}`);
  if (cooling > 0) details.push(`cooling down after release: ${cooling}`);
  if (tooYoung > 0) details.push(`empty blocks claimed less than a minute ago: ${tooYoung}`);
  if (misfits > 0) details.push(`blocks of another size in the way: ${misfits}`);
  if (unreadable.length > 0)
    details.push(`blocks that nobody can read and somebody has to correct: ${unreadable.join(', ')}`);
  return details.join(', ');
}

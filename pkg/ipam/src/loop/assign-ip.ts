/**
 * Assigning one address by name. Reservations and selectors do not matter: who names an address means it.
 *
 * Source: Calico ipam.go, AssignIP.
 */
import { type Address, containsAddress, overlaps, type Prefix, prefixOf } from '@weft/ip';
import type { IPPool } from '@weft/resources';
import { type Allocation, type BlockSpec, ownerOfBlock } from '../core/block.ts';
import { assignSpecific } from '../core/block-assign.ts';
import { type AssignedAddress, contention, type Refusal, refuse } from '../core/outcome.ts';
import { affinityText, describeOwner, isSameOwner, type Owner } from '../core/owner.ts';
import { type PoolSpace, poolCidr, poolSpace, whyNotEnabled, whyNotForUse } from '../core/pool-choice.ts';
import { again, attempts, type Contention, isContention } from './attempts.ts';
import { listBlocks, type UnreadableBlock } from './block-store.ts';
import { claimBlock } from './claim-block.ts';
import { type IpamContext, readRules } from './context.ts';
import { holderOf, ownerOf, type RequestOrigin } from './request.ts';
import { giveBackIfPossible, type Run, startRun, type Take, type Taken, takeFromBlock } from './take.ts';

/** A request for one address. The pool has to allow `intendedUse`; without one any use is fine. */
export interface AssignIpRequest extends RequestOrigin {
  readonly address: Address;
}

/** The answer. `held` says who has the address already; a caller that finds its own handle there has it. */
export type AssignIpOutcome =
  | { readonly kind: 'assigned'; readonly addresses: readonly [AssignedAddress] }
  | (Refusal<'already-assigned'> & { readonly held: Allocation })
  | Refusal<'no-pool' | 'strict-affinity' | 'block-overlap' | 'contention'>;

/** What can stand in the way. */
type Obstacle =
  | { readonly kind: 'no-block' }
  | { readonly kind: 'foreign'; readonly from: Owner | undefined }
  | { readonly kind: 'held'; readonly by: Allocation }
  | { readonly kind: 'overlap'; readonly other: Prefix }
  | { readonly kind: 'no-pool' };

/** Assigns the address. Throws DatastoreError, as `autoAssign` does. */
export async function assignIp(context: IpamContext, request: AssignIpRequest): Promise<AssignIpOutcome> {
  const pool = poolFor(await context.view.pools(), request);
  if ('kind' in pool) return pool;
  const run = startRun(context, await readRules(context), ownerOf(request), holderOf(context, request));
  try {
    return answer(await takeAddress(run, request.address, pool), pool, request);
  } catch (failure) {
    await giveBackIfPossible(run);
    throw failure;
  }
}

function poolFor(pools: readonly IPPool[], request: AssignIpRequest): PoolSpace | Refusal<'no-pool'> {
  const { address, intendedUse } = request;
  const pool = pools.find((candidate) => containsAddress(poolCidr(candidate), address));
  const reason = pool && (whyNotEnabled(pool) ?? (intendedUse && whyNotForUse(pool, intendedUse)));
  if (pool && !reason) return poolSpace(pool);
  return noPoolFor(request, pool ? `pool ${pool.metadata.name} ${reason}` : 'no pool holds it');
}

function noPoolFor(request: AssignIpRequest, reason: string): Refusal<'no-pool'> {
  const next = 'Choose an address of an enabled pool: weftctl get ippools.';
  return refuse('no-pool', `Cannot assign ${request.address}`, request, next, [reason]);
}

/** Takes the address, claiming its block when there is none. */
function takeAddress(
  run: Run,
  address: Address,
  pool: PoolSpace,
): Promise<Taken | Obstacle | UnreadableBlock | Contention> {
  const cidr = prefixOf(address, pool.blockSize);
  return attempts(async () => {
    const taken = await takeFromBlock<Obstacle>(run, cidr, (block) => decide(run, block, address));
    return taken.kind === 'no-block' ? makeBlock(run, cidr) : taken;
  });
}

function decide(
  { owner, holder, rules }: Run,
  block: BlockSpec | undefined,
  address: Address,
): Take | Obstacle {
  if (!block) return { kind: 'no-block' };
  const from = ownerOfBlock(block);
  if (rules.config.strictAffinity && !isSameOwner(from, owner)) return { kind: 'foreign', from };
  const assignment = assignSpecific(block, address, holder);
  if (assignment.kind === 'held') return assignment;
  return { kind: 'take', block: assignment.block, ordinals: [assignment.ordinal] };
}

/** Claims the block unless one of another size is in its place. Whoever wins the claim, the address is tried again. */
function makeBlock(run: Run, cidr: Prefix): Promise<Obstacle | Contention | typeof again> {
  const { context, rules, owner } = run;
  return context.turns.run(`claims of ${affinityText(owner)}`, async () => {
    const blocks = await listBlocks(context, rules.config.cooldownSeconds);
    const other = blocks
      .map(({ spec }) => spec.cidr)
      .find((block) => block !== cidr && overlaps(block, cidr));
    if (other) return { kind: 'overlap', other };
    const claim = await claimBlock(context, rules, { owner, cidr, mayCreate: true });
    if (claim.kind === 'no-pool') return { kind: 'no-pool' };
    return isContention(claim) ? claim : again;
  });
}

function answer(
  result: Taken | Obstacle | UnreadableBlock | Contention,
  pool: PoolSpace,
  request: AssignIpRequest,
): AssignIpOutcome {
  const { address } = request;
  switch (result.kind) {
    case 'taken':
      return assigned(result, pool, address);
    case 'held':
      return { ...alreadyAssigned(result.by, request), held: result.by };
    case 'foreign':
      return strictAffinity(result.from, request);
    case 'overlap':
      return blockOverlap(result.other, pool, request);
    case 'unreadable':
      throw result.failure;
    case 'no-pool':
      return noPoolFor(request, `pool ${pool.name} was changed or deleted meanwhile`);
    default:
      return contention(request);
  }
}

function assigned({ cidr, sequenceNumber }: Taken, pool: PoolSpace, address: Address): AssignIpOutcome {
  const taken = { address, block: cidr, pool: pool.name, reason: 'requested', sequenceNumber } as const;
  return { kind: 'assigned', addresses: [taken] };
}

function alreadyAssigned({ handle }: Allocation, request: AssignIpRequest): Refusal<'already-assigned'> {
  const next = `Choose another address, or detach the workload that has it.`;
  return refuse('already-assigned', `Cannot assign ${request.address}`, request, next, [
    `handle ${handle} holds it`,
  ]);
}

function strictAffinity(from: Owner | undefined, request: AssignIpRequest): Refusal<'strict-affinity'> {
  const next = 'Choose an address of a block of this node, or set strictAffinity to false.';
  const reason = `its block belongs to ${describeOwner(from)}, and strictAffinity is true`;
  return refuse('strict-affinity', `Cannot assign ${request.address}`, request, next, [reason]);
}

function blockOverlap(other: Prefix, pool: PoolSpace, request: AssignIpRequest): Refusal<'block-overlap'> {
  const next = `Move the workloads of ${other} away and release it: weftctl get ipamblocks -o yaml.`;
  const reason = `block ${other} lies across the /${pool.blockSize} blocks of pool ${pool.name}`;
  return refuse('block-overlap', `Cannot assign ${request.address}`, request, next, [reason]);
}

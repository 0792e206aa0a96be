/**
 * Releasing addresses one by one, each guarded by the handle and the sequence number its caller knows, so that a
 * release decided on old news cannot hit the address's next holder.
 *
 * Source: Calico ipam.go, ReleaseIPs; there one mismatch fails the whole block, here only its address.
 */
import { type Address, containsAddress, type Prefix, prefixOf } from '@weft/ip';
import { type Allocation, allocationAt, type BlockSpec, ordinalIn } from '../core/block.ts';
import { poolSpace } from '../core/pool-choice.ts';
import { isContention } from './attempts.ts';
import { listBlocks } from './block-store.ts';
import { type IpamContext, type Rules, readRules } from './context.ts';
import { releaseInBlock } from './release-in-block.ts';
import { tidyBlock } from './tidy.ts';

/** An address to release. */
export interface ReleaseRequest {
  readonly address: Address;
  /** Release only if this handle holds it. */
  readonly handle?: string;
  /** Release only if it is still the allocation of this number. */
  readonly sequenceNumber?: bigint;
}

/** What became of one address. */
export interface ReleaseResult {
  readonly address: Address;
  readonly kind:
    | 'released'
    /** Nobody holds it, or it cools down already. */
    | 'not-assigned'
    /** Somebody else holds it by now: kept. */
    | 'reassigned'
    /** Other writers were first, every time: kept. */
    | 'contention';
  /** What happened, to which address, what to do next. */
  readonly message: string;
}

/** Releases the addresses; the results stand in the order of the requests. Throws DatastoreError; repeatable. */
export async function releaseIps(
  context: IpamContext,
  requests: readonly ReleaseRequest[],
): Promise<ReleaseResult[]> {
  const rules = await readRules(context);
  const located = await locate(context, rules, requests);
  const results = new Map<ReleaseRequest, ReleaseResult>();
  for (const [cidr, inBlock] of Map.groupBy(requests, (request) => located.get(request)))
    for (const [request, result] of await releaseGroup(context, rules, cidr, inBlock))
      results.set(request, result);
  return requests.map((request) => results.get(request) as ReleaseResult);
}

async function releaseGroup(
  context: IpamContext,
  rules: Rules,
  cidr: Prefix | undefined,
  requests: readonly ReleaseRequest[],
): Promise<Map<ReleaseRequest, ReleaseResult>> {
  let verdicts = new Map(requests.map((request) => [request, notAssigned(request)]));
  if (!cidr) return verdicts;
  const meant = new Map<ReleaseRequest, bigint>();
  const outcome = await releaseInBlock(context, rules, {
    cidr,
    pick: (block) => {
      verdicts = new Map(requests.map((request) => [request, judge(block, request, meant)]));
      return releasedOrdinals(block, verdicts, meant);
    },
    handles: requests.flatMap(({ handle }) => (handle === undefined ? [] : [handle])),
  });
  if (isContention(outcome)) return new Map(requests.map((request) => [request, contended(request)]));
  await tidyBlock(context, rules, outcome.left);
  return verdicts;
}

/** The ordinals that are still held by whom they were meant to be taken from. */
function releasedOrdinals(
  block: BlockSpec,
  verdicts: ReadonlyMap<ReleaseRequest, ReleaseResult>,
  meant: ReadonlyMap<ReleaseRequest, bigint>,
): number[] {
  const ordinals = [...verdicts].flatMap(([request, { kind }]) => {
    const ordinal = kind === 'released' ? ordinalIn(block, request.address) : undefined;
    return ordinal !== undefined && held(block, request)?.sequenceNumber === meant.get(request)
      ? [ordinal]
      : [];
  });
  return [...new Set(ordinals)];
}

/**
 * Decides about one address. What a request means is settled when the block is first read, and remembered in `meant`: if
 * that allocation is gone at a later attempt it is released, and whoever holds the address then is not meant.
 */
function judge(block: BlockSpec, request: ReleaseRequest, meant: Map<ReleaseRequest, bigint>): ReleaseResult {
  const { handle, sequenceNumber } = request;
  if (meant.has(request)) return released(request);
  const holder = held(block, request);
  if (!holder) return notAssigned(request);
  if (handle !== undefined && handle !== holder.handle) return reassigned(request, `handle ${holder.handle}`);
  if (sequenceNumber !== undefined && sequenceNumber !== holder.sequenceNumber)
    return reassigned(request, `a later allocation (${holder.sequenceNumber}, not ${sequenceNumber})`);
  meant.set(request, holder.sequenceNumber);
  return released(request);
}

/** Who holds the address; nobody does while it cools down. */
function held(block: BlockSpec, { address }: ReleaseRequest): Allocation | undefined {
  const ordinal = ordinalIn(block, address);
  const allocation = ordinal === undefined ? undefined : allocationAt(block, ordinal);
  return allocation?.releasedAt === undefined ? allocation : undefined;
}

function released({ address }: ReleaseRequest): ReleaseResult {
  return { address, kind: 'released', message: `Released ${address}.` };
}

function notAssigned({ address }: ReleaseRequest): ReleaseResult {
  return { address, kind: 'not-assigned', message: `Nobody holds ${address}: nothing to release.` };
}

function reassigned({ address }: ReleaseRequest, holder: string): ReleaseResult {
  const message = `Did not release ${address}: it belongs to ${holder} by now. Look again: weftctl get ipamblocks -o yaml.`;
  return { address, kind: 'reassigned', message };
}

function contended({ address }: ReleaseRequest): ReleaseResult {
  const message = `Did not release ${address}: other writers changed its block every time. Release it again.`;
  return { address, kind: 'contention', message };
}

/** In which block each address lies: by the block size of its pool, or else by looking at all blocks. */
export async function locate(
  context: IpamContext,
  rules: Rules,
  requests: readonly ReleaseRequest[],
): Promise<Map<ReleaseRequest, Prefix>> {
  const pools = (await context.view.pools()).map(poolSpace);
  const located = new Map<ReleaseRequest, Prefix>();
  for (const request of requests) {
    const pool = pools.find(({ cidr }) => containsAddress(cidr, request.address));
    if (pool) located.set(request, prefixOf(request.address, pool.blockSize));
  }
  const homeless = requests.filter((request) => !located.has(request));
  if (homeless.length === 0) return located;
  const blocks = (await listBlocks(context, rules.config.cooldownSeconds)).map(({ spec }) => spec.cidr);
  for (const request of homeless) {
    const cidr = blocks.find((block) => containsAddress(block, request.address));
    if (cidr) located.set(request, cidr);
  }
  return located;
}

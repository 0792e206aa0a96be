/**
 * Assigning any address: from the node's own blocks, from a block it claims, from a block of others, in this order.
 * All that was asked for, in both families, or nothing.
 *
 * Source: Calico ipam.go, AutoAssign.
 */
import type { Family } from '@weft/ip';
import type { IPPool } from '@weft/resources';
import {
  type AssignedAddress,
  type AutoAssignOutcome,
  contention,
  nodeMissing,
  noPool,
  type Refusal,
} from '../core/outcome.ts';
import { choosePools, type IntendedUse, type Labels } from '../core/pool-choice.ts';
import { borrow } from './borrow.ts';
import { claimMore } from './claim-more.ts';
import { type IpamContext, readRules } from './context.ts';
import { isFilled, type Need } from './need.ts';
import { takeFromOwnBlocks } from './own-blocks.ts';
import { holderOf, ownerOf, type RequestOrigin } from './request.ts';
import { giveBack, giveBackIfPossible, type Run, startRun } from './take.ts';

/** A request for addresses. */
export interface AutoAssignRequest extends RequestOrigin {
  /** How many IPv4 addresses. */
  readonly num4?: number;
  /** How many IPv6 addresses. */
  readonly num6?: number;
  /** IPv4 pools to use, by CIDR or name, best first; their selectors and assignmentMode do not matter then. */
  readonly pools4?: readonly string[];
  /** The same for IPv6. */
  readonly pools6?: readonly string[];
  readonly intendedUse: IntendedUse;
  /** Labels of the workload's namespace, for namespaceSelector. */
  readonly namespaceLabels?: Labels;
  /** How many blocks the node may own per family; with maxBlocksPerHost set too, the smaller counts. 0 says nothing. */
  readonly maxBlocks?: number;
}

/** What one request reads once, for both families. */
interface Facts {
  readonly pools: readonly IPPool[];
  readonly nodeLabels: Labels;
}

/**
 * Assigns addresses. Throws DatastoreError when the store fails; what was taken by then is given back if the store
 * still answers, and is found under the handle (`releaseByHandle`) if it does not.
 */
export async function autoAssign(
  context: IpamContext,
  request: AutoAssignRequest,
): Promise<AutoAssignOutcome> {
  const [rules, facts] = await Promise.all([
    readRules(context, request.maxBlocks),
    readFacts(context, request),
  ]);
  if (!facts) return nodeMissing(request);
  const run = startRun(context, rules, ownerOf(request), holderOf(context, request));
  try {
    const addresses: AssignedAddress[] = [];
    for (const family of [4, 6] as const) {
      const assigned = await assignFamily(run, request, facts, family);
      if ('kind' in assigned) {
        await giveBack(run);
        return assigned;
      }
      addresses.push(...assigned);
    }
    return { kind: 'assigned', addresses };
  } catch (failure) {
    await giveBackIfPossible(run);
    throw failure;
  }
}

/** Undefined when the node, whose labels decide about pools, is not there. No node holds LoadBalancer addresses. */
async function readFacts(
  { view }: IpamContext,
  { node, intendedUse }: AutoAssignRequest,
): Promise<Facts | undefined> {
  if (intendedUse === 'LoadBalancer') return { pools: await view.pools(), nodeLabels: {} };
  const [pools, resource] = await Promise.all([view.pools(), view.node(node)]);
  return resource && { pools, nodeLabels: resource.metadata.labels ?? {} };
}

async function assignFamily(
  run: Run,
  request: AutoAssignRequest,
  facts: Facts,
  family: Family,
): Promise<readonly AssignedAddress[] | Refusal> {
  const count = (family === 4 ? request.num4 : request.num6) ?? 0;
  if (count === 0) return [];
  const { pools, leftOut } = choosePools(facts.pools, {
    family,
    intendedUse: request.intendedUse,
    node: { name: request.node, labels: facts.nodeLabels },
    namespaceLabels: request.namespaceLabels,
    requested: family === 4 ? request.pools4 : request.pools6,
  });
  if (pools.length === 0) return noPool(family, request.intendedUse, leftOut, request);
  return fill({ run, family, count, pools, assigned: [], tried: new Set(), unreadable: new Set() }, request);
}

/** Fills the need from one source after the other. */
async function fill(need: Need, request: AutoAssignRequest): Promise<readonly AssignedAddress[] | Refusal> {
  for (const source of [takeFromOwnBlocks, claimMore]) {
    if (await source(need)) return contention(request);
    if (isFilled(need)) return need.assigned;
  }
  const refusal = await borrow(need, request);
  return refusal?.kind === 'contention' ? contention(request) : (refusal ?? need.assigned);
}

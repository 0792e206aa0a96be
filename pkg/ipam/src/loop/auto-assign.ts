/**
 * Assigning any address: from the node's own blocks, from a block it claims, from a block of others, in this order.
 * All that was asked for, in both families, or nothing.
 *
 * Source: Calico ipam.go, AutoAssign.
 */
import type { Family } from '@weft/ip';
import {
  type AssignedAddress,
  type AutoAssignOutcome,
  contention,
  nodeMissing,
  noPool,
  type Refusal,
} from '../core/outcome.ts';
import { choosePools, type IntendedUse, type Labels, type PoolChoice } from '../core/pool-choice.ts';
import { borrow } from './borrow.ts';
import { claimMore } from './claim-more.ts';
import { type IpamContext, readRules } from './context.ts';
import { isFilled, type Need } from './need.ts';
import { takeFromOwnBlocks } from './own-blocks.ts';
import { holderOf, ownerOf, type RequestOrigin } from './request.ts';
import { giveBack, giveBackIfPossible, type Run, startRun } from './take.ts';
import { homesOf } from './tidy.ts';

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
}

/**
 * Assigns addresses. Throws DatastoreError when the store fails; what was taken by then is given back if the store
 * still answers, and is found under the handle (`releaseByHandle`) if it does not.
 */
export async function autoAssign(
  context: IpamContext,
  request: AutoAssignRequest,
): Promise<AutoAssignOutcome> {
  const run = startRun(context, await readRules(context), ownerOf(request), holderOf(context, request));
  try {
    const addresses: AssignedAddress[] = [];
    for (const family of [4, 6] as const) {
      const assigned = await assignFamily(run, request, family);
      if (!Array.isArray(assigned)) {
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

async function assignFamily(
  run: Run,
  request: AutoAssignRequest,
  family: Family,
): Promise<AssignedAddress[] | Refusal> {
  const count = (family === 4 ? request.num4 : request.num6) ?? 0;
  if (count === 0) return [];
  const choice = await choose(run, request, family);
  if (!choice) return nodeMissing(request);
  if (choice.pools.length === 0) return noPool(family, request.intendedUse, choice.leftOut, request);
  const homes = [...choice.pools.map(({ cidr }) => cidr), ...(await homesOf(run.context, request.node))];
  return fill({ run, family, count, pools: choice.pools, homes, assigned: [], tried: new Set() }, request);
}

/** The pools for the request; undefined when the node, whose labels decide, is not there. */
async function choose(
  { context }: Run,
  request: AutoAssignRequest,
  family: Family,
): Promise<PoolChoice | undefined> {
  const [pools, labels] = await Promise.all([context.view.pools(), nodeLabels(context, request)]);
  if (!labels) return undefined;
  return choosePools(pools, {
    family,
    intendedUse: request.intendedUse,
    node: { name: request.node, labels },
    namespaceLabels: request.namespaceLabels,
    requested: family === 4 ? request.pools4 : request.pools6,
  });
}

async function nodeLabels(
  { view }: IpamContext,
  { intendedUse, node }: AutoAssignRequest,
): Promise<Labels | undefined> {
  if (intendedUse === 'LoadBalancer') return {};
  const resource = await view.node(node);
  return resource && (resource.metadata.labels ?? {});
}

/** Fills the need from one source after the other. */
async function fill(need: Need, request: AutoAssignRequest): Promise<AssignedAddress[] | Refusal> {
  for (const source of [takeFromOwnBlocks, claimMore, borrow]) {
    const refusal = await source(need, request);
    if (refusal?.kind === 'contention') return contention(request);
    if (refusal) return refusal;
    if (isFilled(need)) return [...need.assigned];
  }
  throw new Error(`the last source of addresses neither gave nor refused: ${request.handle}`);
}

/**
 * What a cluster may take back: leaked addresses, what dead nodes left, idle blocks, addresses that have cooled down. From
 * what there is now and what earlier looks found to steps, each with its reason; who carries them out looks again first.
 *
 *     look ──▶ planReclaim ──▶ steps ──▶ look again at what a step is about ──▶ isStillLeaked ──▶ release
 *                  ▲  └── memory ──┐
 *                  └───────────────┘
 *
 * Source: Calico kube-controllers, node controller (syncIPAM).
 */
import type { Prefix } from '@weft/ip';
import type { BlockAffinity } from '@weft/resources';
import { ownerOfAffinity } from './affinity.ts';
import { addressAt, allocationAt, type BlockSpec, cidrOf, ownerOfBlock } from './block.ts';
import { type Cooldown, collectCooled } from './block-release.ts';
import { findIdleBlocks, type IdleBlock } from './idle-blocks.ts';
import { findLeaks, type Leak, type LeakReport, type LeakSnapshot } from './leaks.ts';

/** What there is, at about one moment. */
export interface ReclaimSnapshot extends LeakSnapshot {
  readonly affinities: readonly BlockAffinity[];
  readonly cooldown: Cooldown;
}

/** What looks so far leave for the next one. */
export interface ReclaimMemory {
  readonly leaksSince: ReadonlyMap<string, number>;
  readonly idleSince: ReadonlyMap<string, number>;
}

/** What somebody knows who has not looked yet. */
export const NO_MEMORY: ReclaimMemory = { leaksSince: new Map(), idleSince: new Map() };

/** When something is taken back. */
export interface ReclaimPolicy {
  /** Milliseconds on a clock that never jumps: what is suspicious has to be so for the grace period. */
  readonly now: number;
  /** 0 takes nothing back that has to wait for it; dead nodes need no waiting. */
  readonly graceMs: number;
  /** Addresses that one look may take back at most; the rest is for the next. */
  readonly mostAddresses: number;
}

/** Something to take back. */
export type ReclaimStep =
  /** Everything that one handle holds, or one address without a handle. */
  | { readonly kind: 'release-addresses'; readonly leaks: readonly Leak[] }
  /** What a node owns that is gone; after the addresses that were assigned there. */
  | { readonly kind: 'release-node'; readonly node: string }
  | { readonly kind: 'release-block'; readonly block: IdleBlock }
  | { readonly kind: 'free-cooled'; readonly block: Prefix };

/** What follows from a look. */
export interface ReclaimPlan {
  readonly steps: readonly ReclaimStep[];
  /** Leaked as it seems, confirmed ones included. */
  readonly candidates: readonly Leak[];
  readonly memory: ReclaimMemory;
}

/** Decides what to take back now. */
export function planReclaim(
  snapshot: ReclaimSnapshot,
  { now, graceMs, mostAddresses }: ReclaimPolicy,
  earlier: ReclaimMemory,
): ReclaimPlan {
  const patience = graceMs === 0 ? Number.POSITIVE_INFINITY : graceMs;
  const report = findLeaks(snapshot, { now, graceMs: patience, earlier: earlier.leaksSince });
  const idle = findIdleBlocks(snapshot, { now, graceMs: patience, earlier: earlier.idleSince });
  const released = wholeHandles(report.confirmed, mostAddresses);
  return {
    steps: [
      ...released.map((leaks) => ({ kind: 'release-addresses', leaks }) as const),
      ...deadNodes(snapshot, released.flat()).map((node) => ({ kind: 'release-node', node }) as const),
      ...idle.confirmed.map((block) => ({ kind: 'release-block', block }) as const),
      ...cooledBlocks(snapshot).map((block) => ({ kind: 'free-cooled', block }) as const),
    ],
    candidates: [...report.confirmed, ...report.candidates],
    memory: { leaksSince: report.candidatesSince, idleSince: idle.idleSince },
  };
}

/**
 * Whether a second look says the same of everything that one step would release. Who was confirmed because the node is
 * gone is so only while it is.
 */
export function isStillLeaked(leaks: readonly Leak[], again: ReadonlyMap<string, Leak>): boolean {
  return leaks.every((leak) => {
    const seen = again.get(leakId(leak));
    return seen !== undefined && (leak.reason !== 'node-gone' || seen.reason === 'node-gone');
  });
}

/** What looks leaked in a snapshot, by `leakId` and without regard to time: for `isStillLeaked`. */
export function leaksById(snapshot: LeakSnapshot): ReadonlyMap<string, Leak> {
  const report: LeakReport = findLeaks(snapshot, { now: 0, graceMs: 0, earlier: new Map() });
  return new Map(report.confirmed.map((leak) => [leakId(leak), leak]));
}

/** Names one allocation for all time. */
function leakId({ address, sequenceNumber }: Leak): string {
  return `${address} ${sequenceNumber}`;
}

/** The leaks of each handle together, as many handles as fit. */
function wholeHandles(leaks: readonly Leak[], mostAddresses: number): Leak[][] {
  const groups = [...Map.groupBy(leaks, (leak) => leak.handle ?? leakId(leak)).values()];
  let count = 0;
  return groups.filter(({ length }, index) => {
    count += length;
    return count <= mostAddresses || index === 0;
  });
}

/** The nodes that own something, are gone, and on which nothing is held but what is released now. */
function deadNodes({ blocks, affinities, nodes }: ReclaimSnapshot, released: readonly Leak[]): string[] {
  const going = new Set(released.map(leakId));
  const live = blocks.map(({ spec }) => spec).filter(({ deleted }) => !deleted);
  const owners = [
    ...live.map(ownerOfBlock),
    ...affinities.filter(({ spec }) => !spec.deleted).map(ownerOfAffinity),
  ];
  const dead = new Set(owners.flatMap((owner) => (owner?.type === 'host' ? [owner.name] : [])));
  for (const node of nodes) dead.delete(node);
  if (dead.size === 0) return [];
  for (const node of live.flatMap((block) => nodesHolding(block, going))) dead.delete(node);
  return [...dead].sort();
}

/** The nodes for which a block holds something that stays. */
function nodesHolding(block: BlockSpec, going: ReadonlySet<string>): string[] {
  return block.allocations.flatMap((_, ordinal) => {
    const allocation = allocationAt(block, ordinal);
    const node = allocation?.attributes.node;
    const isGoing = going.has(`${addressAt(block, ordinal)} ${allocation?.sequenceNumber}`);
    return node === undefined || isGoing ? [] : [node];
  });
}

function cooledBlocks({ blocks, cooldown }: ReclaimSnapshot): Prefix[] {
  return blocks
    .filter(({ spec }) => !spec.deleted && collectCooled(spec, cooldown) !== spec)
    .map(({ spec }) => cidrOf(spec));
}

/**
 * Blocks that a node owns and does not use. They only draw routes, and keep addresses from nodes that are full.
 *
 * A block is idle when it looked so twice, as far apart as the grace period, and was not written in between: an allocation
 * that is just being made finds its block empty, too. A node keeps one block of each family whatever it holds.
 *
 * Source: Calico kube-controllers, releaseUnusedBlocks; there a node keeps one block of either family.
 */
import { compareAddresses, familyOf, networkAddress, type Prefix } from '@weft/ip';
import type { IPAMBlock } from '@weft/resources';
import { type BlockSpec, cidrOf, isEmptyBlock, ownerOfBlock } from './block.ts';
import { type Cooldown, collectCooled } from './block-release.ts';

/** A block that its node could do without. */
export interface IdleBlock {
  readonly cidr: Prefix;
  readonly node: string;
  /** Release it only while it still has this number: then nobody has written it since. */
  readonly sequenceNumber: bigint;
}

/** What there is, at about one moment. */
export interface IdleBlockSnapshot {
  readonly blocks: readonly IPAMBlock[];
  /** The names of all nodes; blocks of others are left to whoever removes nodes. */
  readonly nodes: ReadonlySet<string>;
  readonly cooldown: Cooldown;
}

/** When an idle block is given up. */
export interface IdleBlockPolicy {
  /** Milliseconds on the clock of `earlier`. */
  readonly now: number;
  readonly graceMs: number;
  /** `idleSince` of the look before; empty at the first. */
  readonly earlier: ReadonlyMap<string, number>;
}

/** What a look found. */
export interface IdleBlockReport {
  readonly confirmed: readonly IdleBlock[];
  /** Since when each looked idle, those not confirmed yet included; for the next look. */
  readonly idleSince: ReadonlyMap<string, number>;
}

/** Finds the blocks that nodes could do without. */
export function findIdleBlocks(snapshot: IdleBlockSnapshot, policy: IdleBlockPolicy): IdleBlockReport {
  const owned = snapshot.blocks.flatMap(({ spec }) => ownedBy(spec, snapshot));
  const groups = Map.groupBy(owned, ({ node, cidr }) => `${familyOf(cidr)} ${node}`);
  const idle = [...groups.values()].flatMap(idleOf);
  const idleSince = new Map(idle.map((one) => [idOf(one), policy.earlier.get(idOf(one)) ?? policy.now]));
  const isDue = (one: IdleBlock) => policy.now - (idleSince.get(idOf(one)) as number) >= policy.graceMs;
  const confirmed = idle
    .filter(isDue)
    .map(({ cidr, node, sequenceNumber }) => ({ cidr, node, sequenceNumber }));
  return { confirmed, idleSince };
}

interface Owned extends IdleBlock {
  readonly isEmpty: boolean;
}

function ownedBy(spec: BlockSpec, { nodes, cooldown }: IdleBlockSnapshot): Owned[] {
  const owner = ownerOfBlock(spec);
  if (spec.deleted || owner?.type !== 'host' || !nodes.has(owner.name)) return [];
  const { sequenceNumber } = spec;
  const isEmpty = isEmptyBlock(collectCooled(spec, cooldown));
  return [{ cidr: cidrOf(spec), node: owner.name, sequenceNumber, isEmpty }];
}

/** The empty ones of one node and family, but for the first if it has no other. */
function idleOf(blocks: readonly Owned[]): Owned[] {
  const empty = blocks
    .filter(({ isEmpty }) => isEmpty)
    .sort((a, b) => compareAddresses(networkAddress(a.cidr), networkAddress(b.cidr)));
  return empty.length === blocks.length ? empty.slice(1) : empty;
}

/** Changes with every write of the block. */
function idOf({ cidr, sequenceNumber }: IdleBlock): string {
  return `${cidr} ${sequenceNumber}`;
}

/**
 * Taking addresses from one block for one request, and giving back what a failed request took.
 *
 * Order of writes: the handle first, the block second (see handle-store.ts).
 */
import type { Address, Prefix } from '@weft/ip';
import type { IPAMHandle } from '@weft/resources';
import { isSameMap } from '../core/attribute-table.ts';
import { addressAt, allocationAt, type BlockSpec, ordinalsOfHandle, ownerOfBlock } from '../core/block.ts';
import type { Holder } from '../core/block-assign.ts';
import type { Owner } from '../core/owner.ts';
import { again, attempts, type Contention, isContention } from './attempts.ts';
import {
  isUnreadable,
  readBlock,
  rememberedBlock,
  type UnreadableBlock,
  unlessUnreadable,
  writeBlock,
} from './block-store.ts';
import type { IpamContext, Rules } from './context.ts';
import { announce, withdraw } from './handle-store.ts';
import { releaseInBlock } from './release-in-block.ts';

/** One request under way. */
export interface Run {
  readonly context: IpamContext;
  readonly rules: Rules;
  /** Who asks: blocks of this owner are its own, others are borrowed from. */
  readonly owner: Owner;
  readonly holder: Holder;
  /** The handle as this request last wrote it. */
  handle: IPAMHandle | undefined;
  /** By block, the sequence numbers under which this request may have taken addresses. */
  readonly stamps: Map<Prefix, ReadonlySet<bigint>>;
}

/** Starts a request. */
export function startRun(context: IpamContext, rules: Rules, owner: Owner, holder: Holder): Run {
  return { context, rules, owner, holder, handle: undefined, stamps: new Map() };
}

/** Wants these ordinals, with the block as it will be. */
export interface Take {
  readonly kind: 'take';
  readonly block: BlockSpec;
  readonly ordinals: readonly number[];
}

/** Addresses taken from one block. */
export interface Taken {
  readonly kind: 'taken';
  readonly cidr: Prefix;
  /** Whose block it was. */
  readonly from: Owner | undefined;
  readonly addresses: readonly Address[];
  /** Guards the release of exactly this allocation. */
  readonly sequenceNumber: bigint;
}

/** Decides from the block as it is; whatever is not a `take` ends the attempt and is handed through. */
export type TakeDecision<R> = (block: BlockSpec | undefined) => Take | R;

/** Takes what `decide` chooses from the block, reading it anew each time another writer was first. */
export function takeFromBlock<R extends { readonly kind: string }>(
  run: Run,
  cidr: Prefix,
  decide: TakeDecision<R>,
): Promise<Taken | R | UnreadableBlock | Contention> {
  return run.context.turns.run(cidr, () => takeInTurn(run, cidr, decide));
}

async function takeInTurn<R extends { readonly kind: string }>(
  run: Run,
  cidr: Prefix,
  decide: TakeDecision<R>,
): Promise<Taken | R | UnreadableBlock | Contention> {
  const { context, rules, holder } = run;
  const cooldown = rules.config.cooldownSeconds;
  let announced = 0;
  const tried = new Set<bigint>();
  const result = await attempts(async () => {
    const remembered = rememberedBlock(context, cidr, cooldown);
    const block = remembered ?? (await unlessUnreadable(readBlock(context, cidr, cooldown)));
    if (isUnreadable(block)) return block;
    const unseen = block && stampedOrdinals(run, block.spec, tried);
    if (block && unseen?.length) return taken(cidr, block.spec, unseen);
    const decision = decide(block?.spec);
    if (remembered && !isTake(decision)) return again;
    if (!block || !isTake(decision)) return decision as R;
    const count = decision.ordinals.length;
    tried.add(block.spec.sequenceNumber);
    run.stamps.set(cidr, tried.union(run.stamps.get(cidr) ?? new Set()));
    const written = announced > 0 && run.handle ? { resource: run.handle, count: announced } : known(run);
    const handle = await announce(context, { handle: holder.handle, block: cidr, count, written });
    if (isContention(handle)) return handle;
    run.handle = handle;
    announced = count;
    const outcome = await writeBlock(context, block, decision.block);
    return outcome.kind === 'written' ? taken(cidr, decision.block, decision.ordinals) : again;
  });
  // Whether a write took place after all, which was told as a conflict, only the block could say: it stays counted.
  if (isUnreadable(result)) return result;
  if (result.kind !== 'taken' && announced > 0 && run.handle) {
    await withdraw(context, run.handle, cidr, announced, cooldown);
    run.handle = undefined;
  }
  return result;
}

function isTake(decision: { readonly kind: string }): decision is Take {
  return decision.kind === 'take';
}

/** The handle as an earlier block of this request left it. */
function known({ handle }: Run): { resource: IPAMHandle; count: number } | undefined {
  return handle && { resource: handle, count: 0 };
}

/**
 * The ordinals that this request took under one of these numbers: same handle, same attributes, same moment. An attempt
 * may have taken them although its answer says it lost: a store that repeats a write by itself meets its own first one.
 */
function stampedOrdinals({ holder }: Run, block: BlockSpec, stamps: ReadonlySet<bigint>): number[] {
  if (stamps.size === 0) return [];
  return ordinalsOfHandle(block, holder.handle).filter((ordinal) => {
    const allocation = allocationAt(block, ordinal);
    return (
      allocation !== undefined &&
      stamps.has(allocation.sequenceNumber) &&
      isSameMap(allocation.attributes, holder.attributes)
    );
  });
}

function taken(cidr: Prefix, block: BlockSpec, ordinals: readonly number[]): Taken {
  return {
    kind: 'taken',
    cidr,
    from: ownerOfBlock(block),
    addresses: ordinals.map((ordinal) => addressAt(block, ordinal)),
    sequenceNumber: allocationAt(block, ordinals[0] as number)?.sequenceNumber as bigint,
  };
}

/**
 * Gives back what a request took that could not be finished, its announcements too. Nobody has seen these addresses,
 * so they need no cooldown.
 */
export async function giveBack(run: Run): Promise<void> {
  for (const [cidr, stamps] of run.stamps) {
    await releaseInBlock(run.context, run.rules, {
      cidr,
      pick: (block) => stampedOrdinals(run, block, stamps),
      handles: [run.holder.handle],
      unused: true,
    });
  }
}

/** After a failure of the store, which may well still be failing. The first failure is the one to report. */
export async function giveBackIfPossible(run: Run): Promise<void> {
  try {
    await giveBack(run);
  } catch (failure) {
    if (!(failure instanceof Error && failure.name === 'DatastoreError')) throw failure;
  }
}

/**
 * What every operation of one allocator shares.
 */
import type { Datastore } from '@weft/datastore';
import type { Prefix } from '@weft/ip';
import type { IPAMBlock } from '@weft/resources';
import { fnv1 } from '../core/block-walk.ts';
import { configOf, type IpamConfig } from '../core/config.ts';
import type { Owner } from '../core/owner.ts';
import { type Reservations, reservationsOf } from '../core/reservations.ts';
import { Turns } from './turns.ts';
import { type IpamView, storeView } from './view.ts';

/** What an allocator is made of. */
export interface IpamOptions {
  readonly store: Datastore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Answers that need no round trip to the store; what is left out is read from the store. */
  readonly view?: Partial<IpamView>;
}

/** The shared part of all operations. */
export interface IpamContext {
  readonly store: Datastore;
  readonly now: () => number;
  readonly view: IpamView;
  /** The store itself as a view: for decisions that must not rest on something out of date. */
  readonly fresh: IpamView;
  readonly turns: Turns;
  /** By owner and family, the block that served last; see `need.ts`. */
  readonly lastBlocks: Map<string, Prefix>;
  /** Blocks as this allocator last wrote them; see `rememberedBlock`. */
  readonly written: Map<string, IPAMBlock>;
  /** How many blocks this allocator made: see `firstSequenceNumber`. */
  blocksCreated: number;
}

/** The settings and reservations an operation obeys from beginning to end. */
export interface Rules {
  readonly config: IpamConfig;
  readonly reservations: Reservations;
}

/** Prepares what the operations share. */
export function createContext({ store, now, view }: IpamOptions): IpamContext {
  const fresh = storeView(store);
  return {
    store,
    now,
    view: { ...fresh, ...view },
    fresh,
    turns: new Turns(),
    lastBlocks: new Map(),
    written: new Map(),
    blocksCreated: 0,
  };
}

/** Reads the settings and reservations; `maxBlocks` is the request's own limit, if it has one. */
export async function readRules({ view }: IpamContext, maxBlocks?: number): Promise<Rules> {
  const [configuration, reservations] = await Promise.all([view.configuration(), view.reservations()]);
  return { config: configOf(configuration, maxBlocks), reservations: reservationsOf(reservations) };
}

/**
 * The sequence number a new block begins with: nanoseconds since the epoch, as Calico's. The clock counts
 * milliseconds, so the lower digits come from the node's name and from a count: a block that is deleted and made
 * again within a millisecond must not repeat the numbers of its former life.
 */
export function firstSequenceNumber(context: IpamContext, owner: Owner): bigint {
  const spread = (fnv1(owner.name) % 1000) * 1000 + (context.blocksCreated++ % 1000);
  return BigInt(Math.floor(context.now())) * 1_000_000n + BigInt(spread);
}

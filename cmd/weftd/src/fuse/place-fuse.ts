/**
 * The fuse of routes to encapsulated pools. Those routes come from the blocks in the datastore, so what is held is where blocks
 * are: a held one is decided about like any other, and goes where its node and its pool send it.
 */
import { encapsulationOf, type Place } from '@weft/calc';
import { type Prefix, PrefixTrie } from '@weft/ip';
import type { IPPool } from '@weft/resources';
import { Fuse, type FuseLimits, type Withdrawal } from './fuse.ts';

/** Blocks of other nodes, and borrowed addresses, that are gone from the datastore. */
export class PlaceFuse {
  readonly fuse: Fuse<Place>;
  readonly #nodeName: string;
  #given: readonly Place[] = [];
  #pools: readonly IPPool[] = [];
  /** Of those that were given, the ones with routes by a tunnel. */
  #routed: readonly Place[] = [];
  #places: readonly Place[] | undefined;

  constructor(nodeName: string, limits: FuseLimits) {
    this.#nodeName = nodeName;
    this.fuse = new Fuse(limits);
  }

  /**
   * What is there, and what is held. The same object until one of both changes.
   *
   * @param given of all pools; only where one encapsulates there are routes to lose
   * @param pools another object when one has changed
   * @param now milliseconds on any clock that does not jump
   */
  places(given: readonly Place[], pools: readonly IPPool[], now: number): readonly Place[] {
    if (given !== this.#given || pools !== this.#pools) this.#judge(given, pools, now);
    this.#given = given;
    this.#pools = pools;
    this.#places ??= this.#withHeld(given);
    return this.#places;
  }

  /** What is held goes after all. */
  accept(): void {
    this.fuse.accept();
    this.#places = undefined;
  }

  #judge(given: readonly Place[], pools: readonly IPPool[], now: number): void {
    this.#places = undefined;
    const isEncapsulated = encapsulatedBy(pools);
    const before = this.#routed;
    this.#routed = given.filter(
      ({ nodeName, prefix }) => nodeName !== this.#nodeName && isEncapsulated(prefix),
    );
    // A pool that encapsulates no more takes its tunnels along, and that is no withdrawal.
    for (const { prefix } of this.fuse.withdrawals()) if (!isEncapsulated(prefix)) this.fuse.forget(prefix);
    const there = new Set(given.map(({ prefix }) => prefix));
    for (const prefix of there) this.fuse.forget(prefix);
    const gone = before
      .filter(({ prefix }) => !there.has(prefix) && isEncapsulated(prefix))
      .map((item): Withdrawal<Place> => ({ prefix: item.prefix, item, cause: 'the datastore' }));
    if (gone.length > 0) this.fuse.judge(gone, this.#routed.length, now);
  }

  #withHeld(given: readonly Place[]): readonly Place[] {
    if (this.fuse.size === 0) return given;
    return [
      ...given,
      ...[...this.fuse.withdrawals()].map(({ item }) => ({ ...item, isHeld: true as const })),
    ];
  }
}

function encapsulatedBy(pools: readonly IPPool[]): (prefix: Prefix) => boolean {
  const asked = new PrefixTrie<boolean>();
  for (const pool of pools) asked.set(pool.spec.cidr, encapsulationOf(pool) !== undefined);
  return (prefix) => asked.longestMatch(prefix)?.value === true;
}

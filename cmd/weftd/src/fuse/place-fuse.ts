/**
 * The fuse of routes to encapsulated pools. Those routes come from the blocks in the datastore, so what is held is where blocks
 * are: a held one is decided about like any other, and goes where its node and its pool send it.
 */
import type { Place } from '@weft/calc';
import { Fuse, type FuseLimits, type Withdrawal } from './fuse.ts';

/** Blocks of other nodes, and borrowed addresses, that are gone from the datastore. */
export class PlaceFuse {
  readonly fuse: Fuse<Place>;
  readonly #nodeName: string;
  #given: readonly Place[] = [];
  #places: readonly Place[] | undefined;

  constructor(nodeName: string, limits: FuseLimits) {
    this.#nodeName = nodeName;
    this.fuse = new Fuse(limits);
  }

  /**
   * What is there, and what is held. The same object until one of both changes.
   *
   * @param isFollowed some pool encapsulates; while none does nobody looks at blocks, and that is no withdrawal
   * @param now milliseconds on any clock that does not jump
   */
  places(given: readonly Place[], isFollowed: boolean, now: number): readonly Place[] {
    if (!isFollowed) this.#forgetAll();
    else if (given !== this.#given) this.#judge(given, now);
    this.#given = given;
    this.#places ??= this.#withHeld(given);
    return this.#places;
  }

  /** What is held goes after all. */
  accept(): void {
    this.fuse.accept();
    this.#places = undefined;
  }

  #judge(given: readonly Place[], now: number): void {
    this.#places = undefined;
    const there = new Set(given.map(({ prefix }) => prefix));
    for (const prefix of there) this.fuse.forget(prefix);
    const gone = this.#given
      .filter(({ nodeName, prefix }) => nodeName !== this.#nodeName && !there.has(prefix))
      .map((item): Withdrawal<Place> => ({ prefix: item.prefix, item, cause: 'the datastore' }));
    if (gone.length === 0) return;
    const left = given.filter(({ nodeName }) => nodeName !== this.#nodeName).length;
    this.fuse.judge(gone, left, now);
  }

  #withHeld(given: readonly Place[]): readonly Place[] {
    if (this.fuse.size === 0) return given;
    return [
      ...given,
      ...[...this.fuse.withdrawals()].map(({ item }) => ({ ...item, isHeld: true as const })),
    ];
  }

  #forgetAll(): void {
    this.#places = undefined;
    this.fuse.accept();
  }
}

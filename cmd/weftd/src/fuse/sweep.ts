/**
 * When routes that nobody wants may leave the kernel: not before every peer has sent its routes, and not when they are most of
 * what is there. A daemon that comes back to an empty datastore, or to peers that know nothing, would else undo in a moment what
 * an earlier one built.
 */
import type { Dataplane } from '@weft/dataplane';
import type { Prefix } from '@weft/ip';
import type { FuseLimits, HeldWithdrawal } from './fuse.ts';
import { isTooMany } from './fuse.ts';

/** Classes of routes that lead into this node, or nowhere. */
const OWN: ReadonlySet<string> = new Set(['local-workload', 'workload-gateway', 'blackhole']);

/** The part of the data plane that is asked. */
export type SweptDataplane = Pick<Dataplane, 'allowDeletes' | 'routes' | 'status'>;

/** The sweep of one daemon. While it is held nothing at all is deleted. */
export class Sweep {
  readonly #dataplane: SweptDataplane;
  readonly #limits: FuseLimits;
  #heldSince: number | undefined;
  #of = 0;
  #rejected = false;

  constructor(dataplane: SweptDataplane, limits: FuseLimits) {
    this.#dataplane = dataplane;
    this.#limits = limits;
  }

  /** Everything is known that will be: sweeps, or holds when it would be too much. */
  allow(now: number): void {
    if (this.#dataplane.status().deletesAllowed) return;
    const stale = this.#stale().length;
    const of = stale + this.#wanted();
    if (!isTooMany(stale, of, this.#limits)) this.accept();
    else if (this.#heldSince === undefined) {
      this.#heldSince = now;
      this.#of = of;
      this.#rejected = false;
    }
  }

  /** More is wanted now: perhaps what is left is no longer too much. */
  reconsider(): void {
    if (this.#heldSince !== undefined) this.allow(this.#heldSince);
  }

  /** Sweeps. */
  accept(): void {
    this.#heldSince = undefined;
    this.#dataplane.allowDeletes();
  }

  /** The routes stay. */
  reject(): void {
    this.#rejected = this.#heldSince !== undefined;
  }

  /** How many routes are held. */
  get size(): number {
    return this.#heldSince === undefined ? 0 : this.#dataplane.status().toDelete;
  }

  /** What is held; undefined when nothing is. */
  get held(): HeldWithdrawal | undefined {
    if (this.#heldSince === undefined) return undefined;
    const prefixes = this.#stale();
    return {
      since: this.#heldSince,
      prefixes,
      of: this.#of,
      causes: [{ cause: 'nobody wants them since the start of weftd', routes: prefixes.length }],
      rejected: this.#rejected,
    };
  }

  /** Routes to other nodes: those of this node's containers say nothing about what was learned. */
  #wanted(): number {
    return this.#dataplane
      .routes()
      .filter(({ class: name, state }) => state !== 'stale' && name !== undefined && !OWN.has(name)).length;
  }

  #stale(): Prefix[] {
    return this.#dataplane
      .routes()
      .filter(({ state }) => state === 'stale')
      .map(({ destination }) => destination);
  }
}

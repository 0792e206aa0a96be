/**
 * The Loc-RIB's best paths as wanted kernel routes: keeps each path, because what it means for the kernel depends on the
 * local facts too, which change under it.
 */
import { isOfWorkload, type RoutingContext, remoteRoute } from '@weft/calc';
import type { Dataplane } from '@weft/dataplane';
import type { Prefix } from '@weft/ip';
import type { BestPath, LocRibChange } from 'bgp-speaker-ts';
import type { Withdrawal } from '../fuse/fuse.ts';
import type { Fuses } from '../fuse/fuses.ts';

/** Says which routes that are gone stay for now. */
export type LearnedFuse = Pick<Fuses, 'forgetLearned' | 'heldLearned' | 'judgeLearned'>;

/** The routes that come from BGP. */
export class Fib {
  readonly #dataplane: Dataplane;
  readonly #best = new Map<Prefix, BestPath>();
  /** Why a best path has no kernel route, by prefix. */
  readonly #rejected = new Map<Prefix, string>();
  /** Those with a kernel route that workloads announced, of this node or of others. */
  readonly #ofWorkloads = new Set<Prefix>();
  readonly #fuses: LearnedFuse;
  #context: RoutingContext | undefined;

  constructor(dataplane: Dataplane, fuses: LearnedFuse) {
    this.#dataplane = dataplane;
    this.#fuses = fuses;
  }

  /** Best paths that get no kernel route, with the reason. */
  get rejected(): ReadonlyMap<Prefix, string> {
    return this.#rejected;
  }

  /** Takes in what changed in the Loc-RIB. */
  take(changes: readonly LocRibChange[]): void {
    const gone: Withdrawal<BestPath>[] = [];
    for (const { prefix, best } of changes) {
      if (best === undefined) gone.push(...this.#withdraw(prefix));
      else {
        this.#fuses.forgetLearned(prefix);
        this.#best.set(prefix, best);
        this.#decide(prefix, best);
      }
    }
    if (gone.length === 0) return;
    const left = this.#best.size - this.#rejected.size - this.#ofWorkloads.size;
    const { apply, hold } = this.#fuses.judgeLearned(gone, left);
    this.giveUp(apply);
    for (const withdrawal of hold) this.#keep(withdrawal);
  }

  /** These routes are to go. */
  giveUp(withdrawals: readonly Withdrawal<BestPath>[]): void {
    for (const { prefix } of withdrawals) this.#dataplane.unwant('no-encap', prefix);
  }

  /** Decides anew on every path, because resources or local facts changed. */
  reconsider(context: RoutingContext): void {
    this.#context = context;
    for (const [prefix, best] of this.#best) this.#decide(prefix, best);
    for (const withdrawal of this.#fuses.heldLearned()) this.#keep(withdrawal);
  }

  #decide(prefix: Prefix, best: BestPath): void {
    if (this.#context === undefined) return;
    const decision = remoteRoute(prefix, best, this.#context);
    this.#ofWorkloads.delete(prefix);
    if (decision.kind === 'route') {
      this.#rejected.delete(prefix);
      if (isOfWorkload(best, this.#context)) this.#ofWorkloads.add(prefix);
      this.#dataplane.want(decision.route);
      return;
    }
    this.#rejected.set(prefix, decision.reason);
    this.#dataplane.unwant('no-encap', prefix);
  }

  /**
   * A path that is gone; what had no kernel route is no loss. What a workload takes away, of whatever node, is no mass withdrawal of
   * the network, and nobody has to be asked. Held, its routes would add up: a thousand and another thousand, as often as it likes.
   */
  #withdraw(prefix: Prefix): Withdrawal<BestPath>[] {
    const best = this.#best.get(prefix);
    this.#best.delete(prefix);
    if (best === undefined || this.#rejected.delete(prefix)) return [];
    const withdrawal = { prefix, item: best, cause: `peer ${best.peer}` };
    if (!this.#ofWorkloads.delete(prefix)) return [withdrawal];
    this.giveUp([withdrawal]);
    return [];
  }

  /** Has the route of a path that is gone. */
  #keep({ cause, item, prefix }: Withdrawal<BestPath>): void {
    if (this.#context === undefined) return;
    const decision = remoteRoute(prefix, item, this.#context);
    if (decision.kind === 'rejected') this.#dataplane.unwant('no-encap', prefix);
    else {
      const { route } = decision;
      const reason = `held by the fuse since ${cause} withdrew it with many others; it was ${route.reason}`;
      this.#dataplane.want({ ...route, reason });
    }
  }
}

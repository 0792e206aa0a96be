/**
 * The Loc-RIB's best paths as wanted kernel routes: keeps each path, because what it means for the kernel depends on the
 * local facts too, which change under it.
 */
import { type RoutingContext, remoteRoute } from '@weft/calc';
import type { Dataplane } from '@weft/dataplane';
import type { Prefix } from '@weft/ip';
import type { BestPath, LocRibChange } from 'bgp-speaker-ts';

/** The routes that come from BGP. */
export class Fib {
  readonly #dataplane: Dataplane;
  readonly #best = new Map<Prefix, BestPath>();
  /** Why a best path has no kernel route, by prefix. */
  readonly #rejected = new Map<Prefix, string>();
  #context: RoutingContext | undefined;

  constructor(dataplane: Dataplane) {
    this.#dataplane = dataplane;
  }

  /** Best paths that get no kernel route, with the reason. */
  get rejected(): ReadonlyMap<Prefix, string> {
    return this.#rejected;
  }

  /** Takes in what changed in the Loc-RIB. */
  take(changes: readonly LocRibChange[]): void {
    for (const { prefix, best } of changes) {
      if (best === undefined) this.#forget(prefix);
      else {
        this.#best.set(prefix, best);
        this.#decide(prefix, best);
      }
    }
  }

  /** Decides anew on every path, because resources or local facts changed. */
  reconsider(context: RoutingContext): void {
    this.#context = context;
    for (const [prefix, best] of this.#best) this.#decide(prefix, best);
  }

  #decide(prefix: Prefix, best: BestPath): void {
    if (this.#context === undefined) return;
    const decision = remoteRoute(prefix, best, this.#context);
    if (decision.kind === 'route') {
      this.#rejected.delete(prefix);
      this.#dataplane.want(decision.route);
      return;
    }
    this.#rejected.set(prefix, decision.reason);
    this.#dataplane.unwant('no-encap', prefix);
  }

  #forget(prefix: Prefix): void {
    this.#best.delete(prefix);
    this.#rejected.delete(prefix);
    this.#dataplane.unwant('no-encap', prefix);
  }
}

/**
 * The routes the daemon announces: those of the file, and those of the command `announce` on top.
 *
 * A route announced at run time stands in front of one of the file with the same prefix, outlives a reload, and ends
 * with the daemon.
 */

import type { Prefix } from '@weft/ip';
import type { LocalRoute } from '../../speaker/config.ts';
import type { Failure } from '../failure.ts';

/** Both kinds; see the file comment. */
export class LocalRouteSet {
  #file: ReadonlyMap<Prefix, LocalRoute> = new Map();
  readonly #runTime: Map<Prefix, LocalRoute> = new Map();

  get counts(): { readonly file: number; readonly runTime: number } {
    return { file: this.#file.size, runTime: this.#runTime.size };
  }

  /** Replaces the routes of the file. */
  setFile(routes: readonly LocalRoute[]): void {
    this.#file = new Map(routes.map((route) => [route.prefix, route]));
  }

  /** Adds routes, or replaces those of the same prefix. */
  announce(routes: readonly LocalRoute[]): void {
    for (const route of routes) this.#runTime.set(route.prefix, route);
  }

  /** Removes routes announced at run time: all of them, or none when one of them is none such. */
  withdraw(prefixes: readonly Prefix[]): Failure[] {
    const failures = prefixes.flatMap((prefix) =>
      this.#runTime.has(prefix) ? [] : [this.#notAnnounced(prefix)],
    );
    if (failures.length === 0) for (const prefix of prefixes) this.#runTime.delete(prefix);
    return failures;
  }

  /** All routes. */
  list(): LocalRoute[] {
    return [...new Map([...this.#file, ...this.#runTime]).values()];
  }

  #notAnnounced(prefix: Prefix): Failure {
    const message = 'the route was not announced at run time';
    return this.#file.has(prefix)
      ? { message, object: prefix, hint: 'it stands in the file: remove it there, then "bgp-speaker reload"' }
      : { message, object: prefix, hint: '"bgp-speaker rib loc" lists what is there' };
  }
}

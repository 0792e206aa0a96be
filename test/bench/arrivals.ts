/** When kernels tell of new routes. */
import type { Prefix } from '@weft/ip';
import { type Kernel, netnsPath, openKernel } from '@weft/kernel';
import { namespaceOf } from '@weft/lab';

/** The routes of one host's kernel, from now on; the time is `performance.now()`. */
export class Arrivals {
  readonly #kernel: Kernel;
  readonly #times = new Map<Prefix, PromiseWithResolvers<number>>();

  constructor(lab: string, host: string) {
    this.#kernel = openKernel({ netns: netnsPath(namespaceOf(lab, host)) });
    this.#kernel.subscribe((event) => {
      if (event.kind === 'route' && event.op === 'new')
        this.#entry(event.route.destination).resolve(performance.now());
    });
  }

  /** When the route was there, in ms. */
  of(destination: Prefix): Promise<number> {
    return this.#entry(destination).promise;
  }

  close(): void {
    this.#kernel.close();
  }

  #entry(destination: Prefix): PromiseWithResolvers<number> {
    const known = this.#times.get(destination);
    if (known !== undefined) return known;
    const entry = Promise.withResolvers<number>();
    this.#times.set(destination, entry);
    return entry;
  }
}

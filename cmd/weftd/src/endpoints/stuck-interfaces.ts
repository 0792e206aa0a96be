/**
 * Interfaces whose endpoint could not be recorded and that could not be taken away either: known to nobody else, they wait
 * for the next detach of their id.
 */
import type { Refusal } from '@weft/control';
import type { Wiring } from './wiring.ts';

/** Those of one node. They are kept in memory only. */
export class StuckInterfaces {
  readonly #wiring: Pick<Wiring, 'unplug'>;
  /** The id of the endpoint, by interface of the host. */
  readonly #owners = new Map<string, string>();

  constructor(wiring: Pick<Wiring, 'unplug'>) {
    this.#wiring = wiring;
  }

  /** The interface that waits to be taken away for this id. */
  interfaceOf(id: string): string | undefined {
    for (const [hostInterface, owner] of this.#owners) if (owner === id) return hostInterface;
    return undefined;
  }

  /** Takes an interface away, now or at the next `unplug`; the refusal is why not now. */
  takeAway(id: string, hostInterface: string): Promise<Refusal | undefined> {
    this.#owners.set(hostInterface, id);
    return this.unplug(id);
  }

  /** Tries again to take away what waits for this id, if anything does. */
  async unplug(id: string): Promise<Refusal | undefined> {
    const hostInterface = this.interfaceOf(id);
    if (hostInterface === undefined) return undefined;
    const refusal = await this.#wiring.unplug(hostInterface);
    if (refusal === undefined) this.#owners.delete(hostInterface);
    return refusal;
  }

  /** An endpoint has this interface now, so it is found by that. */
  recorded(hostInterface: string): void {
    this.#owners.delete(hostInterface);
  }
}

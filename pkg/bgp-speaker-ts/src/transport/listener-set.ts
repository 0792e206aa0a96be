/**
 * All listening sockets of a server, kept in line with its configuration.
 */

import { type Address, familyOf, isUnspecified, type Prefix } from '@weft/ip';
import type { ListenAddress, PeerConfig } from '../speaker/config.ts';
import type { ListenError } from './listen-error.ts';
import { type Accept, Listener } from './listener.ts';

/** Listeners by address and port. */
export class ListenerSet {
  readonly #accept: Accept;
  #listeners: ReadonlyMap<string, Listener> = new Map();

  constructor(accept: Accept) {
    this.#accept = accept;
  }

  /** Opens what is new, then closes what is not wanted any more; after an error everything is as before. */
  configure(wanted: readonly ListenAddress[]): ListenError | undefined {
    const next = new Map<string, Listener>();
    const keys = new Set(wanted.map(keyOf));
    const leaving = [...this.#listeners.values()].filter(({ listen }) => !keys.has(keyOf(listen)));
    for (const listen of wanted) {
      const key = keyOf(listen);
      const listener =
        this.#listeners.get(key) ?? next.get(key) ?? Listener.open(listen, this.#accept, leaving);
      if (!(listener instanceof Listener)) {
        if (isOfMissingFamily(listener, listen, wanted)) continue;
        this.#closeUnless(next, this.#listeners);
        return listener;
      }
      next.set(key, listener);
    }
    this.#closeUnless(this.#listeners, next);
    this.#listeners = next;
    return undefined;
  }

  /** Sets what peers must have on all listeners; gives the peers whose MD5 key was refused, with the errno. */
  protect(peers: readonly PeerConfig[]): ReadonlyMap<Address | Prefix, string> {
    for (const listener of this.#listeners.values()) listener.setTtlRules(peers);
    return new Map([...this.#listeners.values()].flatMap((listener) => [...listener.setKeys(peers)]));
  }

  /** Closes all. */
  close(): void {
    this.#closeUnless(this.#listeners, new Map());
    this.#listeners = new Map();
  }

  #closeUnless(listeners: ReadonlyMap<string, Listener>, kept: ReadonlyMap<string, Listener>): void {
    for (const [key, listener] of listeners) if (!kept.has(key)) listener.close();
  }
}

function keyOf({ address, port }: ListenAddress): string {
  return `${address} ${port}`;
}

/** All addresses of a family that the kernel does not have are none, where those of the other are listened on. */
function isOfMissingFamily(
  { cause }: ListenError,
  { address }: ListenAddress,
  wanted: readonly ListenAddress[],
): boolean {
  if (cause !== 'family-not-supported' || !isUnspecified(address)) return false;
  return wanted.some((other) => familyOf(other.address) !== familyOf(address));
}

/**
 * Holds the answer to an attach back until somebody out there knows the way to its addresses: the block is announced, and
 * a peer has acknowledged it. Without that the first packets to a container in a new block meet routers that do not know it.
 *
 * Each block is waited for once, and bounded: the time runs from the first attach in it. A peer that does not answer
 * costs a new block that time, never each container.
 */
import { type Address, containsAddress, type Prefix, prefixLength } from '@weft/ip';
import type { Logger } from '@weft/telemetry';
import type { Acknowledgement } from 'bgp-speaker-ts';

/** How waiting ended, as the metric has it. */
export type AnnouncingOutcome = Acknowledgement['kind'] | 'not-announced';

/** The part of the speaker that is asked. */
export interface AnnouncingSpeaker {
  readonly hasPeers: boolean;
  acknowledged(prefix: Prefix, signal: AbortSignal): Promise<Acknowledgement>;
}

/** What it needs of the daemon. */
export interface AnnouncingOptions {
  /** The longest a new block is waited for; 0: nobody waits. */
  readonly timeoutMilliseconds: number;
  readonly log: Logger;
  /** Undefined while there is no BGP. */
  readonly speaker: () => AnnouncingSpeaker | undefined;
  /** True for an address that this node announces when a container has it, by its block or alone. */
  readonly isAnnounceable: (address: Address) => boolean;
  readonly waited: (outcome: AnnouncingOutcome, seconds: number) => void;
}

/** The announcements of one daemon, as far as containers wait for them. */
export class Announcing {
  readonly #with: AnnouncingOptions;
  #announced: readonly Prefix[] = [];
  /** What was waited for once. */
  readonly #settled = new Set<Prefix>();
  readonly #waiting = new Map<Prefix, Promise<void>>();
  readonly #listeners = new Set<() => void>();

  constructor(options: AnnouncingOptions) {
    this.#with = options;
  }

  /** These are announced from now on. */
  follow(announced: readonly Prefix[]): void {
    this.#announced = announced;
    const still = new Set(announced);
    for (const prefix of this.#settled) if (!still.has(prefix)) this.#settled.delete(prefix);
    for (const listener of this.#listeners) listener();
  }

  /** What is announced now peers have kept from an earlier weftd (RFC 4724): nobody waits for it. */
  adopt(): void {
    for (const prefix of this.#announced) this.#settled.add(prefix);
  }

  /** Resolves when a peer knows the way to each address, when nobody is to be told, or when the time has passed. */
  async wait(addresses: readonly Address[]): Promise<void> {
    const { speaker, timeoutMilliseconds } = this.#with;
    if (timeoutMilliseconds === 0 || speaker()?.hasPeers !== true) return;
    const unsettled = addresses.filter(
      (address) => !this.#settled.has(this.#covering(address) ?? ('' as Prefix)),
    );
    const awaited = unsettled.filter(this.#with.isAnnounceable);
    if (awaited.length > 0) await Promise.all(awaited.map((address) => this.#waitFor(address)));
  }

  /** The most specific announced prefix around an address. */
  #covering(address: Address): Prefix | undefined {
    return this.#announced
      .filter((prefix) => containsAddress(prefix, address))
      .reduce<Prefix | undefined>(
        (best, prefix) => (best === undefined || prefixLength(prefix) > prefixLength(best) ? prefix : best),
        undefined,
      );
  }

  async #waitFor(address: Address): Promise<void> {
    const start = performance.now();
    const signal = AbortSignal.timeout(this.#with.timeoutMilliseconds);
    const prefix = await this.#announcementOf(address, signal);
    if (prefix === undefined) this.#notAnnounced(address, start);
    else if (!this.#settled.has(prefix)) await this.#settle(prefix, signal, start);
  }

  /** A new block is announced once the datastore has told of it, some milliseconds after it was claimed. */
  async #announcementOf(address: Address, signal: AbortSignal): Promise<Prefix | undefined> {
    for (;;) {
      const prefix = this.#covering(address);
      if (prefix !== undefined || signal.aborted) return prefix;
      await this.#news(signal);
    }
  }

  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#listeners.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#listeners.add(done);
      signal.addEventListener('abort', done);
    });
  }

  /** Containers of one block wait together, for as long as the first of them. */
  #settle(prefix: Prefix, signal: AbortSignal, start: number): Promise<void> {
    const known = this.#waiting.get(prefix);
    if (known !== undefined) return known;
    const waiting = this.#acknowledged(prefix, signal, start).finally(() => this.#waiting.delete(prefix));
    this.#waiting.set(prefix, waiting);
    return waiting;
  }

  async #acknowledged(prefix: Prefix, signal: AbortSignal, start: number): Promise<void> {
    const outcome = (await this.#with.speaker()?.acknowledged(prefix, signal)) ?? { kind: 'nobody-to-tell' };
    if (this.#announced.includes(prefix)) this.#settled.add(prefix);
    this.#with.waited(outcome.kind, secondsSince(start));
    if (outcome.kind !== 'aborted') return;
    const { timeoutMilliseconds } = this.#with;
    const peers = outcome.waitingFor.join(', ');
    this.#with.log.warn(
      'announcement-unacknowledged',
      `containers in ${prefix} are answered although no peer has acknowledged the block within ${timeoutMilliseconds} ms`,
      { prefix, waitingFor: peers, hint: 'look at the sessions: weftctl node status' },
    );
  }

  #notAnnounced(address: Address, start: number): void {
    const { log, timeoutMilliseconds, waited } = this.#with;
    waited('not-announced', secondsSince(start));
    log.warn(
      'address-not-announced',
      `${address} is answered although nothing announces it within ${timeoutMilliseconds} ms`,
      { address, hint: 'look at why: weftctl routes, weftctl ipam show --show-blocks' },
    );
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/**
 * What the users of addresses believe, kept apart from the store: an address in use by a live workload must stay that
 * workload's, whatever anybody else does.
 */
import type { Address } from '@weft/ip';

/** A workload whose ADD succeeded and whose DEL has not begun. */
export interface Workload {
  readonly handle: string;
  readonly addresses: ReadonlyMap<Address, bigint>;
}

/** An address, as it was once given out. */
export interface PastAllocation {
  readonly address: Address;
  readonly handle: string;
  readonly sequenceNumber: bigint;
}

/** Who uses what. */
export class Ledger {
  readonly live: Map<string, Workload> = new Map();
  /** Handles whose ADD or DEL did not end well: whoever cleans up has to release them. */
  readonly limbo: Set<string> = new Set();
  /** Handles with an operation under way, and whether another operation hit them meanwhile. */
  readonly busy: Map<string, boolean> = new Map();
  readonly #owners = new Map<Address, string>();
  readonly #past: PastAllocation[] = [];

  /** Records an assignment; throws when a live workload uses one of the addresses. */
  assigned(handle: string, addresses: ReadonlyMap<Address, bigint>): void {
    for (const address of addresses.keys()) {
      const owner = this.#owners.get(address);
      if (owner !== undefined) throw new Error(`${address} was given to ${handle}, but ${owner} uses it`);
    }
    for (const address of addresses.keys()) this.#owners.set(address, handle);
    this.live.set(handle, { handle, addresses });
  }

  /** An operation on the handle begins, */
  begin(handle: string): void {
    this.limbo.delete(handle);
    this.busy.set(handle, false);
  }

  /** is hit by another, so that nobody can say how it ends, */
  disturb(handle: string): void {
    this.busy.set(handle, true);
  }

  /** and is over. */
  end(handle: string): void {
    this.busy.delete(handle);
  }

  /** The process that was busy with the handle died. */
  abandon(handle: string): void {
    this.end(handle);
    this.limbo.add(handle);
  }

  /** True when another operation hit the one under way. */
  isDisturbed(handle: string): boolean {
    return this.busy.get(handle) ?? false;
  }

  /** A release begins: from now on the addresses may go to others. */
  releasing(handle: string): void {
    for (const [address, sequenceNumber] of this.live.get(handle)?.addresses ?? []) {
      this.#owners.delete(address);
      this.#past.push({ address, handle, sequenceNumber });
    }
    if (this.#past.length > 200) this.#past.splice(0, 100);
    this.live.delete(handle);
  }

  /** Which live workload uses the address. */
  ownerOf(address: Address): string | undefined {
    return this.#owners.get(address);
  }

  /** Every address in use. */
  get owners(): ReadonlyMap<Address, string> {
    return this.#owners;
  }

  /** Allocations that are over: what a late release names. */
  get past(): readonly PastAllocation[] {
    return this.#past;
  }
}

/**
 * What the decision process needs to know about peers, as columns; paths name a peer by its index.
 *
 * Index 0 is this speaker itself, the source of local routes. The index of a removed peer is used again, so its paths
 * must be gone first.
 */

import { type Address, compareAddresses } from '@weft/ip';
import { grow, grownCapacity, INITIAL_CAPACITY } from './columns.ts';

/** Index of this speaker as a source of routes. */
export const LOCAL_PEER = 0;

/** Most peers a speaker can have: an index has two octets in the path columns. */
export const MAX_PEERS = 0xffff;

/** Peers as sources of paths. Columns are indexed by peer. */
export class PeerTable {
  /** 1 for a peer in another AS. */
  external: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  /** 1 for a client of this route reflector. */
  clients: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  /** 1 for a peer that only this speaker reaches. */
  behindUs: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  /** BGP Identifier of the present or last session. */
  identifiers: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  /** Cluster a client belongs to; 0 for a peer that is no client. */
  clusterIds: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  /** Rank of the peer's address among all peers: comparing ranks compares addresses. */
  addressRanks: Uint32Array = new Uint32Array(INITIAL_CAPACITY);

  readonly #addresses: (Address | undefined)[] = [undefined];
  /** Indexes in the order of their addresses; the place of one is its rank. */
  readonly #ordered: number[] = [];

  /** Gives a peer an index. Throws RangeError beyond `MAX_PEERS`. */
  add(address: Address): number {
    const freed = this.#addresses.indexOf(undefined, LOCAL_PEER + 1);
    const index = freed > 0 ? freed : this.#addresses.length;
    if (index > MAX_PEERS) throw new RangeError(`a speaker has at most ${MAX_PEERS} peers`);
    if (index >= this.external.length) this.#growColumns(index);
    this.#addresses[index] = address;
    const place = this.#placeOf(address);
    this.#ordered.splice(place, 0, index);
    this.#rankFrom(place);
    return index;
  }

  /** Frees the index of a peer that has no paths any more. */
  remove(index: number): void {
    const place = this.addressRanks[index] as number;
    this.#ordered.splice(place, 1);
    this.#rankFrom(place);
    this.#addresses[index] = undefined;
    this.external[index] = 0;
    this.clients[index] = 0;
    this.behindUs[index] = 0;
    this.identifiers[index] = 0;
    this.clusterIds[index] = 0;
  }

  /** Gives the address of a peer; undefined for the speaker itself. */
  address(index: number): Address | undefined {
    return this.#addresses[index];
  }

  /** Finds the index of the peer with an address. */
  find(address: Address): number | undefined {
    const index = this.#addresses.indexOf(address);
    return index < 0 ? undefined : index;
  }

  /** Finds the place of a new address by halving. */
  #placeOf(address: Address): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#addresses[this.#ordered[middle] as number] as Address;
      if (compareAddresses(other, address) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #rankFrom(place: number): void {
    for (let rank = place; rank < this.#ordered.length; rank += 1) {
      this.addressRanks[this.#ordered[rank] as number] = rank;
    }
  }

  #growColumns(index: number): void {
    const capacity = grownCapacity(this.external.length, index + 1);
    this.external = grow(this.external, capacity);
    this.clients = grow(this.clients, capacity);
    this.behindUs = grow(this.behindUs, capacity);
    this.identifiers = grow(this.identifiers, capacity);
    this.clusterIds = grow(this.clusterIds, capacity);
    this.addressRanks = grow(this.addressRanks, capacity);
  }
}

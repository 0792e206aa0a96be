/**
 * The next deadline of each of many peers, and the earliest of them all: a binary heap with a place for every peer.
 *
 * A peer's deadline moves with nearly every message, and the earliest one is asked for once per turn of the event loop:
 * moving costs the logarithm of the number of peers, asking costs nothing. Peers are named by their index. Nothing is
 * allocated once the columns are large enough, and equal calls give equal orders, which replay needs.
 */

import { grow, grownCapacity, INITIAL_CAPACITY } from '../rib/columns.ts';

const NOWHERE = 0xffff_ffff;

/** Deadlines in ms by peer index; Infinity stands for none. */
export class DeadlineHeap {
  /** Peers in the order of a heap; the first `#size` count. */
  #peers: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  /** Deadline of the peer at the same place. */
  #deadlines: Float64Array = new Float64Array(INITIAL_CAPACITY);
  /** Place of each peer, by its index. */
  #places: Uint32Array = new Uint32Array(INITIAL_CAPACITY).fill(NOWHERE);
  #size = 0;

  /** The earliest deadline, Infinity when there is none. */
  get earliest(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#deadlines[0] as number);
  }

  /** Gives a peer a deadline in place of the one it had; Infinity takes it out. */
  set(peer: number, deadline: number): void {
    const place = this.#places[peer] ?? NOWHERE;
    if (place === NOWHERE) {
      if (deadline !== Number.POSITIVE_INFINITY) this.#insert(peer, deadline);
    } else if (deadline === Number.POSITIVE_INFINITY) this.#remove(peer, place);
    else if (this.#deadlines[place] !== deadline) this.#settle(place, peer, deadline);
  }

  /** Takes out all peers whose deadline has come, the earliest first. */
  takeDue(now: number): number[] {
    const due: number[] = [];
    while (this.earliest <= now) {
      const peer = this.#peers[0] as number;
      due.push(peer);
      this.#remove(peer, 0);
    }
    return due;
  }

  #insert(peer: number, deadline: number): void {
    this.#reserve(peer);
    this.#size += 1;
    this.#settle(this.#size - 1, peer, deadline);
  }

  #remove(peer: number, place: number): void {
    this.#places[peer] = NOWHERE;
    this.#size -= 1;
    if (place === this.#size) return;
    this.#settle(place, this.#peers[this.#size] as number, this.#deadlines[this.#size] as number);
  }

  /** Puts a peer where it belongs, beginning at a place that is free for it. */
  #settle(free: number, peer: number, deadline: number): void {
    let place = free;
    for (let parent = (place - 1) >> 1; place > 0; parent = (place - 1) >> 1) {
      if ((this.#deadlines[parent] as number) <= deadline) break;
      this.#put(place, this.#peers[parent] as number, this.#deadlines[parent] as number);
      place = parent;
    }
    for (let child = this.#earlierChild(place); child < this.#size; child = this.#earlierChild(place)) {
      if ((this.#deadlines[child] as number) >= deadline) break;
      this.#put(place, this.#peers[child] as number, this.#deadlines[child] as number);
      place = child;
    }
    this.#put(place, peer, deadline);
  }

  #earlierChild(place: number): number {
    const left = 2 * place + 1;
    const right = left + 1;
    if (right >= this.#size) return left;
    return (this.#deadlines[right] as number) < (this.#deadlines[left] as number) ? right : left;
  }

  #put(place: number, peer: number, deadline: number): void {
    this.#peers[place] = peer;
    this.#deadlines[place] = deadline;
    this.#places[peer] = place;
  }

  #reserve(peer: number): void {
    const needed = Math.max(peer + 1, this.#size + 1);
    if (needed <= this.#places.length) return;
    const capacity = grownCapacity(this.#places.length, needed);
    this.#peers = grow(this.#peers, capacity);
    this.#deadlines = grow(this.#deadlines, capacity);
    this.#places = grow(this.#places, capacity, NOWHERE);
  }
}

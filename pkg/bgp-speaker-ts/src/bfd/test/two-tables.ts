/**
 * Two hosts with one session between them, on a virtual clock: the link has a delay, loses packets, and can be cut.
 */

import { type Address, address } from '@weft/ip';
import { createRandom, type Random } from '../../fsm/random.ts';
import type { BfdState } from '../iana.ts';
import { SessionTable } from '../session-table.ts';
import { BFD_COUNTERS, type BfdSessionConfig, type BfdStatus, type BfdTimers } from '../types.ts';

export const LEFT: Address = address('192.0.2.1');
export const RIGHT: Address = address('192.0.2.2');

/** One end. */
export interface Host {
  readonly address: Address;
  readonly peer: Address;
  readonly table: SessionTable;
  readonly counters: Uint32Array;
  readonly statuses: (BfdStatus & { readonly at: number })[];
  ended: boolean;
}

interface Flight {
  readonly at: number;
  readonly to: Host;
  readonly bytes: Uint8Array;
}

/** How the link behaves. */
export interface LinkOptions {
  readonly delayMs?: number;
  /** Part of the packets that get lost, 0…1. */
  readonly loss?: number;
  readonly seed?: number;
}

/** The session of an end with these timers. */
export function sessionWith(peer: Address, timers: BfdTimers): BfdSessionConfig {
  return { ...timers, peer, multihop: false, minTtl: 255 };
}

/** The two hosts. */
export class TwoTables {
  now = 0;
  cut = false;
  readonly left: Host;
  readonly right: Host;
  readonly #delayMs: number;
  readonly #loss: number;
  readonly #random: Random;
  #flights: Flight[] = [];

  constructor(left: BfdTimers, right: BfdTimers, { delayMs = 1, loss = 0, seed = 1 }: LinkOptions = {}) {
    this.#delayMs = delayMs;
    this.#loss = loss;
    this.#random = createRandom(seed);
    this.left = this.#host(LEFT, RIGHT, seed + 1);
    this.right = this.#host(RIGHT, LEFT, seed + 2);
    this.open(this.left, left);
    this.open(this.right, right);
  }

  open(host: Host, timers: BfdTimers): void {
    host.table.open(sessionWith(host.peer, timers), 0, host.counters, this.now);
  }

  /** States of both, the last ones told. */
  get states(): [BfdState | undefined, BfdState | undefined] {
    return [this.left.statuses.at(-1)?.state, this.right.statuses.at(-1)?.state];
  }

  advance(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (let next = this.#next(); next <= end; next = this.#next()) {
      this.now = Math.max(this.now, next);
      this.#deliver();
      for (const { table } of [this.left, this.right]) table.handleTimers(this.now);
    }
    this.now = end;
  }

  #host(own: Address, peer: Address, seed: number): Host {
    const host: Host = {
      address: own,
      peer,
      counters: new Uint32Array(BFD_COUNTERS),
      statuses: [],
      ended: false,
      table: new SessionTable({
        random: createRandom(seed),
        send: (_peer, bytes) => this.#send(host, bytes),
        changed: (_peer, status) => host.statuses.push({ ...status, at: this.now }),
        ended: () => {
          host.ended = true;
        },
      }),
    };
    return host;
  }

  #send(from: Host, bytes: Uint8Array): void {
    if (this.cut || this.#random() < this.#loss) return;
    const to = from === this.left ? this.right : this.left;
    this.#flights.push({ at: this.now + this.#delayMs, to, bytes });
  }

  #deliver(): void {
    const arrived = this.#flights.filter(({ at }) => at <= this.now);
    this.#flights = this.#flights.filter(({ at }) => at > this.now);
    for (const { to, bytes } of arrived) {
      const way = { from: to.peer, to: to.address, interfaceIndex: 1, ttl: 255, multihop: false };
      to.table.receive({ bytes, ...way }, this.now);
    }
  }

  #next(): number {
    const ends = [this.left, this.right].map(({ table }) => table.nextDeadline);
    return Math.min(...ends, ...this.#flights.map(({ at }) => at));
  }
}

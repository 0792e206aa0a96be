/**
 * Two peers and the network between them, in memory and in virtual time.
 *
 * Bytes of one connection arrive in order, cut at random places; connections and bytes take as long as `delay` says.
 */

import { Peer } from '../peer.ts';
import { createRandom, type Random } from '../random.ts';
import type { ConnectionId, SessionAction, SessionConfig, SessionEvent } from '../types.ts';

type SideName = 'left' | 'right';

interface Connection {
  /** Number of this connection at each side; 0 before the side knows of it. */
  readonly ids: Record<SideName, ConnectionId>;
  readonly open: Record<SideName, boolean>;
  /** Nothing may arrive earlier than what was sent before. */
  readonly lastArrival: Record<SideName, number>;
}

interface Side {
  readonly peer: Peer;
  readonly actions: SessionAction[];
  lastAccepted: number;
}

/** A network of two peers. */
export class TwoPeers {
  now = 0;
  readonly left: Side;
  readonly right: Side;
  /** Whether connections can be made now. */
  reachable = true;
  readonly #random: Random;
  readonly #maxDelayMs: number;
  readonly #connections: Connection[] = [];
  readonly #queue: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  constructor(left: SessionConfig, right: SessionConfig, seed: number, maxDelayMs: number) {
    this.#random = createRandom(seed);
    this.#maxDelayMs = maxDelayMs;
    this.left = { peer: new Peer(left, createRandom(seed + 1)), actions: [], lastAccepted: 0 };
    this.right = { peer: new Peer(right, createRandom(seed + 2)), actions: [], lastAccepted: 0 };
  }

  /** Hands an event to one side now. */
  give(name: SideName, event: SessionEvent): void {
    const side = this[name];
    const actions = side.peer.handle(event, this.now);
    side.actions.push(...actions);
    for (const action of actions) this.#perform(name, action);
  }

  /** Runs until nothing is left to do before `untilMs`. */
  run(untilMs: number): void {
    for (let step = 0; step < 100_000; step += 1) {
      const next = this.#queue.toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      const deadline = Math.min(this.left.peer.nextDeadline, this.right.peer.nextDeadline);
      const at = Math.min(next?.at ?? Number.POSITIVE_INFINITY, deadline);
      if (at > untilMs) break;
      this.now = Math.max(this.now, at);
      if (next !== undefined && next.at <= deadline) {
        this.#queue.splice(this.#queue.indexOf(next), 1);
        next.run();
      } else {
        for (const name of ['left', 'right'] as const) {
          if (this[name].peer.nextDeadline <= this.now) this.give(name, { kind: 'timer' });
        }
      }
    }
    this.now = untilMs;
  }

  /** Ends a connection without a word, as when a process is killed: both sides see it closed. */
  cut(): void {
    for (const connection of this.#connections) {
      for (const name of ['left', 'right'] as const) this.#closeAt(connection, name);
    }
  }

  /** Connections open at both sides. */
  openConnections(): readonly Record<SideName, ConnectionId>[] {
    return this.#connections.filter(({ open }) => open.left && open.right).map(({ ids }) => ids);
  }

  #perform(name: SideName, action: SessionAction): void {
    if (action.kind === 'connect') this.#connect(name, action.connection);
    else if (action.kind === 'send') this.#send(name, action.connection, action.bytes);
    else if (action.kind === 'close') this.#close(name, action.connection);
  }

  #connect(name: SideName, id: ConnectionId): void {
    const connection: Connection = {
      ids: { left: 0, right: 0, [name]: id },
      open: { left: false, right: false, [name]: true },
      lastArrival: { left: this.now, right: this.now },
    };
    this.#connections.push(connection);
    this.#after(connection, other(name), () => {
      if (!connection.open[name]) return;
      if (!this.reachable) {
        connection.open[name] = false;
        this.give(name, { kind: 'connect-failed', connection: id, error: 'ECONNREFUSED' });
        return;
      }
      const side = this[other(name)];
      side.lastAccepted += 2;
      connection.ids[other(name)] = side.lastAccepted;
      connection.open[other(name)] = true;
      this.#after(connection, name, () => {
        if (connection.open[name]) this.give(name, { kind: 'connected', connection: id });
      });
      this.give(other(name), { kind: 'accepted', connection: side.lastAccepted });
    });
  }

  #send(name: SideName, id: ConnectionId, bytes: Uint8Array): void {
    const connection = this.#find(name, id);
    const cut = Math.floor(this.#random() * bytes.length);
    for (const part of [bytes.slice(0, cut), bytes.slice(cut)]) {
      this.#after(connection, other(name), () => {
        const to = other(name);
        if (!connection.open[to]) return;
        this.give(to, { kind: 'received', connection: connection.ids[to], bytes: part });
      });
    }
  }

  #close(name: SideName, id: ConnectionId): void {
    const connection = this.#find(name, id);
    if (!connection.open[name]) return;
    connection.open[name] = false;
    this.#after(connection, other(name), () => this.#closeAt(connection, other(name)));
  }

  #closeAt(connection: Connection, name: SideName): void {
    if (!connection.open[name]) return;
    connection.open[name] = false;
    this.give(name, { kind: 'closed', connection: connection.ids[name] });
  }

  #find(name: SideName, id: ConnectionId): Connection {
    const connection = this.#connections.find(({ ids }) => ids[name] === id);
    if (connection === undefined) throw new Error(`${name} has no connection ${id}`);
    return connection;
  }

  #after(connection: Connection, to: SideName, run: () => void): void {
    const at = Math.max(this.now + this.#random() * this.#maxDelayMs, connection.lastArrival[to]);
    connection.lastArrival[to] = at;
    this.#order += 1;
    this.#queue.push({ at, order: this.#order, run });
  }
}

function other(name: SideName): SideName {
  return name === 'left' ? 'right' : 'left';
}

/**
 * The connections of all peers by peer and number, under way or there.
 */

import type { Address } from '@weft/ip';
import type { ConnectionId } from '../fsm/types.ts';
import type { Dial } from './dial.ts';
import type { TcpConnection } from './tcp-connection.ts';

/** Connections and attempts, and the numbers of accepted connections. */
export class ConnectionTable {
  readonly #connections: Map<Address, Map<ConnectionId, TcpConnection>> = new Map();
  readonly #dials: Map<Address, Map<ConnectionId, Dial>> = new Map();
  #lastAccepted: ConnectionId = 0;

  /** Gives the next number for an accepted connection, an even one; none is used twice, by whatever peer. */
  nextAccepted(): ConnectionId {
    this.#lastAccepted += 2;
    return this.#lastAccepted;
  }

  addDial(peer: Address, id: ConnectionId, dial: Dial): void {
    put(this.#dials, peer, id, dial);
  }

  takeDial(peer: Address, id: ConnectionId): Dial | undefined {
    return take(this.#dials, peer, id);
  }

  add(peer: Address, id: ConnectionId, connection: TcpConnection): void {
    put(this.#connections, peer, id, connection);
  }

  find(peer: Address, id: ConnectionId): TcpConnection | undefined {
    return this.#connections.get(peer)?.get(id);
  }

  take(peer: Address, id: ConnectionId): TcpConnection | undefined {
    return take(this.#connections, peer, id);
  }
}

function put<T>(table: Map<Address, Map<ConnectionId, T>>, peer: Address, id: ConnectionId, item: T): void {
  const items = table.get(peer) ?? new Map<ConnectionId, T>();
  items.set(id, item);
  table.set(peer, items);
}

function take<T>(table: Map<Address, Map<ConnectionId, T>>, peer: Address, id: ConnectionId): T | undefined {
  const items = table.get(peer);
  const item = items?.get(id);
  items?.delete(id);
  if (items?.size === 0) table.delete(peer);
  return item;
}

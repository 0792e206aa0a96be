/**
 * Connections closed on our side that wait for the other one: long enough for a NOTIFICATION to arrive, but never so
 * many that a peer which opens and breaks connections all the time takes the descriptors of all others.
 */

import type { TcpConnection } from './tcp-connection.ts';

/** Most connections that linger; beyond that the oldest goes at once. */
export const MAX_LINGERING = 256;

/** See the file comment. */
export class Lingering {
  /** The oldest first. */
  readonly #connections: Set<TcpConnection> = new Set();

  /** Closes a connection and keeps it until the peer has closed, too, or its time is over. */
  close(connection: TcpConnection): void {
    connection.close();
    this.#connections.add(connection);
    void connection.gone.then(() => this.#connections.delete(connection));
    if (this.#connections.size <= MAX_LINGERING) return;
    const [oldest] = this.#connections;
    if (oldest === undefined) return;
    this.#connections.delete(oldest);
    oldest.abandon();
  }
}

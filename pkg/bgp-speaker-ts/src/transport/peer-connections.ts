/**
 * The connections of a server to its peers: accepted, dialled, lost, closed, each with the rules of its peer.
 *
 *     listeners ──accept──▶ is it a peer? has it its key and TTL? ──▶ connection ──events──▶ server
 *     speaker ──connect, send, close──▶ dials, connections
 */

import type { Socket } from 'node:net';
import type { Address, Prefix } from '@weft/ip';
import type { ConnectionId } from '../fsm/types.ts';
import type { SpeakerConfig } from '../speaker/config.ts';
import type { SpeakerEvent } from '../speaker/events.ts';
import { type NeighbourConfig, PeerBook } from '../speaker/peer-book.ts';
import { ConnectionTable } from './connection-table.ts';
import { dial } from './dial.ts';
import { Lingering } from './lingering.ts';
import type { ListenerSet } from './listener-set.ts';
import type { TransportReport } from './server-options.ts';
import { fromNodeAddress, zoneOf } from './socket-address.ts';
import { descriptorOf } from './socket-descriptor.ts';
import { applyTtlRule } from './socket-options.ts';
import { TcpConnection } from './tcp-connection.ts';

/** Who hears of connections. */
export interface ConnectionObserver {
  /** What the speaker has to know. */
  readonly handle: (event: SpeakerEvent) => void;
  /** What only the owner has to know. */
  readonly report: (report: TransportReport) => void;
}

/** All connections of a server; see the file comment. */
export class PeerConnections {
  readonly #observer: ConnectionObserver;
  readonly #listeners: ListenerSet;
  readonly #table = new ConnectionTable();
  readonly #lingering = new Lingering();
  #book: PeerBook;
  /** Peers whose MD5 key the kernel refused. */
  #unprotected: ReadonlyMap<Address | Prefix, string> = new Map();
  /** Connections with bytes queued in this turn. */
  readonly #toFlush: Set<TcpConnection> = new Set();
  #flushing = false;
  /** Sockets that are not gone yet, closed ones included. */
  readonly #alive: Set<Promise<void>> = new Set();

  constructor(listeners: ListenerSet, config: SpeakerConfig, observer: ConnectionObserver) {
    this.#observer = observer;
    this.#listeners = listeners;
    this.#book = new PeerBook(config.peers);
  }

  /** Knows the peers of a configuration from now on, and protects the listeners with their keys. */
  configure({ peers }: SpeakerConfig): void {
    this.#book = new PeerBook(peers);
    this.#unprotected = this.#listeners.protect(peers);
    for (const [peer, errno] of this.#unprotected)
      this.#observer.report({ kind: 'md5-key-refused', peer, errno });
  }

  /** Takes a connection of a peer, or closes that of a stranger. */
  accept(socket: Socket): void {
    const address = fromNodeAddress(socket.remoteAddress);
    const peer = address === undefined ? undefined : this.#book.find(address);
    if (
      peer === undefined ||
      (peer.interface !== undefined && zoneOf(socket.remoteAddress) !== peer.interface) ||
      this.#unprotected.has(peer.template ?? peer.address) ||
      !protect(socket, peer)
    ) {
      socket.on('error', () => {});
      // A reset leaves nothing behind in the kernel, however many come.
      socket.resetAndDestroy();
      this.#observer.report({ kind: 'stranger-refused', address });
      return;
    }
    const id = this.#table.nextAccepted();
    const { ends } = this.#adopt(peer.address, id, socket);
    this.#observer.handle({ kind: 'accepted', peer: peer.address, connection: id, ...ends });
  }

  /** Connects to a peer. */
  connect(address: Address, id: ConnectionId): void {
    const peer = this.#book.find(address);
    if (peer === undefined) return;
    const attempt = dial(peer, {
      connected: (socket) => {
        this.#table.takeDial(address, id);
        const { ends } = this.#adopt(address, id, socket);
        this.#observer.handle({ kind: 'connected', peer: address, connection: id, ...ends });
      },
      failed: (error) => {
        this.#table.takeDial(address, id);
        this.#observer.handle({ kind: 'connect-failed', peer: address, connection: id, error });
      },
    });
    this.#table.addDial(address, id, attempt);
  }

  /** Closes a connection, or gives up an attempt; nothing happens when it is gone. */
  close(peer: Address, id: ConnectionId): void {
    this.#table.takeDial(peer, id)?.abort();
    const connection = this.#table.take(peer, id);
    if (connection !== undefined) this.#lingering.close(connection);
  }

  /** A connection that is up. */
  find(peer: Address, id: ConnectionId): TcpConnection | undefined {
    return this.#table.find(peer, id);
  }

  /** Queues bytes for `flush`. */
  send(peer: Address, id: ConnectionId, bytes: Uint8Array): void {
    const connection = this.#table.find(peer, id);
    if (connection === undefined) return;
    connection.queue(bytes);
    this.#toFlush.add(connection);
  }

  /**
   * Hands what was queued to the kernel. A connection that backs up is an event, and whoever handles it flushes what follows from
   * it: that is left to the call at work, else thousands that back up together would be as many calls inside one another.
   */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    for (const connection of this.#toFlush) {
      this.#toFlush.delete(connection);
      connection.flush();
    }
    this.#flushing = false;
  }

  /** Resolves when every socket is gone, also those that were closed before. */
  async gone(): Promise<void> {
    await Promise.all(this.#alive);
  }

  #adopt(peer: Address, id: ConnectionId, socket: Socket): TcpConnection {
    const connection = new TcpConnection(socket, {
      received: (bytes) => this.#observer.handle({ kind: 'received', peer, connection: id, bytes }),
      closed: (error) => {
        this.#table.take(peer, id);
        this.#observer.handle({ kind: 'closed', peer, connection: id, error });
      },
      outstanding: (bytes) => this.#observer.handle({ kind: 'outstanding', peer, connection: id, bytes }),
    });
    this.#table.add(peer, id, connection);
    this.#alive.add(connection.gone);
    void connection.gone.then(() => this.#alive.delete(connection.gone));
    return connection;
  }
}

/** Puts the TTL rule of a peer on an accepted connection; false when the kernel does not take it. */
function protect(socket: Socket, peer: NeighbourConfig): boolean {
  if (peer.ttlSecurityHops === undefined && peer.multihop === undefined) return true;
  const fd = descriptorOf(socket);
  return fd >= 0 && applyTtlRule(fd, peer.address, peer).ok;
}

/**
 * A listening socket: accepts connections of peers and keeps their MD5 keys and TTL rules.
 *
 * Strangers are closed at once, before the speaker hears of them; a listener never stops for what one connection does.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { type Address, familyOf, isPrefix, networkAddress, type Prefix, prefixLength } from '@weft/ip';
import type { ListenAddress, PeerConfig } from '../speaker/config.ts';
import { type ListenError, listenError } from './listen-error.ts';
import { BACKLOG, openListeningSocket } from './raw-socket.ts';
import { minTtlOf, setMd5Key, setMinTtl, sharePort } from './socket-options.ts';
import type { SyscallResult } from './syscalls.ts';

/** Hears of accepted connections. */
export type Accept = (socket: Socket) => void;

/** One listening socket. */
export class Listener {
  readonly listen: ListenAddress;
  readonly #server: Server;
  readonly #fd: number;
  /** Keys as the kernel has them. */
  readonly #keys: Map<Address | Prefix, string> = new Map();

  private constructor(listen: ListenAddress, fd: number, accept: Accept) {
    this.listen = listen;
    this.#fd = fd;
    this.#server = createServer({ noDelay: true }, accept);
    // Accepting can fail for one connection (EMFILE, ECONNABORTED); the socket goes on listening.
    this.#server.on('error', () => {});
    // Node listens again on the descriptor, and takes the backlog from this place only.
    this.#server.listen({ fd }, BACKLOG);
  }

  /**
   * Listens on an address, or says why it cannot.
   *
   * @param leaving listeners about to be closed, which are in nobody's way: all addresses may follow one of them, or one all
   */
  static open(
    listen: ListenAddress,
    accept: Accept,
    leaving: readonly Listener[] = [],
  ): Listener | ListenError {
    const predecessors = leaving.filter((other) => other.listen.port === listen.port);
    // Only while the new socket is opened: to other programs the port is taken.
    for (const other of predecessors) sharePort(other.#fd, true);
    const socket = openListeningSocket(listen.address, listen.port, predecessors.length > 0);
    for (const other of predecessors) sharePort(other.#fd, false);
    if (!socket.ok) return listenError(listen, socket.errno);
    sharePort(socket.value, false);
    return new Listener(listen, socket.value, accept);
  }

  /**
   * Sets the keys of peers with a password and removes those of others.
   *
   * @returns peers whose key the kernel did not take, with the errno: their connections must not be accepted
   */
  setKeys(peers: readonly PeerConfig[]): ReadonlyMap<Address | Prefix, string> {
    const family = familyOf(this.listen.address);
    const wanted = new Map(
      peers.flatMap(({ address, password }) =>
        password !== undefined && familyOf(address) === family ? [[address, password] as const] : [],
      ),
    );
    for (const address of [...this.#keys.keys()]) {
      if (!wanted.has(address)) this.#removeKey(address);
    }
    const failed = new Map<Address | Prefix, string>();
    for (const [address, password] of wanted) {
      if (this.#keys.get(address) === password) continue;
      const result = this.#setKey(address, password);
      if (result.ok) this.#keys.set(address, password);
      else failed.set(address, result.errno);
    }
    return failed;
  }

  /**
   * Demands the TTL that all peers of this family satisfy, so that a connection that breaks the rule of every peer is
   * not even made. A peer with a stricter rule gets it when its connection is accepted (`applyTtlRule`): until then the
   * kernel may have taken its first bytes.
   */
  setTtlRules(peers: readonly PeerConfig[]): void {
    const { address } = this.listen;
    const rules = peers.filter((peer) => familyOf(peer.address) === familyOf(address)).map(minTtlOf);
    setMinTtl(this.#fd, address, rules.length === 0 ? 0 : Math.min(...rules));
  }

  /** Stops listening; accepted connections stay. */
  close(): void {
    this.#server.close();
  }

  #removeKey(peer: Address | Prefix): void {
    this.#setKey(peer, undefined);
    this.#keys.delete(peer);
  }

  /** The kernel takes the key of the longest prefix around an address. */
  #setKey(peer: Address | Prefix, key: string | undefined): SyscallResult {
    if (!isPrefix(peer)) return setMd5Key(this.#fd, peer, key);
    return setMd5Key(this.#fd, networkAddress(peer), key, prefixLength(peer));
  }
}

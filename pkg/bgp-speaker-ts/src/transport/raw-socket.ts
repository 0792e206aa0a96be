/**
 * Sockets made by hand, so that options stand before the first packet leaves: Node offers no place for them.
 *
 * The result is a file descriptor that Node then takes over (`new net.Socket({ fd })`, `server.listen({ fd })`).
 */

import type { Address } from '@weft/ip';
import { domainOf, socketAddress } from './socket-address.ts';
import {
  applyTtlRule,
  freeBind,
  MAX_TTL,
  markNetworkControl,
  noDelay,
  onlyOwnFamily,
  reuseAddress,
  setMd5Key,
  setTtl,
  sharePort,
  type TtlRule,
} from './socket-options.ts';
import { bind, close, interfaceIndex, listen, type SyscallResult, socket } from './syscalls.ts';

/** Kinds of socket(2). */
export const SocketType = { stream: 1, datagram: 2 } as const;

const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/** Connections waiting to be accepted: all of a large mesh may come at once. */
export const BACKLOG = 4096;

/** How a connection to a peer is made. */
export interface OutgoingSocket extends TtlRule {
  readonly peer: Address;
  readonly localAddress?: Address | undefined;
  readonly password?: string | undefined;
  /** Where a link-local peer is. */
  readonly interface?: string | undefined;
}

/**
 * Opens a listening socket; an address no interface has yet is fine.
 *
 * @param sharesPort beside others that overlap with it, if they share theirs (`sharePort`)
 */
export function openListeningSocket(address: Address, port: number, sharesPort = false): SyscallResult {
  return prepareSocket(address, SocketType.stream, (fd) => [
    () => reuseAddress(fd),
    () => sharePort(fd, sharesPort),
    () => onlyOwnFamily(fd, address),
    () => freeBind(fd, address),
    // A peer with GTSM drops a SYN-ACK of a lower TTL before anybody could set it (RFC 5082 §3).
    () => setTtl(fd, address, MAX_TTL),
    () => markNetworkControl(fd, address),
    () => bind(fd, socketAddress(address, port)),
    () => listen(fd, BACKLOG),
  ]);
}

/** Opens a socket for one connection to a peer, bound to its source address, not yet connected. */
export function openOutgoingSocket(outgoing: OutgoingSocket): SyscallResult {
  const { peer, localAddress, password, interface: name } = outgoing;
  const index = name === undefined ? 0 : interfaceIndex(name);
  return prepareSocket(peer, SocketType.stream, (fd) => [
    () => noDelay(fd),
    () => markNetworkControl(fd, peer),
    () => applyTtlRule(fd, peer, outgoing),
    ...(password === undefined ? [] : [() => setMd5Key(fd, peer, password)]),
    ...(localAddress === undefined ? [] : [() => bind(fd, socketAddress(localAddress, 0, index))]),
  ]);
}

/**
 * Makes a socket and takes all steps; at the first that fails the socket is closed and the error given.
 *
 * @param address one of the family the socket is for
 */
export function prepareSocket(
  address: Address,
  type: number,
  stepsOf: (fd: number) => readonly (() => SyscallResult)[],
): SyscallResult {
  const made = socket(domainOf(address), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (!made.ok) return made;
  for (const step of stepsOf(made.value)) {
    const result = step();
    if (result.ok) continue;
    close(made.value);
    return result;
  }
  return made;
}

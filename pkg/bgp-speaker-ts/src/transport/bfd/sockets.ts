/**
 * The UDP sockets of BFD: RFC 5881 §4, §5, RFC 5883 §5.
 *
 * Each session sends from a socket of its own, because its source port must be its own and never change. All sessions of
 * one kind (one hop, several hops) at one of our addresses receive by one socket.
 */

import { type Address, address, familyOf } from '@weft/ip';
import { BfdPort, SOURCE_PORTS } from '../../bfd/iana.ts';
import type { BfdSessionConfig } from '../../bfd/types.ts';
import { prepareSocket, SocketType } from '../raw-socket.ts';
import { socketAddress } from '../socket-address.ts';
import {
  bindToInterface,
  freeBind,
  MAX_TTL,
  markNetworkControl,
  onlyOwnFamily,
  reuseAddress,
  setTtl,
  tellDestination,
  tellTtl,
} from '../socket-options.ts';
import { bind, type SyscallResult } from '../syscalls.ts';

/** Ports tried before the search for a free one is given up; with a few hundred sessions the first is mostly free. */
const PORT_ATTEMPTS = 32;

const ANY = { 4: address('0.0.0.0'), 6: address('::') } as const;

/** Gives the port the packets of a session go to. */
export function destinationPort({ multihop }: Pick<BfdSessionConfig, 'multihop'>): number {
  return multihop ? BfdPort.multihop : BfdPort.singleHop;
}

/** Gives the address a session receives at: its own, or all of its family. */
export function receivingAddress({ localAddress, peer }: BfdSessionConfig): Address {
  return localAddress ?? ANY[familyOf(peer)];
}

/**
 * Opens the receiving socket of an address and a port.
 *
 * @param shared this thread has another one at this port. Without, the port must be free of other programs.
 */
export function openReceiver(
  at: Address,
  port: number,
  interfaceIndex: number,
  shared: boolean,
): SyscallResult {
  return prepareSocket(at, SocketType.datagram, (fd) => [
    () => onlyOwnFamily(fd, at),
    () => freeBind(fd, at),
    () => tellTtl(fd, at),
    () => tellDestination(fd, at),
    ...(shared ? [() => reuseAddress(fd)] : []),
    () => bind(fd, socketAddress(at, port, interfaceIndex)),
    // Only from here on: the bind itself is to notice another program.
    () => reuseAddress(fd),
  ]);
}

/** Opens the sending socket of a session, at a random port of the range that is free. */
export function openSender(
  config: BfdSessionConfig,
  interfaceIndex: number,
  random: () => number,
): SyscallResult {
  const { first, last } = SOURCE_PORTS;
  let opened: SyscallResult = { ok: false, errno: 'EADDRINUSE' };
  for (let attempt = 0; attempt < PORT_ATTEMPTS && !opened.ok; attempt += 1) {
    const port = first + Math.floor(random() * (last - first + 1));
    opened = openSenderAt(config, port, interfaceIndex);
    if (!opened.ok && opened.errno !== 'EADDRINUSE') break;
  }
  return opened;
}

function openSenderAt(config: BfdSessionConfig, port: number, interfaceIndex: number): SyscallResult {
  const { peer, interface: name } = config;
  const from = receivingAddress(config);
  return prepareSocket(peer, SocketType.datagram, (fd) => [
    () => onlyOwnFamily(fd, peer),
    () => freeBind(fd, peer),
    () => setTtl(fd, peer, MAX_TTL),
    () => markNetworkControl(fd, peer),
    ...(name === undefined ? [] : [() => bindToInterface(fd, name)]),
    () => bind(fd, socketAddress(from, port, interfaceIndex)),
  ]);
}

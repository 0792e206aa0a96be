/**
 * The socket options BGP wants: who may speak (TTL, MD5), from where, and how.
 *
 * Source: RFC 5082 §3 (GTSM: send with TTL 255, take only what has lost few hops), RFC 2385 (TCP MD5, by the Linux option
 * TCP_MD5SIG), ip(7), ipv6(7), tcp(7).
 */

import { type Address, bitsOf, familyOf } from '@weft/ip';
import { socketAddress } from './socket-address.ts';
import { type SyscallResult, setsockopt } from './syscalls.ts';

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const SO_BINDTODEVICE = 25;
const IPPROTO_IP = 0;
const IP_TOS = 1;
const IP_TTL = 2;
const IP_PKTINFO = 8;
const IP_RECVTTL = 12;
const IP_FREEBIND = 15;
const IP_MINTTL = 21;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_MD5SIG = 14;
const TCP_MD5SIG_EXT = 32;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_RECVPKTINFO = 49;
const IPV6_RECVHOPLIMIT = 51;
const IPV6_TCLASS = 67;
const IPV6_MINHOPCOUNT = 73;
const IPV6_FREEBIND = 78;

/** Highest TTL; what arrives with it has passed no router. */
export const MAX_TTL = 255;
/** Class selector 6, network control: what routers give their own packets (RFC 4594 §3.1). */
const NETWORK_CONTROL = 0xc0;

/** Offsets in `struct tcp_md5sig`: sockaddr_storage, flags, prefix length, key length, interface, key. */
const MD5_BYTES = 216;
const MD5_FLAGS = 128;
const MD5_PREFIX_LENGTH = 129;
const MD5_KEY_LENGTH = 130;
const MD5_KEY = 136;
const MD5_FLAG_PREFIX = 1;

/** Longest TCP MD5 key Linux takes, in octets. */
export const MAX_MD5_KEY_BYTES = 80;

/** What must hold for the packets of a connection. */
export interface TtlRule {
  /** GTSM: the peer is at most this many hops away; 1 is a neighbour on the same link. */
  readonly ttlSecurityHops?: number | undefined;
  /** TTL of what is sent. */
  readonly multihop?: number | undefined;
}

/** Lets a listener start while connections of an earlier one linger. */
export function reuseAddress(fd: number): SyscallResult {
  return setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

/** Lets sockets listen on addresses that overlap, as long as all of them say so and are of one user. */
export function sharePort(fd: number, isShared: boolean): SyscallResult {
  return setInt(fd, SOL_SOCKET, SO_REUSEPORT, isShared ? 1 : 0);
}

/** Sends every write at once: what is written is packed already. */
export function noDelay(fd: number): SyscallResult {
  return setInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

/** Lets a socket be bound to an address no interface has yet. */
export function freeBind(fd: number, address: Address): SyscallResult {
  return isIpv4(address)
    ? setInt(fd, IPPROTO_IP, IP_FREEBIND, 1)
    : setInt(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
}

/** Keeps an IPv6 socket from taking IPv4, so that both can listen on one port; nothing to do for IPv4. */
export function onlyOwnFamily(fd: number, address: Address): SyscallResult {
  return isIpv4(address) ? { ok: true, value: 0 } : setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

/** Sends by one interface only, and takes only what comes in by it. */
export function bindToInterface(fd: number, name: string): SyscallResult {
  return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, new TextEncoder().encode(name));
}

/** Lets recvmsg(2) say with which TTL (hop limit) a datagram came. */
export function tellTtl(fd: number, address: Address): SyscallResult {
  return isIpv4(address)
    ? setInt(fd, IPPROTO_IP, IP_RECVTTL, 1)
    : setInt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

/** Lets recvmsg(2) say to which address and by which interface a datagram came. */
export function tellDestination(fd: number, address: Address): SyscallResult {
  return isIpv4(address)
    ? setInt(fd, IPPROTO_IP, IP_PKTINFO, 1)
    : setInt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

/** Marks packets as network control. */
export function markNetworkControl(fd: number, address: Address): SyscallResult {
  return isIpv4(address)
    ? setInt(fd, IPPROTO_IP, IP_TOS, NETWORK_CONTROL)
    : setInt(fd, IPPROTO_IPV6, IPV6_TCLASS, NETWORK_CONTROL);
}

/** Sets the TTL (hop limit) of what is sent. */
export function setTtl(fd: number, address: Address, ttl: number): SyscallResult {
  return isIpv4(address)
    ? setInt(fd, IPPROTO_IP, IP_TTL, ttl)
    : setInt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
}

/** Applies GTSM or the TTL of a multihop session; without either the system's default stays. */
export function applyTtlRule(fd: number, address: Address, rule: TtlRule): SyscallResult {
  const { ttlSecurityHops, multihop } = rule;
  if (ttlSecurityHops === undefined) {
    return multihop === undefined ? { ok: true, value: 0 } : setTtl(fd, address, multihop);
  }
  const sent = setTtl(fd, address, MAX_TTL);
  return sent.ok ? setMinTtl(fd, address, minTtlOf(rule)) : sent;
}

/** Gives the lowest TTL a rule lets in; 0 lets everything in. */
export function minTtlOf({ ttlSecurityHops }: TtlRule): number {
  return ttlSecurityHops === undefined ? 0 : MAX_TTL + 1 - ttlSecurityHops;
}

/** Drops packets that arrive with a lower TTL; 0 drops none. */
export function setMinTtl(fd: number, address: Address, ttl: number): SyscallResult {
  return isIpv4(address)
    ? setInt(fd, IPPROTO_IP, IP_MINTTL, ttl)
    : setInt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, ttl);
}

/**
 * Sets or, without a key, removes the MD5 key for what comes from and goes to an address.
 *
 * @param prefixLength for a listener: the key of every address in a prefix (dynamic neighbours)
 */
export function setMd5Key(
  fd: number,
  address: Address,
  key: string | undefined,
  prefixLength: number = bitsOf(familyOf(address)),
): SyscallResult {
  const whole = prefixLength === bitsOf(familyOf(address));
  const keyBytes = new TextEncoder().encode(key ?? '').subarray(0, MAX_MD5_KEY_BYTES);
  const bytes = new Uint8Array(MD5_BYTES);
  bytes.set(socketAddress(address, 0));
  bytes[MD5_FLAGS] = whole ? 0 : MD5_FLAG_PREFIX;
  bytes[MD5_PREFIX_LENGTH] = whole ? 0 : prefixLength;
  new DataView(bytes.buffer).setUint16(MD5_KEY_LENGTH, keyBytes.length, true);
  bytes.set(keyBytes, MD5_KEY);
  return setsockopt(fd, IPPROTO_TCP, whole ? TCP_MD5SIG : TCP_MD5SIG_EXT, bytes);
}

function setInt(fd: number, level: number, name: number, value: number): SyscallResult {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return setsockopt(fd, level, name, bytes);
}

function isIpv4(address: Address): boolean {
  return familyOf(address) === 4;
}

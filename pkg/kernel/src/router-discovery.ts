/**
 * Router advertisements and solicitations on one link: how routers without addresses of their own find each other's
 * link-local ones. FRR finds the peer of `neighbor eth1 interface` so, and so do we.
 *
 * What is sent says that somebody is there, and nothing else: no default router (lifetime 0), no prefixes.
 *
 * Departs from RFC 4861 §6.1: the hop limit of what is heard is not looked at. A sender has to have a link-local address, which
 * no router forwards (RFC 4291 §2.5.6), and nothing is learned but that address.
 *
 * Source: RFC 4861 §4.1, §4.2; RFC 3542 §3.2.
 */
import { type Address, addressFromBytes, isLinkLocal } from '@weft/ip';
import { KernelError } from './errno.ts';
import type { Link } from './kernel.ts';
import * as syscalls from './syscalls.ts';

const AF_INET6 = 10;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const IPPROTO_ICMPV6 = 58;
const IPPROTO_IPV6 = 41;
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
const IPV6_MULTICAST_HOPS = 18;
const IPV6_MULTICAST_LOOP = 19;
const IPV6_ADD_MEMBERSHIP = 20;
const ICMPV6_FILTER = 1;
const SOURCE_LINK_LAYER_ADDRESS = 1;

const types = { solicitation: 133, advertisement: 134 } as const;
const groups = {
  solicitation: Buffer.from('ff020000000000000000000000000002', 'hex'),
  advertisement: Buffer.from('ff020000000000000000000000000001', 'hex'),
} as const;

/** How often the socket is looked at: some datagrams a minute are not worth more. */
const POLL_MS = 200;
/** What a flood may bring in one look; the kernel drops the rest. */
const DATAGRAMS_PER_LOOK = 32;

/** A solicitation asks who is there, an advertisement answers. */
export type RouterMessageKind = keyof typeof types;

/** Hears what others on the link say; not what we do. */
export type RouterListener = (kind: RouterMessageKind, from: Address) => void;

/** A socket on one link. */
export interface RouterDiscovery {
  /** Says something to all who listen; the errno where that is not possible now. */
  send(kind: RouterMessageKind): string | undefined;
  close(): void;
}

/**
 * Listens on a link of the namespace the thread is in, and hears nothing any more when that is gone. Throws KernelError with
 * the errno as its code.
 */
export function openRouterDiscovery(link: Link, heard: RouterListener): RouterDiscovery {
  const opened = syscalls.socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
  if (!opened.ok)
    throw new KernelError('cannot open an ICMPv6 socket, for which CAP_NET_RAW is needed', opened.errno);
  const fd = opened.value;
  prepare(fd, link);
  let open = true;
  const timer = setInterval(() => readWaiting(fd, heard, () => open), POLL_MS);
  return {
    send: (kind) => (open ? send(fd, kind, link) : 'EBADF'),
    close: () => {
      if (open) syscalls.close(fd);
      open = false;
      clearInterval(timer);
    },
  };
}

function prepare(fd: number, link: Link): void {
  const steps: readonly (readonly [level: number, name: number, value: Buffer])[] = [
    [SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${link.name}\0`)],
    [IPPROTO_ICMPV6, ICMPV6_FILTER, filterFor(Object.values(types))],
    // RFC 4861 §6.1: who hears it throws away what may have passed a router.
    [IPPROTO_IPV6, IPV6_MULTICAST_HOPS, int32(255)],
    [IPPROTO_IPV6, IPV6_MULTICAST_LOOP, int32(0)],
    [IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, Buffer.concat([groups.advertisement, int32(link.index)])],
    [IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, Buffer.concat([groups.solicitation, int32(link.index)])],
  ];
  for (const [level, name, value] of steps) {
    const set = syscalls.setsockopt(fd, level, name, value);
    if (set.ok) continue;
    syscalls.close(fd);
    throw new KernelError(`cannot listen for routers on ${link.name}`, set.errno);
  }
}

/** `struct icmp6_filter`: a bit for each type that is kept back. */
function filterFor(passed: readonly number[]): Buffer {
  const filter = Buffer.alloc(32, 0xff);
  for (const type of passed) {
    const word = (type >> 5) * 4;
    filter.writeUInt32LE((filter.readUInt32LE(word) & ~(1 << (type & 31))) >>> 0, word);
  }
  return filter;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** The kernel fills the checksum in: RFC 3542 §3.1. */
function send(fd: number, kind: RouterMessageKind, { index, mac }: Link): string | undefined {
  const head = Buffer.alloc(kind === 'advertisement' ? 16 : 8);
  head.writeUInt8(types[kind], 0);
  const hardware = Buffer.from(mac.replaceAll(':', ''), 'hex');
  const option = hardware.length === 6 ? [Buffer.from([SOURCE_LINK_LAYER_ADDRESS, 1]), hardware] : [];
  const destination = Buffer.alloc(28);
  destination.writeUInt16LE(AF_INET6, 0);
  groups[kind].copy(destination, 8);
  destination.writeUInt32LE(index, 24);
  const sent = syscalls.sendTo(fd, Buffer.concat([head, ...option]), destination);
  return sent.ok ? undefined : sent.errno;
}

function readWaiting(fd: number, heard: RouterListener, isOpen: () => boolean): void {
  const datagram = Buffer.alloc(1500);
  const source = Buffer.alloc(28);
  for (let count = 0; count < DATAGRAMS_PER_LOOK && isOpen(); count += 1) {
    const received = syscalls.receiveFrom(fd, datagram, source);
    if (!received.ok) return;
    const from = addressFromBytes(source.subarray(8, 24));
    if (received.value < 8 || !isLinkLocal(from)) continue;
    const type = datagram.readUInt8(0);
    if (type === types.solicitation) heard('solicitation', from);
    else if (type === types.advertisement) heard('advertisement', from);
  }
}

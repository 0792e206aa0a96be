/**
 * A netlink socket for questions and answers, used synchronously: the kernel works on a request inside send(2), so
 * its answer is already waiting when recv(2) is called, and nothing blocks.
 */
import { KernelError } from '../errno.ts';
import * as syscalls from '../syscalls.ts';

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
/** The protocol number of netfilter: connection tracking. */
export const NETLINK_NETFILTER = 12;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

/** A netlink datagram is never longer: the kernel builds answers of at most 32 KiB. */
export const maxDatagramBytes = 65536;

const receiveBufferBytes = 8 * 1024 * 1024;
const sendBufferBytes = 1024 * 1024;
/** The kernel answers at once; this only keeps a kernel bug from hanging the process for good. */
const answerTimeoutSeconds = 10;

/** Sends requests and receives answers; the real one is a `NetlinkSocket`, tests bring their own. */
export interface NetlinkTransport {
  /** Sends a datagram; the errno by name when that fails. */
  send(datagram: Buffer): string | undefined;
  /** The next datagram, valid until the next call, or the errno by name. */
  receive(): Buffer | { readonly errno: string };
}

/** Opens a netlink socket, of rtnetlink unless said otherwise, in the namespace the thread is in. Throws KernelError. */
export function openNetlinkFd(groups: number, protocol: number = NETLINK_ROUTE): number {
  const opened = syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (!opened.ok) throw new KernelError('cannot open a netlink socket', opened.errno);
  const fd = opened.value;
  // Only root outside of user namespaces may go beyond net.core.rmem_max and wmem_max; what fails changes nothing.
  setOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, sendBufferBytes);
  setOption(fd, SOL_SOCKET, SO_RCVBUF, receiveBufferBytes);
  setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, receiveBufferBytes);
  const bound = syscalls.bind(fd, socketAddress(groups));
  if (bound.ok) return fd;
  syscalls.close(fd);
  throw new KernelError('cannot bind a netlink socket', bound.errno);
}

/** `struct sockaddr_nl`: the kernel chooses the port. */
function socketAddress(groups: number): Buffer {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(groups, 8);
  return address;
}

function setOption(fd: number, level: number, name: number, value: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  syscalls.setsockopt(fd, level, name, bytes);
}

// Shared by all sockets of the thread: what is received is decoded before anything else is sent.
const receiveBuffer = Buffer.allocUnsafe(maxDatagramBytes);

/** The socket for requests; belongs to the namespace in which it was opened. */
export class NetlinkSocket implements NetlinkTransport {
  readonly #fd: number;

  /** Throws KernelError when the socket cannot be opened. */
  constructor(protocol?: number) {
    this.#fd = openNetlinkFd(0, protocol);
    // Without these the kernel repeats requests in its errors, gives no words, and does not filter dumps.
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK])
      setOption(this.#fd, SOL_NETLINK, option, 1);
    const timeout = Buffer.alloc(16);
    timeout.writeBigInt64LE(BigInt(answerTimeoutSeconds));
    syscalls.setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, timeout);
  }

  send(datagram: Buffer): string | undefined {
    const sent = syscalls.send(this.#fd, datagram);
    return sent.ok ? undefined : sent.errno;
  }

  /** As `send`, without holding up the event loop while the kernel works on the request. */
  async sendAside(datagram: Buffer): Promise<string | undefined> {
    const sent = await syscalls.sendAside(this.#fd, datagram);
    return sent.ok ? undefined : sent.errno;
  }

  receive(): Buffer | { readonly errno: string } {
    for (;;) {
      const received = syscalls.recv(this.#fd, receiveBuffer, 0);
      if (received.ok) return receiveBuffer.subarray(0, received.value);
      if (received.errno !== 'EINTR') return received;
    }
  }

  close(): void {
    syscalls.close(this.#fd);
  }
}

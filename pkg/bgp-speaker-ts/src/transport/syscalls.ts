/**
 * The system calls on sockets that Node has no function for. The only file here that knows koffi.
 *
 * All calls are synchronous and answer an errno by name instead of throwing. The library is loaded at the first call,
 * so that a program that only uses the pure parts of this package does not pay for it.
 */

import { createRequire } from 'node:module';
import { constants } from 'node:os';

/** The answer of a system call: its value, or why it failed. */
export type SyscallResult =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly errno: string };

const PROTOTYPES = {
  socket: 'int socket(int domain, int type, int protocol)',
  bind: 'int bind(int fd, void *address, unsigned int length)',
  listen: 'int listen(int fd, int backlog)',
  setsockopt: 'int setsockopt(int fd, int level, int name, void *value, unsigned int length)',
  send: 'long send(int fd, void *bytes, size_t length, int flags)',
  sendto:
    'long sendto(int fd, void *bytes, size_t length, int flags, void *address, unsigned int addressLength)',
  recvmsg: 'long recvmsg(int fd, void *header, int flags)',
  poll: 'int poll(void *entries, unsigned long count, int timeout)',
  eventfd: 'int eventfd(unsigned int value, int flags)',
  if_nametoindex: 'unsigned int if_nametoindex(const char *name)',
  ioctl: 'int ioctl(int fd, unsigned long request, void *value)',
  close: 'int close(int fd)',
} as const;

type Name = keyof typeof PROTOTYPES;
type Argument = number | bigint | string | Uint8Array;
type Native = (...args: Argument[]) => number;

/** Memory that stays where it is, for structures with pointers. It is never given back: one piece per thread, not per call. */
export interface NativeMemory {
  readonly address: bigint;
  readonly bytes: ArrayBuffer;
}

interface Libc {
  readonly errno: () => number;
  readonly allocate: (length: number) => NativeMemory;
  readonly functions: Readonly<Record<Name, Native>>;
}

const SIOCOUTQ = 0x5411;
const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;

let loaded: Libc | undefined;

/** socket(2). */
export function socket(domain: number, type: number, protocol: number): SyscallResult {
  return call('socket', domain, type, protocol);
}

/** bind(2) to a raw `struct sockaddr`. */
export function bind(fd: number, address: Uint8Array): SyscallResult {
  return call('bind', fd, address, address.length);
}

/** listen(2). */
export function listen(fd: number, backlog: number): SyscallResult {
  return call('listen', fd, backlog);
}

/** setsockopt(2) with a raw value. */
export function setsockopt(fd: number, level: number, name: number, value: Uint8Array): SyscallResult {
  return call('setsockopt', fd, level, name, value, value.length);
}

/** send(2), called for every message to every peer: gives how many bytes the kernel took, below 0 for an error. */
export function send(fd: number, bytes: Uint8Array, flags: number): number {
  loaded ??= loadLibc();
  return loaded.functions.send(fd, bytes, bytes.length, flags);
}

/** sendto(2) to a raw `struct sockaddr`. */
export function sendTo(fd: number, bytes: Uint8Array, address: Uint8Array): SyscallResult {
  return call('sendto', fd, bytes, bytes.length, 0, address, address.length);
}

/** recvmsg(2); `header` is the address of a `struct msghdr` in native memory. */
export function receiveMessage(fd: number, header: bigint): SyscallResult {
  return call('recvmsg', fd, header, 0);
}

/** if_nametoindex(3); 0 when there is no such interface. */
export function interfaceIndex(name: string): number {
  const result = call('if_nametoindex', name);
  return result.ok ? result.value : 0;
}

/** Takes native memory, for good. */
export function allocateNative(length: number): NativeMemory {
  return libc().allocate(length);
}

/** poll(2) on some `struct pollfd`; blocks the thread for up to `timeoutMs`. */
export function poll(entries: Uint8Array, count: number, timeoutMs: number): SyscallResult {
  return call('poll', entries, count, timeoutMs);
}

/** eventfd(2), not blocking: eight octets written to it wake whoever polls it. */
export function eventfd(): SyscallResult {
  return call('eventfd', 0, EFD_NONBLOCK | EFD_CLOEXEC);
}

/** SIOCOUTQ of tcp(7): bytes written to a socket that the peer has not acknowledged; undefined when it cannot be told. */
export function unacknowledgedBytes(fd: number): number | undefined {
  const value = new Int32Array(1);
  const result = call('ioctl', fd, SIOCOUTQ, new Uint8Array(value.buffer));
  return result.ok ? value[0] : undefined;
}

/** close(2). */
export function close(fd: number): SyscallResult {
  return call('close', fd);
}

function call(name: Name, ...args: Argument[]): SyscallResult {
  const { functions, errno } = libc();
  const value = functions[name](...args);
  return value < 0 ? { ok: false, errno: errnoName(errno()) } : { ok: true, value };
}

function libc(): Libc {
  loaded ??= loadLibc();
  return loaded;
}

function loadLibc(): Libc {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load('libc.so.6');
  const functions = Object.fromEntries(
    Object.entries(PROTOTYPES).map(([name, prototype]) => [name, library.func(prototype) as Native]),
  ) as Libc['functions'];
  return {
    errno: () => koffi.errno(),
    functions,
    allocate: (length) => {
      const memory = koffi.alloc('uint8_t', length);
      return { address: koffi.address(memory), bytes: koffi.view(memory, length) };
    },
  };
}

function errnoName(errno: number): string {
  const found = Object.entries(constants.errno).find(([, value]) => value === errno);
  return found?.[0] ?? `errno ${errno}`;
}

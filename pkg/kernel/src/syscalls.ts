/**
 * The system calls weft makes that Node has no function for. This is the only file that knows koffi: whatever replaces
 * it (`node:ffi` one day) replaces this file.
 *
 * All calls are synchronous. A call that fails answers an errno by name; none throws. The library is loaded at the
 * first call, so that a program which only imports types or the fake kernel does not pay for it.
 */
import { createRequire } from 'node:module';
import { errnoName } from './errno.ts';

/** The answer of a system call: its value, or why it failed. */
export type SyscallResult =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly errno: string };

const CLONE_NEWNET = 0x40000000;
const LOCK_EX = 2;
const LOCK_NB = 4;
const MNT_DETACH = 2;

/** Flags of mount(2) that namespaces and sysctls need. */
export const MS = {
  NOSUID: 0x2,
  NODEV: 0x4,
  NOEXEC: 0x8,
  REMOUNT: 0x20,
  BIND: 0x1000,
  REC: 0x4000,
  SHARED: 0x100000,
} as const;

type Argument = number | string | Buffer | null;

interface Native {
  (...args: Argument[]): number;
  /** The same on a thread of libuv's pool; the callback runs in the event loop. */
  async(...args: [...Argument[], (error: Error | null, value: number) => void]): void;
}

interface Libc {
  readonly errno: () => number;
  readonly functions: Readonly<Record<keyof typeof prototypes, Native>>;
}

// koffi has no ssize_t; `long` has its size on every Linux that weft runs on.
const prototypes = {
  socket: 'int socket(int domain, int type, int protocol)',
  bind: 'int bind(int fd, void *address, unsigned int length)',
  setsockopt: 'int setsockopt(int fd, int level, int name, void *value, unsigned int length)',
  getsockopt: 'int getsockopt(int fd, int level, int name, void *value, void *length)',
  send: 'long send(int fd, void *buffer, size_t length, int flags)',
  recv: 'long recv(int fd, void *buffer, size_t length, int flags)',
  sendto:
    'long sendto(int fd, void *buffer, size_t length, int flags, void *address, unsigned int address_length)',
  recvfrom:
    'long recvfrom(int fd, void *buffer, size_t length, int flags, void *address, void *address_length)',
  close: 'int close(int fd)',
  setns: 'int setns(int fd, int type)',
  unshare: 'int unshare(int flags)',
  mount: 'int mount(str source, str target, str type, unsigned long flags, void *data)',
  umount2: 'int umount2(str target, int flags)',
  flock: 'int flock(int fd, int operation)',
} as const;

let loaded: Libc | undefined;

function libc(): Libc {
  loaded ??= loadLibc();
  return loaded;
}

function loadLibc(): Libc {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  // The process itself: Node has its libc loaded, glibc or musl, under whatever name.
  const library = koffi.load(null);
  const functions = Object.fromEntries(
    Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype) as Native]),
  ) as Libc['functions'];
  return { errno: () => koffi.errno(), functions };
}

function call(name: keyof typeof prototypes, ...args: Argument[]): SyscallResult {
  const { functions, errno } = libc();
  const value = functions[name](...args);
  return value < 0 ? { ok: false, errno: errnoName(errno()) } : { ok: true, value };
}

/** socket(2). */
export function socket(domain: number, type: number, protocol: number): SyscallResult {
  return call('socket', domain, type, protocol);
}

/** bind(2) to a raw `struct sockaddr`. */
export function bind(fd: number, address: Buffer): SyscallResult {
  return call('bind', fd, address, address.length);
}

/** setsockopt(2) with a raw value. */
export function setsockopt(fd: number, level: number, name: number, value: Buffer): SyscallResult {
  return call('setsockopt', fd, level, name, value, value.length);
}

/** getsockopt(2); the value is as long as the buffer it is put into. */
export function getsockopt(fd: number, level: number, name: number, into: Buffer): SyscallResult {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(into.length);
  return call('getsockopt', fd, level, name, into, length);
}

/** send(2); answers the number of bytes sent. */
export function send(fd: number, data: Buffer): SyscallResult {
  return call('send', fd, data, data.length, 0);
}

/** send(2) on another thread, for requests the kernel takes long over. The data must stay as it is until the answer. */
export function sendAside(fd: number, data: Buffer): Promise<SyscallResult> {
  return new Promise((resolve, reject) => {
    libc().functions.send.async(fd, data, data.length, 0, (error, value) => {
      if (error !== null) reject(error);
      // errno belongs to the other thread; a request this short fails only when the socket does.
      else resolve(value < 0 ? { ok: false, errno: 'EIO' } : { ok: true, value });
    });
  });
}

/** recv(2) into the buffer; answers the number of bytes received. */
export function recv(fd: number, into: Buffer, flags: number): SyscallResult {
  return call('recv', fd, into, into.length, flags);
}

/** sendto(2) to a raw `struct sockaddr`. */
export function sendTo(fd: number, data: Buffer, address: Buffer): SyscallResult {
  return call('sendto', fd, data, data.length, 0, address, address.length);
}

/** recvfrom(2) into the buffer, the sender into a raw `struct sockaddr` as long as it is. */
export function receiveFrom(fd: number, into: Buffer, address: Buffer): SyscallResult {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(address.length);
  return call('recvfrom', fd, into, into.length, 0, address, length);
}

/** close(2). */
export function close(fd: number): SyscallResult {
  return call('close', fd);
}

/** Puts this thread into the network namespace of the descriptor, setns(2). Use `withNetns`, which comes back. */
export function enterNetns(fd: number): SyscallResult {
  return call('setns', fd, CLONE_NEWNET);
}

/** Puts this thread into a new network namespace, unshare(2). */
export function unshareNetns(): SyscallResult {
  return call('unshare', CLONE_NEWNET);
}

/** mount(2) without data. */
export function mount(source: string, target: string, type: string, flags: number): SyscallResult {
  return call('mount', source, target, type, flags, null);
}

/** umount2(2) with MNT_DETACH: at once for lookups, later for whoever still uses it. */
export function detachMount(target: string): SyscallResult {
  return call('umount2', target, MNT_DETACH);
}

/** flock(2) without waiting: EAGAIN when another holds it. Closing the file releases it. */
export function tryLockExclusive(fd: number): SyscallResult {
  return call('flock', fd, LOCK_EX | LOCK_NB);
}

/**
 * Brings datagrams of a netlink socket into the event loop.
 *
 * Node has no class for netlink sockets, but libuv's pipe handle reads any descriptor: microseconds from the change to
 * the callback, without a thread. The class of that handle is not public, so where it cannot be had a timer looks at
 * the socket instead.
 *
 * libuv reads one datagram a turn of the event loop, the kernel sends one for each route. So the first of a turn is
 * only the sign to read what else is there, up to a limit that leaves others their turn.
 */
import net from 'node:net';
import * as syscalls from '../syscalls.ts';
import { maxDatagramBytes } from './socket.ts';

/** Receives datagrams until it fails or is closed. */
export interface EventSource {
  /** Reads datagrams that wait now, some hundreds at most; true when there may be more. */
  read(): boolean;
  /** Stops, and closes the descriptor. May be called from inside the sink, and twice. */
  close(): void;
}

/** What a source calls. */
export interface EventSink {
  /** A datagram, valid during the call only. */
  datagram(datagram: Buffer): void;
  /** The socket failed (ENOBUFS: events were lost) and is closed. */
  failed(errno: string): void;
}

/** Reads the descriptor by libuv where possible, else by a timer. Owns the descriptor from here on. */
export function openEventSource(fd: number, sink: EventSink): EventSource {
  const handle = pipeHandle(fd);
  return handle === undefined ? pollEvents(fd, sink) : streamEvents(fd, handle, sink);
}

interface PipeHandle {
  /** Answers 0, or a negative errno. */
  open(fd: number): number;
}

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000;
const pipeTypeSocket = 0;

/** A libuv pipe handle on the descriptor; its class is that of the handle which Node puts around a unix socket. */
function pipeHandle(fd: number): PipeHandle | undefined {
  const unixSocket = syscalls.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0);
  if (!unixSocket.ok) return undefined;
  const wrapped = new net.Socket({ fd: unixSocket.value });
  const template = (wrapped as unknown as { _handle?: object })._handle;
  wrapped.destroy();
  if (template === undefined || !('open' in template)) return undefined;
  const handle = new (template.constructor as new (type: number) => PipeHandle)(pipeTypeSocket);
  return handle.open(fd) === 0 ? handle : undefined;
}

function streamEvents(fd: number, handle: PipeHandle, sink: EventSink): EventSource {
  const read = (): boolean => readWaiting(fd, sink, source, () => !socket.destroyed);
  const onread = {
    buffer: Buffer.allocUnsafe(maxDatagramBytes),
    callback: (length: number, buffer: Uint8Array): boolean => {
      sink.datagram(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      read();
      return true;
    },
  };
  const socket = new net.Socket({ handle, onread } as unknown as net.SocketConstructorOpts);
  socket.on('error', (error: NodeJS.ErrnoException) => sink.failed(error.code ?? 'EIO'));
  const source = { read, close: () => void socket.destroy() };
  return source;
}

const pollMilliseconds = 20;

/** The fallback: up to 20 ms late, otherwise the same. */
export function pollEvents(fd: number, sink: EventSink): EventSource {
  let open = true;
  const read = (): boolean => readWaiting(fd, sink, source, () => open);
  const timer = setInterval(read, pollMilliseconds);
  const close = (): void => {
    if (open) syscalls.close(fd);
    open = false;
    clearInterval(timer);
  };
  const source = { read, close };
  return source;
}

const MSG_DONTWAIT = 0x40;
/** At some 10 µs each with what listeners do, a turn of the event loop stays within a few milliseconds. */
const datagramsPerTurn = 128;
// Shared by all sources: a datagram is valid during the call of the sink only.
const waitingBuffer = Buffer.allocUnsafe(maxDatagramBytes);

/** Reads what waits. The sink may close the source, and its descriptor then belongs to somebody else: hence `isOpen`. */
function readWaiting(fd: number, sink: EventSink, source: EventSource, isOpen: () => boolean): boolean {
  for (let count = 0; count < datagramsPerTurn && isOpen(); count += 1) {
    const received = syscalls.recv(fd, waitingBuffer, MSG_DONTWAIT);
    if (received.ok) sink.datagram(waitingBuffer.subarray(0, received.value));
    else if (received.errno === 'EAGAIN') return false;
    else if (received.errno !== 'EINTR') {
      source.close();
      sink.failed(received.errno);
      return false;
    }
  }
  return isOpen();
}

/** Who is at the other end of a unix socket, as the kernel noted it when they connected. */
import type { Socket } from 'node:net';
import { getsockopt } from './syscalls.ts';

/** A process, by its ids in the namespaces of this one. */
export interface PeerCredentials {
  /** 0 for a process that this one's pid namespace does not know. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** SO_PEERCRED of unix(7). Undefined for a socket that is closed or of another kind. */
export function peerCredentials(socket: Socket): PeerCredentials | undefined {
  // Node has no public way to the descriptor; this one has been stable since Node 10.
  const fd = (socket as Socket & { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
  // struct ucred
  const value = Buffer.alloc(12);
  if (fd < 0 || !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value).ok) return undefined;
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
}

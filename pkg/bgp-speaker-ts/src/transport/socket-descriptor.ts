/**
 * The file descriptor of a socket Node made.
 */

import type { Socket } from 'node:net';

/** Gives the descriptor, or -1 when the socket has none (any more). */
export function descriptorOf(socket: Socket): number {
  // Node has no public way to it; this one has been stable since Node 10.
  return (socket as Socket & { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
}

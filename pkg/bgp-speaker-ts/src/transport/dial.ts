/**
 * Outgoing connections: a prepared socket, connected by Node, or the name of the error.
 */

import { Socket } from 'node:net';
import type { NeighbourConfig } from '../speaker/peer-book.ts';
import { openOutgoingSocket } from './raw-socket.ts';

/** The port of BGP: RFC 4271 §8.2.1. */
export const BGP_PORT = 179;

/** How an attempt ends: exactly one of the two is told, unless it is given up before. */
export interface DialListener {
  connected(socket: Socket): void;
  failed(error: string): void;
}

/** An attempt under way. */
export interface Dial {
  /** Gives up; nothing is told any more. */
  abort(): void;
}

/** Connects to a peer as its configuration says. */
export function dial(peer: NeighbourConfig, listener: DialListener): Dial {
  const opened = openOutgoingSocket({ ...peer, peer: peer.address });
  if (!opened.ok) return failSoon(opened.errno, listener);
  const socket = new Socket({
    fd: opened.value,
    readable: true,
    writable: true,
    pauseOnCreate: true,
  } as object);
  const fail = (error: NodeJS.ErrnoException): void => {
    socket.destroy();
    listener.failed(error.code ?? error.message);
  };
  socket.once('error', fail);
  socket.once('connect', () => {
    socket.off('error', fail);
    listener.connected(socket);
    socket.resume();
  });
  const host = peer.interface === undefined ? peer.address : `${peer.address}%${peer.interface}`;
  socket.connect({ host, port: peer.port ?? BGP_PORT });
  return { abort: () => abandon(socket) };
}

/** Tells a failure from outside the call, as every other outcome is told. */
function failSoon(errno: string, listener: DialListener): Dial {
  const timer = setImmediate(() => listener.failed(errno));
  return { abort: () => clearImmediate(timer) };
}

function abandon(socket: Socket): void {
  socket.removeAllListeners();
  socket.on('error', () => {});
  socket.destroy();
}

/** A server on a unix socket that is far away: whatever goes to it or comes from it takes its time. */
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

/** What stands in the place of a server's socket. */
export interface SlowSocket {
  /** How many connections it has taken. */
  readonly connections: () => number;
  /** Puts the server's own socket back, and ends the connections that were made meanwhile. */
  readonly restore: () => Promise<void>;
}

/**
 * Stands in the place of a listening socket: of connections that are made from now on every byte is late, in each direction.
 * Those there are stay as they are.
 */
export async function slowDown(path: string, eachWayMilliseconds: number): Promise<SlowSocket> {
  const direct = `${path}.direct`;
  const sockets = new Set<Socket>();
  let connections = 0;
  const proxy = createServer((client) => {
    connections++;
    const server = connect(direct);
    forwardLate(client, server, eachWayMilliseconds);
    forwardLate(server, client, eachWayMilliseconds);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
  });
  renameSync(path, direct);
  proxy.listen(path);
  await once(proxy, 'listening');
  const restore = async (): Promise<void> => {
    // It removes its own socket.
    const closed = once(proxy, 'close');
    proxy.close();
    renameSync(direct, path);
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { connections: () => connections, restore };
}

/** Timers of one length fire in the order they were made, so bytes stay in theirs. */
function forwardLate(from: Socket, to: Socket, milliseconds: number): void {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), milliseconds));
  from.on('close', () => setTimeout(() => to.destroy(), milliseconds));
}

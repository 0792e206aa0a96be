/** Opening and closing a listener, whatever it speaks. */
import type { Server } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import { cannotListen } from './socket-path.ts';

/** What closing waits for requests that are being answered. */
const CLOSE_MILLISECONDS = 2_000;

/**
 * Listens; resolves to the TCP port, 0 for a unix socket. A socket file is private (0600) from its first instant.
 * `::` is all addresses of the machine, also of one whose kernel has no IPv6. Throws `ControlError` with `cannot-listen`, which
 * names `place`.
 */
export function listen(server: Server, where: ListenOptions, place: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EAFNOSUPPORT' || where.host !== '::') return reject(cannotListen(error, place));
      resolve(listen(server, { ...where, host: '0.0.0.0' }, place));
    });
    const mask = process.umask(0o177);
    server.listen(where, () => resolve((server.address() as AddressInfo).port ?? 0));
    process.umask(mask);
  });
}

/** Lets requests in progress finish, then cuts what is left. Node removes the socket file. */
export async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MILLISECONDS);
  await closed;
  clearTimeout(timer);
}

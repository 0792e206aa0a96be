/**
 * The control API over TCP, for whoever shows a certificate of the right authority.
 *
 * A connection carries one request, and no session is resumed: what the files say now counts for every request.
 */
import { constants } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import {
  type Answering,
  configure,
  HTTP_OPTIONS,
  REQUEST_MILLISECONDS,
  requestHandler,
} from '../answering.ts';
import { ControlError } from '../error.ts';
import { close, listen } from '../listening.ts';
import { certificateAsker } from './certificate-asker.ts';
import type { ControlAddress } from './control-address.ts';
import { readTlsFiles, TLS_VERSION, type TlsFiles } from './tls-files.ts';

/** How often the files are looked at. */
const WATCH_MILLISECONDS = 2_000;

/** Where the API is served, and by which files. */
export interface RemoteOptions extends ControlAddress {
  readonly files: TlsFiles;
  /** The files have changed; with the reason when they are of no use, and the ones before are kept. */
  readonly onFilesChanged?: ((problem: ControlError | undefined) => void) | undefined;
}

/** A TCP address where the API is served. */
export interface RemoteServer {
  readonly port: number;
  /** Stops listening; requests in progress have 2 s. */
  close(): Promise<void>;
}

/** Serves the API. Throws `ControlError` with `unusable-credentials` or `cannot-listen`. */
export async function startRemoteServer(answering: Answering, options: RemoteOptions): Promise<RemoteServer> {
  const { files, host, onFilesChanged } = options;
  const server = createServer(
    {
      ...HTTP_OPTIONS,
      ...readTlsFiles(files),
      minVersion: TLS_VERSION,
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: REQUEST_MILLISECONDS,
      secureOptions: constants.SSL_OP_NO_TICKET,
    },
    requestHandler(answering, {
      serves: () => true,
      asker: (socket) => certificateAsker(socket as TLSSocket),
      isForOneRequest: true,
    }),
  );
  configure(server);
  server.on('tlsClientError', (error, socket) => {
    const reason = (socket.authorizationError as unknown as string | null) ?? errorCode(error);
    answering.onRequest?.(handshakeFailure(reason, socket.remoteAddress));
  });
  const port = await listen(server, { host, port: options.port }, `${host} port ${options.port}`);
  const reload = (): void => {
    try {
      server.setSecureContext({
        ...readTlsFiles(files),
        minVersion: TLS_VERSION,
        secureOptions: constants.SSL_OP_NO_TICKET,
      });
      onFilesChanged?.(undefined);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      onFilesChanged?.(error);
    }
  };
  const paths = [...new Set(Object.values(files))];
  // By stat: Kubernetes exchanges the link to the folder that the files are in, which no watch on a file sees.
  for (const path of paths) watchFile(path, { interval: WATCH_MILLISECONDS, persistent: false }, reload);
  return {
    port,
    close: () => {
      for (const path of paths) unwatchFile(path, reload);
      return close(server);
    },
  };
}

function errorCode(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

function handshakeFailure(reason: string, from = ''): Parameters<NonNullable<Answering['onRequest']>>[0] {
  return {
    operation: 'handshake',
    access: 'read',
    method: '',
    path: from,
    status: 403,
    seconds: 0,
    asker: {},
    error: reason,
  };
}

/**
 * The server: listens on the unix socket (everything) and, when asked, on TCP: by certificate (everything), and for health
 * and metrics (nothing else).
 */
import { chmodSync, chownSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import {
  type Answering,
  configure,
  type Door,
  HTTP_OPTIONS,
  type RequestRecord,
  requestHandler,
} from './answering.ts';
import type { Asker } from './asker.ts';
import type { ControlBackend } from './backend.ts';
import { close, listen } from './listening.ts';
import type { RemoteOptions, RemoteServer } from './remote/remote-server.ts';
import { REFUSAL_STATUS } from './schema/refusal.ts';
import { cannotListen, claimSocketPath } from './socket-path.ts';

// An import would read every export of node:http, and the one called WebSocket loads undici: some 5 MiB in every process.
const { createServer } = process.getBuiltinModule('node:http');

/** How the server is started. */
export interface ControlServerOptions extends Answering {
  /** At most 107 bytes. */
  readonly socketPath: string;
  /** Where `/metrics`, `/liveness` and `/readiness` are answered on TCP too. Port 0 takes a free one. */
  readonly metricsAddress?: { readonly host: string; readonly port: number } | undefined;
  /** Who is at the other end of the socket; without it, whoever can open the socket file counts as its owner. */
  readonly peerOf?: ((socket: Socket) => SocketPeer | undefined) | undefined;
  /** The group whose members may read by the socket, too (0660). */
  readonly readersGid?: number | undefined;
  /** Where the API is served over TCP too, to whoever has a certificate. */
  readonly remote?: RemoteOptions | undefined;
}

/** A running server. */
export interface ControlServer {
  readonly socketPath: string;
  /** The TCP port of the metrics address, when there is one. */
  readonly metricsPort: number | undefined;
  /** The TCP port where the API is served, when there is one. */
  readonly remotePort: number | undefined;
  /** Stops listening, lets requests in progress finish (2 s at most) and removes the socket file. */
  close(): Promise<void>;
}

/** A process on the unix socket. */
export interface SocketPeer {
  readonly uid: number;
  readonly pid: number;
}

/** Root and the daemon's own user change; others whom the file lets in are readers. */
function socketDoor({ peerOf }: ControlServerOptions): Door {
  const own = process.getuid?.();
  const askerOf = (peer: SocketPeer | undefined): Asker => {
    if (peer === undefined) return { identity: {}, may: 'nothing' };
    const { pid, uid } = peer;
    return { identity: { uid, pid }, may: uid === 0 || uid === own ? 'change' : 'read' };
  };
  return {
    serves: () => true,
    asker: peerOf ? (socket) => askerOf(peerOf(socket)) : () => ({ identity: {}, may: 'change' }),
  };
}

const MONITORING: Door = {
  serves: (operation) => operation.onMetricsAddress,
  asker: () => ({ identity: {}, may: 'read' }),
};

/**
 * Starts to listen. The socket is readable and writable for its owner only (0600), or for a group, too; a stale socket file is replaced. Throws
 * `ControlError` with `path-too-long`, `in-use`, `not-a-socket`, `cannot-listen` or `unusable-credentials`; then
 * nothing listens.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { metricsAddress, remote, socketPath } = options;
  await claimSocketPath(socketPath);
  const open: { close(): Promise<void> }[] = [];
  try {
    const remoteServer = remote && (await remoteOf(options, remote));
    if (remoteServer) open.push(remoteServer);
    const monitoring = metricsAddress && (await startMonitoringServer(options, metricsAddress));
    if (monitoring) open.push(monitoring);
    // Last: its appearance says that the daemon can be asked.
    const { server } = await serve(options, socketDoor(options), { path: socketPath }, socketPath);
    open.push({ close: () => close(server) });
    if (options.readersGid !== undefined) letGroupIn(socketPath, options.readersGid);
    return {
      socketPath,
      metricsPort: monitoring?.port,
      remotePort: remoteServer?.port,
      close: async () => {
        await Promise.all(open.map((listener) => listener.close()));
      },
    };
  } catch (error) {
    await Promise.all(open.map((listener) => listener.close()));
    throw error;
  }
}

/** The file is private until here. Throws `ControlError` with `cannot-listen`. */
function letGroupIn(path: string, gid: number): void {
  try {
    chownSync(path, process.getuid?.() ?? 0, gid);
    chmodSync(path, 0o660);
  } catch (error) {
    throw cannotListen(error, path);
  }
}

/** TLS is loaded where it is used. */
async function remoteOf(options: Answering, remote: RemoteOptions): Promise<RemoteServer> {
  const { startRemoteServer } = await import('./remote/remote-server.ts');
  return startRemoteServer(options, remote);
}

/** What is asked on a metrics address, by programs that have no control socket, too. */
export interface MonitoringOptions extends Pick<Answering, 'onRequest'> {
  readonly backend: Pick<ControlBackend, 'liveness' | 'readiness' | 'metrics'>;
}

/** A TCP address where metrics and health are answered. */
export interface MonitoringServer {
  readonly port: number;
  /** Stops listening; requests in progress have 2 s. */
  close(): Promise<void>;
}

/** Answers `/metrics`, `/liveness` and `/readiness` on a TCP address, too. Throws `ControlError` with `cannot-listen`. */
export async function startMonitoringServer(
  options: MonitoringOptions,
  { host, port: wanted }: { readonly host: string; readonly port: number },
): Promise<MonitoringServer> {
  // Operations that are answered here ask nothing else.
  const answering = options as Answering;
  const { server, port } = await serve(
    answering,
    MONITORING,
    { host, port: wanted },
    `${host} port ${wanted}`,
  );
  return { port, close: () => close(server) };
}

async function serve(
  options: Answering,
  door: Door,
  where: Parameters<typeof listen>[1],
  place: string,
): Promise<{ server: Server; port: number }> {
  const server = createServer(HTTP_OPTIONS, requestHandler(options, door));
  configure(server);
  const port = await listen(server, where, place);
  server.on('error', (error) => options.onRequest?.(acceptFailure(error)));
  return { server, port };
}

function acceptFailure(error: Error): RequestRecord {
  return {
    operation: 'accept',
    access: 'read',
    method: '',
    path: '',
    status: REFUSAL_STATUS.unavailable,
    seconds: 0,
    asker: {},
    error,
  };
}

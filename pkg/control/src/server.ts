/**
 * The server: listens on the unix socket (everything) and, when asked, on a TCP address (health and metrics only).
 *
 * Every limit is here: connections, header and body size, time to send a request, time to answer it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, ListenOptions, Socket } from 'node:net';
import type { ControlBackend } from './backend.ts';
import { findOperation, type Operation, parseTarget, type Reply, type Target } from './operations.ts';
import { type ErrorBody, isRefusal, REFUSAL_STATUS, type Refusal, refuse } from './schema/refusal.ts';
import { cannotListen, claimSocketPath } from './socket-path.ts';

/** Connections at once, per listener; more are closed at once. A node starts at most some dozen containers at once. */
const MAX_CONNECTIONS = 256;
/** A client that has not sent its request by then is cut off. */
const REQUEST_MILLISECONDS = 10_000;
/** An operation that has not answered by then is reported as such; it goes on in the daemon. */
const ANSWER_MILLISECONDS = 30_000;
/** What closing waits for requests that are being answered. */
const CLOSE_MILLISECONDS = 2_000;

/** How the server is started. */
export interface ControlServerOptions {
  readonly backend: ControlBackend;
  /** At most 107 bytes. */
  readonly socketPath: string;
  /** Where `/metrics`, `/liveness` and `/readiness` are answered on TCP too. Port 0 takes a free one. */
  readonly metricsAddress?: { readonly host: string; readonly port: number } | undefined;
  /** Told about every request, for log and metrics. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
}

/** One request that was answered, or a connection that could not be accepted (EMFILE). */
export interface RequestRecord {
  /** The operation's name, `unknown`, or `accept`. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly seconds: number;
  /** What the backend threw, when the answer was `internal`. */
  readonly error?: unknown;
}

/** A running server. */
export interface ControlServer {
  readonly socketPath: string;
  /** The TCP port of the metrics address, when there is one. */
  readonly metricsPort: number | undefined;
  /** Stops listening, lets requests in progress finish (2 s at most) and removes the socket file. */
  close(): Promise<void>;
}

/**
 * Starts to listen. The socket is readable and writable for its owner only (0600); a stale socket file is replaced.
 * Throws `ControlError` with `path-too-long`, `in-use`, `not-a-socket` or `cannot-listen`.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  await claimSocketPath(options.socketPath);
  const socketServer = makeServer(options, () => true);
  await listen(socketServer, { path: options.socketPath }, options.socketPath);
  let monitoring: MonitoringServer | undefined;
  if (options.metricsAddress) {
    try {
      monitoring = await startMonitoringServer(options, options.metricsAddress);
    } catch (error) {
      await close(socketServer);
      throw error;
    }
  }
  socketServer.on('error', (error) => options.onRequest?.(acceptFailure(error)));
  return {
    socketPath: options.socketPath,
    metricsPort: monitoring?.port,
    close: async () => {
      await Promise.all([close(socketServer), monitoring?.close()]);
    },
  };
}

/** What every listener needs. */
type Answering = Pick<ControlServerOptions, 'backend' | 'onRequest'>;

/** What is asked on a metrics address, by programs that have no control socket, too. */
export interface MonitoringOptions extends Pick<ControlServerOptions, 'onRequest'> {
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
  { host, port }: { readonly host: string; readonly port: number },
): Promise<MonitoringServer> {
  // Operations that are answered here ask nothing else.
  const server = makeServer(options as Answering, (operation) => operation.onMetricsAddress);
  await listen(server, { host, port }, `${host} port ${port}`);
  server.on('error', (error) => options.onRequest?.(acceptFailure(error)));
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function makeServer(options: Answering, serves: (operation: Operation) => boolean): Server {
  const server = createServer(
    {
      requestTimeout: REQUEST_MILLISECONDS,
      headersTimeout: REQUEST_MILLISECONDS,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: 8 * 1024,
    },
    (request, response) => void handle(options, serves, request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', (_error, socket) => refuseMalformed(socket as Socket));
  return server;
}

/** The mask makes the socket file private (0600) from its first instant. */
function listen(server: Server, where: ListenOptions, place: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, place)));
    const mask = process.umask(0o177);
    server.listen(where, resolve);
    process.umask(mask);
  });
}

async function handle(
  options: Answering,
  serves: (operation: Operation) => boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const started = performance.now();
  const method = request.method ?? '';
  const target = parseTarget(request.url ?? '');
  const found = findOperation(method, target.path);
  const operation = isRefusal(found) || serves(found) ? found : notHere(target.path);
  const { reply, error } = isRefusal(operation)
    ? { reply: operation, error: undefined }
    : await answer(operation, options.backend, request, target);
  const status = send(response, reply, request.complete);
  options.onRequest?.({
    operation: isRefusal(operation) ? 'unknown' : operation.name,
    method,
    path: target.path,
    status,
    seconds: (performance.now() - started) / 1000,
    ...(error === undefined ? {} : { error }),
  });
}

/** Runs an operation within its time; whatever it throws becomes `internal`, without its text: that is for the log. */
async function answer(
  operation: Operation,
  backend: ControlBackend,
  request: IncomingMessage,
  target: Target,
): Promise<{ reply: Reply | Refusal; error: unknown }> {
  const { promise: late, resolve } = Promise.withResolvers<Refusal>();
  const timer = setTimeout(() => resolve(tooLate(operation.name)), ANSWER_MILLISECONDS);
  try {
    return { reply: await Promise.race([operation.run(backend, request, target), late]), error: undefined };
  } catch (error) {
    return { reply: internal(operation.name), error };
  } finally {
    clearTimeout(timer);
  }
}

function send(response: ServerResponse, reply: Reply | Refusal, requestWasRead: boolean): number {
  const status = statusOf(reply);
  const text = textOf(reply);
  response.writeHead(status, {
    'content-type': reply.kind === 'text' ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    // A body that was not read to its end would be taken for the next request.
    ...(requestWasRead ? {} : { connection: 'close' }),
  });
  response.end(text);
  return status;
}

function statusOf(reply: Reply | Refusal): number {
  if (reply.kind === 'refused') return REFUSAL_STATUS[reply.code];
  return reply.kind === 'text' ? 200 : reply.status;
}

function textOf(reply: Reply | Refusal): string {
  if (reply.kind === 'text' || reply.kind === 'raw-json') return reply.text;
  if (reply.kind === 'json') return JSON.stringify(reply.value);
  const { kind: _, ...error } = reply;
  return JSON.stringify({ error } satisfies ErrorBody);
}

function refuseMalformed(socket: Socket): void {
  if (!socket.writable) return;
  const body = JSON.stringify({
    error: {
      code: 'invalid-request',
      message: 'The request is not HTTP/1.1, too long, or too slow',
      object: 'the connection',
      hint: 'Send a complete HTTP/1.1 request.',
    },
  } satisfies ErrorBody);
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function acceptFailure(error: Error): RequestRecord {
  return { operation: 'accept', method: '', path: '', status: REFUSAL_STATUS.unavailable, seconds: 0, error };
}

function notHere(path: string): Refusal {
  return refuse('not-found', 'This address answers health and metrics only', path, 'Use the unix socket.');
}

function internal(operation: string): Refusal {
  return refuse(
    'internal',
    'The daemon failed while it answered',
    operation,
    "Read the daemon's log for the cause.",
  );
}

function tooLate(operation: string): Refusal {
  return refuse(
    'deadline-exceeded',
    `No answer within ${ANSWER_MILLISECONDS / 1000} s; the work goes on in the daemon`,
    operation,
    'Ask again: repeating it is safe.',
  );
}

/** Lets requests in progress finish, then cuts what is left. Node removes the socket file. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MILLISECONDS);
  await closed;
  clearTimeout(timer);
}

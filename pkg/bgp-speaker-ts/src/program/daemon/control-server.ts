/**
 * The control socket: HTTP on a unix socket, for whoever may open it.
 *
 * Every limit is here: connections, the size of headers and bodies, the time to send a request.
 */

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { ControlValues } from '../config/file-schema.ts';
import { type Failure, unforeseen } from '../failure.ts';
import type { ErrorBody } from '../protocol.ts';
import type { Reply } from './operations.ts';
import { cannotListen, claimSocketPath } from './socket-path.ts';
import { sendBytes, sendLines } from './stream.ts';

/** Connections at once; watchers and readers of tables stay connected. */
const MAX_CONNECTIONS = 64;
/** A client that has not sent its request by then is cut off. */
const REQUEST_MS = 10_000;
/** The largest request body: some hundred thousand routes to announce. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** Answers one request; `signal` ends when the client has left. */
export type Handler = (method: string, url: URL, body: string, signal: AbortSignal) => Promise<Reply>;

/** A control socket that answers. */
export interface ControlServer {
  readonly path: string;
  /** Cuts all connections and removes the socket. */
  close(): Promise<void>;
}

/** Listens; says why it cannot. */
export async function startControlServer(
  { socket, mode }: ControlValues,
  handler: Handler,
): Promise<ControlServer | { readonly failure: Failure }> {
  const failure = await claimSocketPath(socket);
  if (failure !== undefined) return { failure };
  let http: Promise<HttpServer> | undefined;
  // Paused, so that nothing is lost of what a client sends before there is somebody to read it.
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    http ??= startHttp(handler);
    void http.then((running) => hand(socket, running));
  });
  server.maxConnections = MAX_CONNECTIONS;
  try {
    await listen(server, socket, mode);
  } catch (error) {
    return { failure: cannotListen(error, socket) };
  }
  server.on('error', () => {});
  return {
    path: socket,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const running = await http;
      running?.close();
      running?.closeAllConnections();
      await closed;
    },
  };
}

/** Made with the first connection: Node's HTTP takes 14 MiB, and most daemons are never asked. */
async function startHttp(handler: Handler): Promise<HttpServer> {
  const { createServer: createHttpServer } = await import('node:http');
  const http = createHttpServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, maxHeaderSize: 16 * 1024 },
    (request, response) => void handle(handler, request, response),
  );
  // The limits above are kept from here on: another server listens, and gives it the connections.
  http.emit('listening');
  return http;
}

function hand(socket: Socket, http: HttpServer): void {
  http.emit('connection', socket);
  socket.resume();
}

/** The mask gives the socket its permissions from its first instant. */
function listen(server: Server, path: string, mode: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const mask = process.umask(0o777 & ~mode);
    server.listen(path, resolve);
    process.umask(mask);
  });
}

async function handle(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const left = new AbortController();
  response.on('close', () => left.abort());
  response.on('error', () => left.abort());
  try {
    const body = await readBody(request);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const reply =
      body === undefined ? tooLarge() : await handler(request.method ?? '', url, body, left.signal);
    await sendReply(response, reply);
  } catch (error) {
    if (response.headersSent || left.signal.aborted) response.destroy();
    else await sendReply(response, { kind: 'refused', status: 500, failures: [unforeseen(error)] });
  }
}

async function sendReply(response: ServerResponse, reply: Reply): Promise<void> {
  if (reply.kind === 'lines') return sendLines(response, reply.batches);
  if (reply.kind === 'bytes') return sendBytes(response, reply.chunks);
  const status = reply.kind === 'json' ? 200 : reply.status;
  const value = reply.kind === 'json' ? reply.value : ({ errors: reply.failures } satisfies ErrorBody);
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

/** Undefined when it is too large; the rest of it is not read. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): Reply {
  const message = `the request has more than ${MAX_BODY_BYTES} bytes`;
  return {
    kind: 'refused',
    status: 400,
    failures: [{ message, object: 'request', hint: 'announce fewer routes at once' }],
  };
}

/**
 * One request: who asks, for what, may they, and the answer. What every listener has in common, its limits among it.
 */
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Asker, type AskerIdentity, whyForbidden } from './asker.ts';
import type { ControlBackend } from './backend.ts';
import {
  type Access,
  findOperation,
  type Operation,
  parseTarget,
  type Reply,
  type Target,
} from './operations.ts';
import { type ErrorBody, isRefusal, REFUSAL_STATUS, type Refusal, refuse } from './schema/refusal.ts';

/** Connections at once, per listener; more are closed at once. A node starts at most some dozen containers at once. */
const MAX_CONNECTIONS = 256;
/** A client that has not sent its request by then is cut off. */
export const REQUEST_MILLISECONDS = 10_000;
/** An operation that has not answered by then is reported as such; it goes on in the daemon. */
const ANSWER_MILLISECONDS = 30_000;
/** A client that has neither sent nor taken anything for so long is cut off: longer than any answer takes. */
const IDLE_MILLISECONDS = 60_000;

/** How every listener's HTTP is bounded. */
export const HTTP_OPTIONS: ServerOptions = {
  requestTimeout: REQUEST_MILLISECONDS,
  headersTimeout: REQUEST_MILLISECONDS,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 8 * 1024,
};

/** What every listener needs. */
export interface Answering {
  readonly backend: ControlBackend;
  /** Told about every request, for log and metrics. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
}

/** One request that was answered, or a connection that could not be accepted (EMFILE) or proved nothing (TLS). */
export interface RequestRecord {
  /** The operation's name, `unknown`, `accept` or `handshake`. */
  readonly operation: string;
  readonly access: Access;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly seconds: number;
  readonly asker: AskerIdentity;
  /** What the backend threw, when the answer was `internal`; why a connection was not accepted. */
  readonly error?: unknown;
}

/** A way into the daemon: which operations it leads to, and who comes through it. */
export interface Door {
  serves(operation: Operation): boolean;
  asker(socket: Socket): Asker;
  /** Who asks again has to come in again. */
  readonly isForOneRequest?: boolean;
}

/** What answers the requests of a listener. It never throws. */
export function requestHandler(
  options: Answering,
  door: Door,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => void handle(options, door, request, response);
}

/** Bounds a listener's connections, and gives what is no HTTP an answer. */
export function configure(server: Server): void {
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = IDLE_MILLISECONDS;
  server.on('clientError', (_error, socket) => refuseMalformed(socket as Socket));
}

async function handle(
  options: Answering,
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const started = performance.now();
  const method = request.method ?? '';
  const target = parseTarget(request.url ?? '');
  const asker = door.asker(request.socket);
  const operation = admitted(door, asker, request, target.path);
  const { reply, error } = isRefusal(operation)
    ? { reply: operation, error: undefined }
    : await answer(operation, options.backend, request, target);
  const closes = door.isForOneRequest === true || !request.complete;
  const status = send(response, reply, closes);
  options.onRequest?.({
    operation: isRefusal(operation) ? 'unknown' : operation.name,
    access: isRefusal(operation) ? 'read' : operation.access,
    method,
    path: target.path,
    status,
    seconds: (performance.now() - started) / 1000,
    asker: asker.identity,
    ...(error === undefined ? {} : { error }),
  });
}

/** The operation that is asked for, when it is there and the asker may have it done. */
function admitted(
  door: Door,
  asker: Asker,
  { headers, method = '' }: IncomingMessage,
  path: string,
): Operation | Refusal {
  const found = findOperation(method, path);
  if (isRefusal(found)) return asker.may === 'nothing' ? (whyForbidden(asker, 'read', path) ?? found) : found;
  if (!door.serves(found)) return notHere(path);
  return whyForbidden(asker, found.access, path) ?? (isByPage(found, headers) ? notByPage(path) : found);
}

/**
 * A browser sends the client certificate of its user with whatever any page asks for, and a POST without asking whether it may.
 * No page of ours changes anything, and no other program sends these headers.
 */
function isByPage({ access }: Operation, headers: IncomingHttpHeaders): boolean {
  return access === 'change' && (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined);
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

function send(response: ServerResponse, reply: Reply | Refusal, closes: boolean): number {
  const status = statusOf(reply);
  const text = textOf(reply);
  response.writeHead(status, {
    'content-type': typeOf(reply),
    ...(reply.kind === 'file' ? PAGE_HEADERS : {}),
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    // Also because a body that was not read to its end would be taken for the next request.
    ...(closes ? { connection: 'close' } : {}),
  });
  response.end(text);
  return status;
}

/** The page asks nobody but who served it, and nobody else may show it in a frame. Heat maps set styles. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

function typeOf(reply: Reply | Refusal): string {
  if (reply.kind === 'file') return reply.type;
  return reply.kind === 'text' ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json';
}

function statusOf(reply: Reply | Refusal): number {
  if (reply.kind === 'refused') return REFUSAL_STATUS[reply.code];
  return reply.kind === 'text' || reply.kind === 'file' ? 200 : reply.status;
}

function textOf(reply: Reply | Refusal): string {
  if (reply.kind === 'text' || reply.kind === 'raw-json' || reply.kind === 'file') return reply.text;
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

function notHere(path: string): Refusal {
  return refuse('not-found', 'This address answers health and metrics only', path, 'Use the unix socket.');
}

function notByPage(path: string): Refusal {
  return refuse('forbidden', 'A page in a browser may read, but change nothing', path, 'Use weftctl.');
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

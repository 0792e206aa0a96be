/**
 * The plugin's HTTP server on its unix socket: the one systemd hands over, or one of its own.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isRefusal, PLUGIN_MEDIA_TYPE, refusalText } from '@weft/docker';
import type { Logger } from '@weft/telemetry';
import type { Call } from './calls.ts';

/** A network with thousands of options would not come near. */
const MAX_BODY_BYTES = 1024 * 1024;
/** dockerd sends a call at once. */
const REQUEST_MILLISECONDS = 10_000;

/** The file descriptor of the first socket that systemd hands over. Source: sd_listen_fds(3), SD_LISTEN_FDS_START */
const FIRST_SYSTEMD_FD = 3;

/** Makes the server; it does not listen yet. */
export function createPluginServer(calls: ReadonlyMap<string, Call>, log: Logger): Server {
  return createServer(
    { requestTimeout: REQUEST_MILLISECONDS, headersTimeout: REQUEST_MILLISECONDS },
    (request, response) => void handle(calls, log, request, response),
  );
}

/** The descriptor to listen on, when systemd started this process for one of its sockets. */
export function systemdSocket(environment: NodeJS.ProcessEnv, pid: number): number | undefined {
  const isForUs = Number(environment.LISTEN_PID) === pid && Number(environment.LISTEN_FDS) >= 1;
  return isForUs ? FIRST_SYSTEMD_FD : undefined;
}

/** Listens; rejects with what the system says. A socket of its own is its owner's only (0600). */
export function listen(
  server: Server,
  where: { readonly fd: number } | { readonly path: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const mask = process.umask(0o177);
    server.listen(where, resolve);
    process.umask(mask);
  });
}

async function handle(
  calls: ReadonlyMap<string, Call>,
  log: Logger,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? '';
  const started = performance.now();
  const answer = await answerTo(calls.get(path), request).catch((error: unknown) => {
    log.error('docker-call-failed', 'A call of dockerd failed by a mistake of weft-docker.', { path, error });
    return { Err: 'weft-docker failed while it answered. Its log says why.' };
  });
  const err = 'Err' in answer ? { err: answer.Err } : {};
  log.debug('docker-call', 'Answered dockerd.', { path, milliseconds: performance.now() - started, ...err });
  send(response, statusOf(answer, calls.has(path)), answer);
}

/** dockerd reads `Err` of every call whose status is not 200, of the others only where it belongs to a network driver. */
function statusOf(answer: object, isKnown: boolean): number {
  if (!isKnown) return 404;
  return 'Err' in answer ? 500 : 200;
}

async function answerTo(call: Call | undefined, request: IncomingMessage): Promise<object> {
  if (call === undefined)
    return { Err: `weft has no such call: ${request.url}. It serves networks and addresses.` };
  const body = await readText(request);
  if (body === undefined)
    return { Err: `The call has more than ${MAX_BODY_BYTES} bytes: ${request.url}. Send less.` };
  const answer = await call(body);
  return isRefusal(answer) ? { Err: refusalText(answer) } : answer;
}

async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, answer: object): void {
  const text = JSON.stringify(answer);
  response.writeHead(status, {
    'content-type': PLUGIN_MEDIA_TYPE,
    'content-length': Buffer.byteLength(text),
    ...(response.req.complete ? {} : { connection: 'close' }),
  });
  response.end(text);
}

/**
 * Requests to the API server: the one place that knows of connections, deadlines, credentials and second attempts.
 *
 * A read is repeated while the server is away or says that it failed. A write is repeated only when it certainly was not
 * done: the connection was refused, or the server asked for patience (429). After any other failure of a write nobody here
 * knows whether it was done, and the caller is told so.
 */
import { once } from 'node:events';
import type { Agent, IncomingMessage } from 'node:http';
import https from 'node:https';
import { parseJson, stringifyJson } from '@weft/resources';
import { DatastoreError } from '../../datastore.ts';
import { type ApiCall, isRead, methodOf, pathOf } from './api-call.ts';
import { type ApiAnswer, codeOf, connectionFailure, failure, isTlsFailure, refusal } from './api-failure.ts';
import { pauseAfter } from './backoff.ts';
import type { Connection, Credentials } from './connection.ts';
import { waitOrEnd } from './wait.ts';

// An import would read every export of node:http, and the one called WebSocket loads undici: some 5 MiB in every process.
const http = process.getBuiltinModule('node:http');

/** How long to try. */
export interface ClientOptions {
  /** Until the whole answer of one attempt must be there. */
  readonly answerTimeoutMs: number;
  /** For how long a request is repeated while the server is away or failing. */
  readonly patienceMs: number;
  /** The same for the opening of a stream, which somebody may have been reading for days. */
  readonly streamPatienceMs: number;
}

/** How long unless told otherwise. */
export const DEFAULT_CLIENT_OPTIONS: ClientOptions = {
  answerTimeoutMs: 30_000,
  patienceMs: 5_000,
  streamPatienceMs: 30_000,
};

/** Connections kept for the next request, and requests that may run at once; more wait for their turn. */
const MOST_SOCKETS = 64;
/** An idle connection is given up before a server would close it under a request. */
const IDLE_SOCKET_MS = 20_000;
/** A server that asks for more patience than this is asked again all the same. */
const LONGEST_RETRY_AFTER_MS = 30_000;
/** Larger than any list page. */
const MOST_ANSWER_BYTES = 1 << 28;

/** A client of one API server. Throws `DatastoreError` for whatever is no answer of the server. */
export class ApiClient {
  readonly title: string;
  readonly #connection: Connection;
  readonly #options: ClientOptions;
  readonly #transport: typeof http | typeof https;
  readonly #agent: Agent;
  readonly #streamAgent: Agent;
  readonly #closed = new AbortController();

  constructor(connection: Connection, options: ClientOptions = DEFAULT_CLIENT_OPTIONS) {
    this.title = `Kubernetes at ${connection.server}`;
    this.#connection = connection;
    this.#options = options;
    this.#transport = connection.server.startsWith('https:') ? https : http;
    this.#agent = new this.#transport.Agent({
      keepAlive: true,
      maxSockets: MOST_SOCKETS,
      timeout: IDLE_SOCKET_MS,
    });
    this.#streamAgent = new this.#transport.Agent({ keepAlive: false });
  }

  /** Aborts when the client is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** The answer, with a status of 2xx, 404, 409, 410, or 4xx that `tolerated` names; all else throws. */
  async request(call: ApiCall, tolerated: readonly number[] = []): Promise<ApiAnswer> {
    const expected = [404, 409, 410, ...tolerated];
    const { signal } = this.#closed;
    return this.#persist(call, signal, this.#options.patienceMs, async (renew) => {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(this.#options.answerTimeoutMs)]);
      const response = await this.#send(call, renew, this.#agent, deadline);
      const text = await readText(response);
      const answer = { status: response.statusCode ?? 0, body: parsed(text), text };
      if (isSuccess(answer.status) || expected.includes(answer.status)) return answer;
      throw new Refused(answer, retryAfterMs(response), refusal(call, this.title, answer));
    });
  }

  /** The open body of a successful answer; every refusal throws, a 410 as `compacted`. The caller destroys it. */
  async open(call: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
    const either = AbortSignal.any([signal, this.#closed.signal]);
    return this.#persist(call, either, this.#options.streamPatienceMs, async (renew, combined) => {
      const response = await this.#openOnce(call, renew, combined);
      if (isSuccess(response.statusCode ?? 0)) return response;
      const text = await readText(response);
      const answer = { status: response.statusCode ?? 0, body: parsed(text), text };
      throw new Refused(answer, retryAfterMs(response), refusal(call, this.title, answer));
    });
  }

  /** Ends everything that is under way with `closed`. */
  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
    this.#streamAgent.destroy();
  }

  /** The error for whoever uses a closed client. */
  closedError(): DatastoreError {
    return new DatastoreError('closed', `The connection to ${this.title} was closed.`);
  }

  /** Repeats an attempt as long as that makes sense. */
  async #persist<T>(
    call: ApiCall,
    signal: AbortSignal,
    patienceMs: number,
    attempt: (renew: boolean, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const giveUpAt = performance.now() + patienceMs;
    let renewed = false;
    for (let failures = 0; ; failures++) {
      this.#assertOpen();
      try {
        return await attempt(renewed, signal);
      } catch (error) {
        this.#assertOpen();
        if (signal.aborted || error instanceof DatastoreError) throw error;
        if (error instanceof Refused && error.answer.status === 401 && !renewed) {
          renewed = true;
          continue;
        }
        const pause = pauseBeforeRetry(call, error, failures);
        if (pause === undefined || performance.now() + pause > giveUpAt) throw this.#final(call, error);
        await waitOrEnd(pause, signal);
      }
    }
  }

  #final(call: ApiCall, error: unknown): DatastoreError {
    if (error instanceof Refused) return error.failure;
    if (isRead(call) || wasNotSent(error)) return connectionFailure(call, this.title, error);
    const why = `the connection broke before the answer came (${codeOf(error) || 'no answer'})`;
    const next = 'Whether it was done is not known: read the object, then try again.';
    return failure('unavailable', call, this.title, why, next, error);
  }

  async #openOnce(call: ApiCall, renew: boolean, signal: AbortSignal): Promise<IncomingMessage> {
    const tooLate = new AbortController();
    const timer = setTimeout(() => tooLate.abort(timeoutError()), this.#options.answerTimeoutMs);
    try {
      return await this.#send(call, renew, this.#streamAgent, AbortSignal.any([signal, tooLate.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends once; resolves when the head of the answer is there. */
  async #send(call: ApiCall, renew: boolean, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, insecureSkipVerify, tlsServerName } = this.#connection;
    const { token, cert, key, ca } = await this.#identity(call, renew);
    const body = call.body === undefined ? undefined : stringifyJson(call.body);
    const request = this.#transport.request(`${server}${pathOf(call)}`, {
      method: methodOf(call),
      agent,
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': 'weft',
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && {
          'content-type': call.verb === 'patch' ? 'application/merge-patch+json' : 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      },
      rejectUnauthorized: !insecureSkipVerify,
      ...(ca && { ca }),
      ...(cert && key && { cert, key }),
      ...(tlsServerName && { servername: tlsServerName }),
    });
    // An error after the head of the answer is told by the body as well.
    request.on('error', () => undefined);
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  /** The credentials and the authority of now. What keeps them from being read will not pass by itself. */
  async #identity(call: ApiCall, renew: boolean): Promise<Credentials & { readonly ca?: string }> {
    const { ca, credentials } = this.#connection;
    try {
      return { ...(await credentials(renew)), ...(ca && { ca: ca() }) };
    } catch (error) {
      if (error instanceof DatastoreError) throw error;
      const why = `a token or certificate cannot be read (${error instanceof Error ? error.message : error})`;
      throw failure(
        'unavailable',
        call,
        this.title,
        why,
        'Check the files that the kubeconfig names.',
        error,
      );
    }
  }

  #assertOpen(): void {
    if (this.#closed.signal.aborted) throw this.closedError();
  }
}

/** An answer that is no success, on its way to being tried again or thrown. */
class Refused extends Error {
  readonly answer: ApiAnswer;
  readonly retryAfterMs: number | undefined;
  readonly failure: DatastoreError;

  constructor(answer: ApiAnswer, retryAfterMs: number | undefined, failure: DatastoreError) {
    super(failure.message);
    this.answer = answer;
    this.retryAfterMs = retryAfterMs;
    this.failure = failure;
  }
}

/** Milliseconds until the next attempt; undefined when there should be none. */
function pauseBeforeRetry(call: ApiCall, error: unknown, failures: number): number | undefined {
  const pause = pauseAfter(failures + 1, Math.random());
  if (!(error instanceof Refused)) {
    const mayRepeat = isRead(call) || wasNotSent(error);
    return mayRepeat && !isTlsFailure(error) ? pause : undefined;
  }
  const { status } = error.answer;
  if (status !== 429 && !(status >= 500 && isRead(call))) return undefined;
  return Math.max(pause, Math.min(error.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
}

/** True when the request cannot have reached a server. */
function wasNotSent(error: unknown): boolean {
  return (
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(codeOf(error)) || isTlsFailure(error)
  );
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function retryAfterMs({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) throw new Error('the answer is larger than 256 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // a proxy's page, "404 page not found": the text itself is shown
  }
}

function timeoutError(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
}

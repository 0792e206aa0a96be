/**
 * One connection to one gRPC server: HTTP/2 by Node, calls with one answer, and streams. It is ready when the server has
 * sent its HTTP/2 settings, which nothing but an HTTP/2 server does.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { FrameSplitter, frame } from './frame.ts';
import { errorInTrailers, GrpcCode, GrpcError } from './status.ts';

/** When to give up, in milliseconds. */
export interface ConnectionTiming {
  /** For TCP, TLS and HTTP/2 together. */
  readonly dialMs: number;
  /** Between two pings. */
  readonly pingEveryMs: number;
  /** For the answer to a ping; without one the connection is dead. */
  readonly pingTimeoutMs: number;
}

/** A list of the largest objects fits; what is larger is a mistake, or no etcd. */
const MESSAGE_LIMIT_BYTES = 256 * 1024 * 1024;

/**
 * How much may be on its way on all streams together. Of one stream it is HTTP/2's 64 KiB, which is what a slow reader costs,
 * many times over: Node keeps a whole 64 KiB read for as long as one event in it waits.
 */
const CONNECTION_WINDOW_BYTES = 1024 * 1024;

/** Further headers of a call. */
export type CallHeaders = Readonly<Record<string, string>>;

/** The path in `unix:///path`; undefined for a URL of the network. */
function socketPathIn(url: string): string | undefined {
  return url.startsWith('unix://') ? url.slice('unix://'.length) : undefined;
}

/** A connection that was once ready. */
export class GrpcConnection {
  readonly url: string;
  readonly #session: ClientHttp2Session;
  readonly #pings: NodeJS.Timeout;

  private constructor(url: string, session: ClientHttp2Session, timing: ConnectionTiming) {
    this.url = url;
    this.#session = session;
    this.#pings = setInterval(() => this.#ping(timing.pingTimeoutMs), timing.pingEveryMs).unref();
    session.on('close', () => clearInterval(this.#pings));
  }

  /** Connects. Rejects with the first error of TCP, TLS or HTTP/2, or with DEADLINE_EXCEEDED; `signal` gives up earlier. */
  static dial(
    url: string,
    tls: SecureContextOptions,
    timing: ConnectionTiming,
    signal: AbortSignal,
  ): Promise<GrpcConnection> {
    const socket = socketPathIn(url);
    const session = connect(socket === undefined ? url : 'http://localhost', {
      ...tls,
      ...(socket !== undefined && { createConnection: () => connectSocket(socket) }),
      settings: { enablePush: false },
    });
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        settle();
        session.destroy();
        reject(error);
      };
      const late = () =>
        fail(new GrpcError(GrpcCode.DEADLINE_EXCEEDED, `no answer within ${timing.dialMs / 1000} s`));
      const closed = () =>
        fail(new GrpcError(GrpcCode.UNAVAILABLE, 'the connection was closed before HTTP/2 was spoken'));
      const aborted = () => fail(signal.reason);
      const timer = setTimeout(late, timing.dialMs);
      const settle = () => {
        clearTimeout(timer);
        session.off('close', closed);
        signal.removeEventListener('abort', aborted);
      };
      signal.addEventListener('abort', aborted);
      // Stays for good: without a listener, the error of a connection that dies later would end the process.
      session.on('error', fail);
      // Node does not tell the session of an error between TLS and HTTP/2, where a server refuses a certificate.
      session.once('connect', (_, socket) => socket.on('error', fail));
      session.once('close', closed);
      session.once('remoteSettings', () => {
        settle();
        session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
        resolve(new GrpcConnection(url, session, timing));
      });
    });
  }

  /** False when no further call can be made on it. */
  get usable(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** Calls when the connection has ended, for whatever reason. */
  onClose(listener: () => void): void {
    this.#session.once('close', listener);
  }

  /** A call with one answer. Rejects with GrpcError. */
  unary(path: string, message: Buffer, headers: CallHeaders, deadlineMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const stream = this.#open(path, { ...headers, 'grpc-timeout': `${Math.ceil(deadlineMs)}m` });
      const splitter = new FrameSplitter(MESSAGE_LIMIT_BYTES);
      const ending = new Ending(stream);
      let answer: Buffer | undefined;
      const timer = setTimeout(() => {
        ending.set(new GrpcError(GrpcCode.DEADLINE_EXCEEDED, `no answer within ${deadlineMs / 1000} s`));
        stream.close(constants.NGHTTP2_CANCEL);
      }, deadlineMs);
      stream.on('data', (chunk: Buffer) => {
        try {
          answer = splitter.push(chunk)[0] ?? answer;
        } catch (error) {
          ending.set(error as GrpcError);
          stream.close(constants.NGHTTP2_CANCEL);
        }
      });
      stream.on('close', () => {
        clearTimeout(timer);
        const error = ending.error;
        if (error) reject(error);
        else if (answer) resolve(answer);
        else reject(new GrpcError(GrpcCode.INTERNAL, 'the server answered nothing'));
      });
      stream.end(frame(message));
    });
  }

  /** A call whose requests and answers go on until either side ends it. */
  stream(path: string, headers: CallHeaders): GrpcStream {
    return new GrpcStream(this.#open(path, headers));
  }

  /** Ends it when its calls are done; new ones are refused. */
  retire(): void {
    this.#session.close();
  }

  /** Ends it and all its calls. */
  destroy(): void {
    this.#session.destroy();
  }

  #open(path: string, headers: CallHeaders): ClientHttp2Stream {
    try {
      return this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
    } catch (cause) {
      throw new GrpcError(GrpcCode.UNAVAILABLE, 'the connection was lost', { unsent: true, cause });
    }
  }

  /** A peer that is gone without a word, or hangs, is noticed by its silence only. */
  #ping(timeoutMs: number): void {
    if (this.#session.destroyed) return;
    const timer = setTimeout(() => this.#session.destroy(), timeoutMs).unref();
    try {
      this.#session.ping(() => clearTimeout(timer));
    } catch {
      clearTimeout(timer); // it closed in this very moment, and says so by its own event
    }
  }
}

/** A call in both directions. Reading is at the reader's pace: what it leaves unread stops the server. */
export class GrpcStream {
  readonly #stream: ClientHttp2Stream;
  readonly #ending: Ending;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    this.#ending = new Ending(stream);
  }

  /** Sends a message. One on a stream that has ended is lost; reading says how it ended. */
  send(message: Buffer): void {
    if (this.#stream.writable) this.#stream.write(frame(message));
  }

  /** The messages of the server; ends with its OK, throws GrpcError for any other end. To be called once. */
  async *messages(): AsyncGenerator<Buffer, void, undefined> {
    const splitter = new FrameSplitter(MESSAGE_LIMIT_BYTES);
    try {
      for await (const chunk of this.#stream) yield* splitter.push(chunk as Buffer);
    } catch (error) {
      if (error instanceof GrpcError) throw error;
    } finally {
      this.cancel();
    }
    await this.#ending.reached;
    if (this.#ending.error) throw this.#ending.error;
  }

  /** Ends it from our side. */
  cancel(): void {
    if (!this.#stream.closed) this.#stream.close(constants.NGHTTP2_CANCEL);
  }
}

/** Collects how a stream ends: a status in the headers (when there is no answer), in the trailers, or none at all. */
class Ending {
  /** Resolves when the stream is closed. */
  readonly reached: Promise<void>;
  #trailers: IncomingHttpHeaders | undefined;
  #error: GrpcError | undefined;

  constructor(stream: ClientHttp2Stream) {
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200)
        this.#error = new GrpcError(
          GrpcCode.UNAVAILABLE,
          `it answers with HTTP status ${headers[':status']}`,
        );
      if (headers['grpc-status'] !== undefined) this.#trailers = headers;
    });
    stream.on('trailers', (trailers) => {
      this.#trailers = trailers;
    });
    // An error is followed by the close, and the lack of trailers says all that a caller can use.
    stream.on('error', () => undefined);
    this.reached = new Promise((resolve) => stream.on('close', () => resolve()));
  }

  /** What is known on this side counts more than what the server says. */
  set(error: GrpcError): void {
    this.#error ??= error;
  }

  get error(): GrpcError | undefined {
    return this.#error ?? errorInTrailers(this.#trailers);
  }
}

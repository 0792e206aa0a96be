/**
 * A client of an etcd cluster: calls that survive a lost connection, a dead member and an election, on whichever endpoint
 * answers. It speaks in etcd's messages; `EtcdStore` makes resources of them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EtcdChoice } from '../../choice/datastore-choice.ts';
import { DatastoreError } from '../../datastore.ts';
import type { CallHeaders, GrpcConnection } from '../grpc/connection.ts';
import { GrpcCode, GrpcError } from '../grpc/status.ts';
import {
  decodeRange,
  decodeTxn,
  encodeRange,
  encodeTxn,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
} from '../protobuf/kv.ts';
import {
  decodeLease,
  decodeToken,
  encodeAuthenticate,
  encodeLeaseGrant,
  encodeLeaseId,
  type Lease,
} from '../protobuf/lease.ts';
import {
  decodeWatchResponse,
  encodeWatchCreate,
  type WatchCreateRequest,
  type WatchResponse,
} from '../protobuf/watch.ts';
import { Endpoints } from './endpoints.ts';
import { DialError, etcdError, failureOf } from './etcd-error.ts';
import { DEFAULT_TIMING, type EtcdTiming, pauseMs } from './timing.ts';

const RANGE = '/etcdserverpb.KV/Range';
const TXN = '/etcdserverpb.KV/Txn';
const WATCH = '/etcdserverpb.Watch/Watch';
const LEASE_GRANT = '/etcdserverpb.Lease/LeaseGrant';
const LEASE_REVOKE = '/etcdserverpb.Lease/LeaseRevoke';
const LEASE_KEEP_ALIVE = '/etcdserverpb.Lease/LeaseKeepAlive';
const AUTHENTICATE = '/etcdserverpb.Auth/Authenticate';

/** An answer, and whether an earlier attempt at the same call may have been carried out as well. */
export interface Attempted<T> {
  readonly answer: T;
  readonly uncertain: boolean;
}

/** How often one call asks for a new token before the refusal is believed. */
const NEW_TOKENS_PER_CALL = 2;

/** A client; it connects with its first call. */
export class EtcdClient {
  readonly timing: EtcdTiming;
  readonly #choice: EtcdChoice;
  readonly #endpoints: Endpoints;
  readonly #closing = new AbortController();
  #token: Promise<string> | undefined;

  constructor(choice: EtcdChoice, timing: EtcdTiming = DEFAULT_TIMING) {
    this.timing = timing;
    this.#choice = choice;
    this.#endpoints = new Endpoints(choice, timing);
  }

  /** Aborts when the client is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Asks each endpoint once, without patience: for whoever has just been given the endpoints and may have mistyped them. */
  async probe(key: string): Promise<void> {
    const request = encodeRange({ key, limit: 1, keysOnly: true });
    await this.#call(RANGE, request, decodeRange, this.#endpoints.urls.length);
  }

  /** Reads keys. Throws DatastoreError, `compacted` among them when an old revision was asked for. */
  async range(request: RangeRequest): Promise<RangeResponse> {
    return (await this.#call(RANGE, encodeRange(request), decodeRange)).answer;
  }

  /**
   * A transaction. It must be one that cannot succeed twice, as a comparison of revisions is: a lost answer makes the
   * client send it again. `uncertain` then says that a failed comparison may be due to its own first attempt.
   */
  txn(request: TxnRequest): Promise<Attempted<TxnResponse>> {
    return this.#call(TXN, encodeTxn(request), decodeTxn);
  }

  /** A new lease. One whose answer is lost runs out by itself. */
  async grantLease(ttlSeconds: number): Promise<Lease> {
    return (await this.#call(LEASE_GRANT, encodeLeaseGrant(ttlSeconds), decodeLease)).answer;
  }

  /** Ends a lease, and removes the keys bound to it. */
  async revokeLease(id: bigint): Promise<void> {
    await this.#call(LEASE_REVOKE, encodeLeaseId(id), () => undefined);
  }

  /** Prolongs a lease; the answer's `ttlSeconds` is 0 when it had run out. */
  async keepLeaseAlive(id: bigint): Promise<Lease> {
    const keepAlive = (connection: GrpcConnection, headers: CallHeaders, deadlineMs: number) =>
      firstAnswer(connection, headers, deadlineMs, encodeLeaseId(id));
    return (await this.#attempts(keepAlive, decodeLease)).answer;
  }

  /**
   * One watch on one connection: its responses until it ends. Throws what `failureOf` understands; going on elsewhere is
   * the caller's business, who knows how far it came.
   */
  async *watch(
    request: WatchCreateRequest,
    signal: AbortSignal,
  ): AsyncGenerator<WatchResponse, void, undefined> {
    const connection = await this.#endpoints.connection();
    try {
      const headers = { ...(await this.#credentials(connection)), hasleader: 'true' };
      if (signal.aborted) return;
      const stream = connection.stream(WATCH, headers);
      const cancel = () => stream.cancel();
      signal.addEventListener('abort', cancel);
      try {
        stream.send(encodeWatchCreate(request));
        for await (const message of stream.messages()) {
          const response = decodeWatchResponse(message);
          if (response.canceled && response.compactRevision === 0)
            throw new GrpcError(GrpcCode.UNAVAILABLE, response.cancelReason || 'the watch was canceled');
          yield response;
        }
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    } catch (error) {
      await this.#after(error, connection);
      throw error;
    }
  }

  /** The failure of a call as DatastoreError; what is one already comes back as it is. */
  error(error: unknown): DatastoreError {
    if (error instanceof DatastoreError) return error;
    if (this.closing.aborted) return new DatastoreError('closed', 'The datastore was closed; open it again.');
    return etcdError(this.#endpoints.urls, failureOf(error), error);
  }

  /** Ends every call, watch and connection. */
  close(): void {
    this.#closing.abort();
    this.#endpoints.close();
  }

  #call<T>(
    path: string,
    message: Buffer,
    decode: (bytes: Buffer) => T,
    attempts: number = Number.POSITIVE_INFINITY,
  ): Promise<Attempted<T>> {
    const unary = (connection: GrpcConnection, headers: CallHeaders, deadlineMs: number) =>
      connection.unary(path, message, headers, deadlineMs);
    return this.#attempts(unary, decode, attempts);
  }

  async #attempts<T>(
    attempt: (connection: GrpcConnection, headers: CallHeaders, deadlineMs: number) => Promise<Buffer>,
    decode: (bytes: Buffer) => T,
    limit: number = Number.POSITIVE_INFINITY,
  ): Promise<Attempted<T>> {
    const until = performance.now() + this.timing.patienceMs;
    let uncertain = false;
    let newTokens = 0;
    for (let failures = 0; ; ) {
      let connection: GrpcConnection | undefined;
      try {
        connection = await this.#endpoints.connection();
        const headers = await this.#credentials(connection);
        return { answer: decode(await attempt(connection, headers, this.timing.attemptMs)), uncertain };
      } catch (error) {
        const { remedy } = await this.#after(error, connection);
        if (remedy === 'new token' && newTokens++ < NEW_TOKENS_PER_CALL && this.#hasPassword) continue;
        if (error instanceof GrpcError && !error.unsent && remedy === 'another endpoint') uncertain = true;
        failures += error instanceof DialError ? this.#endpoints.urls.length : 1;
        const pause = pauseMs(failures, this.#endpoints.urls.length);
        const goOn = remedy === 'another endpoint' && failures < limit && performance.now() + pause < until;
        if (!goOn || this.closing.aborted) throw this.error(error);
        await sleep(pause, undefined, { signal: this.closing }).catch(() => undefined);
      }
    }
  }

  /** Draws the consequences of a failure for the calls to come. */
  async #after(
    error: unknown,
    connection: GrpcConnection | undefined,
  ): Promise<ReturnType<typeof failureOf>> {
    const failure = failureOf(error);
    if (failure.remedy === 'new token') this.#token = undefined;
    if (failure.remedy === 'another endpoint' && connection) await this.#endpoints.leave(connection);
    return failure;
  }

  /** As in Calico, a user counts only with a password. */
  get #hasPassword(): boolean {
    return Boolean(this.#choice.username && this.#choice.password);
  }

  async #credentials(connection: GrpcConnection): Promise<CallHeaders> {
    if (!this.#hasPassword) return {};
    this.#token ??= this.#authenticate(connection);
    const asked = this.#token;
    try {
      const token = await asked;
      return token === '' ? {} : { token };
    } catch (error) {
      if (this.#token === asked) this.#token = undefined;
      throw error;
    }
  }

  /** A token for the user; empty when the server knows no users, whose password then does not matter. */
  async #authenticate(connection: GrpcConnection): Promise<string> {
    const { username = '', password = '' } = this.#choice;
    try {
      const message = encodeAuthenticate(username, password);
      return decodeToken(await connection.unary(AUTHENTICATE, message, {}, this.timing.attemptMs));
    } catch (error) {
      if (error instanceof GrpcError && /authentication is not enabled/.test(error.message)) return '';
      throw error;
    }
  }
}

/** Keeping a lease alive is a stream in etcd; one question and one answer of it are enough. */
async function firstAnswer(
  connection: GrpcConnection,
  headers: CallHeaders,
  deadlineMs: number,
  question: Buffer,
): Promise<Buffer> {
  const stream = connection.stream(LEASE_KEEP_ALIVE, headers);
  const timer = setTimeout(() => stream.cancel(), deadlineMs);
  try {
    stream.send(question);
    for await (const answer of stream.messages()) return answer;
    throw new GrpcError(GrpcCode.UNAVAILABLE, 'the server answered nothing');
  } finally {
    clearTimeout(timer);
  }
}

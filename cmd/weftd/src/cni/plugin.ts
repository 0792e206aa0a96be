/**
 * The CNI plugin's other half: takes the call that the client on the host passed on, and says what it has to print.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CniError,
  type CniRequest,
  cniError,
  decodeCall,
  ERROR_CODE,
  encodeError,
  encodeResult,
  isCniError,
  parseRequest,
  type SpecVersion,
  SUPPORTED_VERSIONS,
} from '@weft/cni';
import type { CniAnswer } from '@weft/control';
import { Turns } from '../endpoints/turns.ts';
import { add, otherComesFirst } from './add.ts';
import { check } from './check.ts';
import type { CniHost } from './cni-host.ts';
import { del } from './del.ts';
import { cniEndpointId } from './endpoint-id.ts';
import { gc } from './gc.ts';
import { CniSpool, type Replayed } from './spool.ts';
import { status } from './status.ts';

/** How long an ADD waits for DELs that were kept. */
const SWEEP_MS = 2_000;

/** Answers calls of the CNI plugin. */
export class CniPlugin {
  readonly #host: CniHost;
  readonly #spool: CniSpool;
  readonly #now: () => number;
  /** When this process made each attachment, in ms since the epoch: a DEL that was kept before is not about it. */
  readonly #addedAt = new Map<string, number>();
  /** ADDs and DELs of one attachment, one after the other. */
  readonly #turns = new Turns();
  /** The attachments that ADDs under way make. */
  readonly #adding = new Map<CniRequest, string>();
  readonly #listening = Promise.withResolvers<void>();

  /**
   * @param spoolDirectory where DELs wait
   * @param now milliseconds since the epoch
   */
  constructor(host: CniHost, spoolDirectory: string, now: () => number) {
    this.#host = host;
    this.#now = now;
    this.#spool = new CniSpool(spoolDirectory, host.log, {
      attachmentOf,
      replay: (bytes, writtenAt) => this.#replay(bytes, writtenAt),
    });
  }

  /** Does the DELs that wait. To be called when endpoints are known, and nobody is answered yet. */
  sweep(): Promise<void> {
    return this.#spool.sweep();
  }

  /**
   * Does what was kept up to the moment at which clients could reach the daemon; until then calls wait. A DEL that a client
   * keeps later is asked for again by the client itself.
   */
  async listens(): Promise<void> {
    await this.#sweepBriefly();
    this.#listening.resolve();
  }

  /** One DEL that hangs, in an IPAM plugin say, must not keep others from being plugged in; it goes on behind them. */
  async #sweepBriefly(): Promise<void> {
    await Promise.race([this.#spool.sweep(), sleep(SWEEP_MS, undefined, { ref: false })]);
  }

  /** Tries nothing again. */
  close(): void {
    this.#spool.close();
  }

  /** @param bytes the call as `@weft/cni` encodes it */
  async answer(bytes: Uint8Array): Promise<CniAnswer> {
    const call = decodeCall(bytes);
    if (isCniError(call)) return this.#failed(call);
    const parsed = parseRequest(call);
    if (parsed.kind === 'refused') return this.#failed(parsed.error, parsed.version);
    const { request } = parsed;
    const outcome = await this.#attempt(() => this.#inOrder(request));
    if (!isCniError(outcome)) return succeeded(outcome);
    const isKept = request.command === 'DEL' && (await this.#keep(bytes, outcome));
    // What is kept comes after every ADD so far, whatever the clock does.
    if (isKept) this.#addedAt.delete(idOf(request));
    return isKept ? succeeded(undefined) : this.#failed(outcome, request.version, request);
  }

  /** A kept DEL comes before whatever is asked for after it. */
  async #inOrder(request: CniRequest): Promise<object | CniError | undefined> {
    if (!('attachment' in request) && request.command !== 'GC') return this.#run(request);
    // While nothing can be done anyway, whoever asks is told so at once.
    if (this.#host.isPossible()) await this.#listening.promise;
    if (request.command === 'ADD' && this.#spool.waiting > 0) await this.#sweepBriefly();
    if (request.command === 'ADD' && this.#spool.holds(idOf(request))) return delComesFirst(request);
    return this.#run(request);
  }

  async #run(request: CniRequest): Promise<object | CniError | undefined> {
    switch (request.command) {
      case 'VERSION':
        return { cniVersion: request.version, supportedVersions: SUPPORTED_VERSIONS };
      case 'ADD':
        return this.#add(request);
      case 'DEL': {
        const error = await del(this.#host, request, this.#turns);
        if (error === undefined) this.#isDone(idOf(request));
        return error;
      }
      case 'CHECK':
        return check(this.#host, request);
      case 'STATUS':
        return status(this.#host, request);
      case 'GC':
        return gc(this.#host, request);
    }
  }

  async #add(
    request: Extract<CniRequest, { readonly command: 'ADD' | 'CHECK' }>,
  ): Promise<object | CniError> {
    const id = idOf(request);
    const startedAt = this.#now();
    this.#adding.set(request, id);
    try {
      const result = await add(this.#host, request, this.#turns);
      if (isCniError(result)) return result;
      this.#addedAt.set(id, startedAt);
      return encodeResult(result, request.version);
    } finally {
      this.#adding.delete(request);
    }
  }

  async #attempt<T>(run: () => Promise<T>): Promise<T | CniError> {
    try {
      return await run();
    } catch (error) {
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#host.log.error('cni-failed', 'a mistake in weft while it answered the CNI plugin', { cause });
      return cniError(
        ERROR_CODE.internal,
        'weftd failed while it answered',
        "Read weftd's log for the cause.",
      );
    }
  }

  /** A DEL that only has to wait is taken on: the runtime may not ask again. */
  async #keep(bytes: Uint8Array, { code, message }: CniError): Promise<boolean> {
    if (code !== ERROR_CODE.tryAgainLater) return false;
    try {
      await this.#spool.keep(bytes, this.#now());
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#host.log.error('cni-spool-failed', 'a DEL that has to wait cannot be kept', { cause });
      return false;
    }
    this.#host.log.warn('cni-del-kept', `a DEL is done later: ${message}`);
    return true;
  }

  async #replay(bytes: Uint8Array, writtenAt: number): Promise<Replayed> {
    const request = delIn(bytes);
    if (typeof request === 'string') return { kind: 'never', reason: request };
    const id = idOf(request);
    if (writtenAt < (this.#addedAt.get(id) ?? 0)) return { kind: 'done' };
    const error = this.#isBeingAdded(id)
      ? otherComesFirst(request)
      : await this.#attempt(() => del(this.#host, request, this.#turns));
    if (isCniError(error)) return { kind: this.#host.isPossible() ? 'later' : 'away', reason: error.message };
    this.#isDone(id);
    return { kind: 'done' };
  }

  /** A DEL that was kept before that ADD began must not wait for it, and take its container out. */
  #isBeingAdded(id: string): boolean {
    return this.#adding.values().some((added) => added === id);
  }

  #isDone(id: string): void {
    this.#addedAt.delete(id);
    this.#spool.release(id);
  }

  #failed(error: CniError, version?: SpecVersion, request?: CniRequest): CniAnswer {
    const { code, details, message } = error;
    const about = request !== undefined && 'attachment' in request ? request.attachment : {};
    const command = request?.command;
    this.#host.log.warn('cni-refused', message, { command, code, details, ...about });
    return { exitCode: 1, stdout: JSON.stringify(encodeError(error, version)) };
  }
}

/** The DEL that was kept, or why it can never be done. */
function delIn(bytes: Uint8Array): Extract<CniRequest, { readonly command: 'DEL' }> | string {
  const call = decodeCall(bytes);
  if (isCniError(call)) return call.message;
  const parsed = parseRequest(call);
  if (parsed.kind === 'refused') return parsed.error.message;
  const { request } = parsed;
  return request.command === 'DEL' ? request : `it is a ${request.command}`;
}

function attachmentOf(bytes: Uint8Array): string | undefined {
  const request = delIn(bytes);
  return typeof request === 'string' ? undefined : idOf(request);
}

function delComesFirst({ attachment }: Extract<CniRequest, { readonly attachment: object }>): CniError {
  return cniError(
    ERROR_CODE.tryAgainLater,
    `an earlier DEL of ${attachment.interfaceName} in ${attachment.containerId} is not done yet`,
    'It waits for the datastore, or is under way: try again.',
  );
}

function idOf({ attachment, configuration }: Extract<CniRequest, { readonly attachment: object }>): string {
  return cniEndpointId({ network: configuration.name, ...attachment });
}

function succeeded(value: object | undefined): CniAnswer {
  return { exitCode: 0, stdout: value === undefined ? '' : JSON.stringify(value) };
}

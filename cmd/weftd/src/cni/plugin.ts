/**
 * The CNI plugin's other half: takes the call that the client on the host passed on, and says what it has to print.
 */
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
import { add } from './add.ts';
import { check } from './check.ts';
import type { CniHost } from './cni-host.ts';
import { del } from './del.ts';
import { gc } from './gc.ts';
import { status } from './status.ts';

/** Answers calls of the CNI plugin. */
export class CniPlugin {
  readonly #host: CniHost;

  constructor(host: CniHost) {
    this.#host = host;
  }

  /** @param bytes the call as `@weft/cni` encodes it */
  async answer(bytes: Uint8Array): Promise<CniAnswer> {
    const call = decodeCall(bytes);
    if (isCniError(call)) return this.#failed(call);
    const parsed = parseRequest(call);
    if (parsed.kind === 'refused') return this.#failed(parsed.error, parsed.version);
    const { request } = parsed;
    try {
      const outcome = await this.#run(request);
      return isCniError(outcome) ? this.#failed(outcome, request.version, request) : succeeded(outcome);
    } catch (error) {
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#host.log.error('cni-failed', 'a mistake in weft while it answered the CNI plugin', { cause });
      return this.#failed(internal(), request.version, request);
    }
  }

  async #run(request: CniRequest): Promise<object | CniError | undefined> {
    switch (request.command) {
      case 'VERSION':
        return { cniVersion: request.version, supportedVersions: SUPPORTED_VERSIONS };
      case 'ADD': {
        const result = await add(this.#host, request);
        return isCniError(result) ? result : encodeResult(result, request.version);
      }
      case 'DEL':
        return del(this.#host, request);
      case 'CHECK':
        return check(this.#host, request);
      case 'STATUS':
        return status(this.#host);
      case 'GC':
        return gc(this.#host, request);
    }
  }

  #failed(error: CniError, version?: SpecVersion, request?: CniRequest): CniAnswer {
    const { code, details, message } = error;
    const about = request !== undefined && 'attachment' in request ? request.attachment : {};
    const command = request?.command;
    this.#host.log.warn('cni-refused', message, { command, code, details, ...about });
    return { exitCode: 1, stdout: JSON.stringify(encodeError(error, version)) };
  }
}

function succeeded(value: object | undefined): CniAnswer {
  return { exitCode: 0, stdout: value === undefined ? '' : JSON.stringify(value) };
}

function internal(): CniError {
  return cniError(ERROR_CODE.internal, 'weftd failed while it answered', "Read weftd's log for the cause.");
}

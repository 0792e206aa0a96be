/** What clients catch, and what a server that cannot start throws. */
import type { RefusalCode } from './schema/refusal.ts';

/**
 * One code per cause. From the daemon: the refusal codes. At the client: `unreachable`, `timeout`, `bad-reply`,
 * `not-trusted`. When the server starts: `path-too-long`, `not-a-socket`, `in-use`, `cannot-listen`. At either:
 * `unusable-credentials`.
 */
export type ControlErrorCode =
  | RefusalCode
  | 'unreachable'
  | 'timeout'
  | 'bad-reply'
  /** The daemon is not who it should be, or it does not accept our certificate. */
  | 'not-trusted'
  | 'unusable-credentials'
  | 'path-too-long'
  | 'not-a-socket'
  | 'in-use'
  | 'cannot-listen';

/** A control operation failed. `message` holds all three parts; `what`, `object` and `hint` hold them apart. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;
  readonly what: string;
  readonly object: string;
  readonly hint: string;

  constructor(code: ControlErrorCode, what: string, object: string, hint: string, options?: ErrorOptions) {
    super(`${what}: ${object}. ${hint}`, options);
    this.code = code;
    this.what = what;
    this.object = object;
    this.hint = hint;
  }
}

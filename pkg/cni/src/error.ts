/**
 * What goes wrong, as the specification has it: a code, a short message, a longer one.
 *
 * Source: CNI specification 1.1.0, section 5, "Error"; codes from 100 on are a plugin's own.
 */
import { NEWEST_VERSION, type SpecVersion } from './versions.ts';

/** The codes. Runtimes and people test them, so they are API. */
export const ERROR_CODE = {
  incompatibleVersion: 1,
  /** The message holds key and value. */
  unsupportedField: 2,
  /** The runtime need not call DEL. */
  unknownContainer: 3,
  /** The message names the variables. */
  invalidEnvironment: 4,
  ioFailure: 5,
  decodingFailure: 6,
  invalidConfiguration: 7,
  tryAgainLater: 11,
  notAvailable: 50,
  limitedConnectivity: 51,
  /** weft failed; its log knows more. */
  internal: 100,
  /** The address is taken, or the pools have none left. */
  noAddress: 101,
  /** The kernel refused. */
  network: 102,
  /** CHECK found the container otherwise than it was made. */
  notAsExpected: 103,
  /** Something else of that name is plugged in. */
  conflict: 104,
} as const;

/** One of the codes; a delegated plugin may bring others. */
export type ErrorCode = number;

/** Why a request was not done. */
export interface CniError {
  readonly kind: 'cni-error';
  readonly code: ErrorCode;
  /** What happened, in a few words, without a final full stop. */
  readonly message: string;
  /** To which object, and what to do next. */
  readonly details: string;
}

/** Makes an error. */
export function cniError(code: ErrorCode, message: string, details: string): CniError {
  return { kind: 'cni-error', code, message, details };
}

/** Tells an error from a success. */
export function isCniError(value: unknown): value is CniError {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'cni-error';
}

/** The error as it is printed. */
export function encodeError(
  { code, message, details }: CniError,
  cniVersion: SpecVersion = NEWEST_VERSION,
): object {
  return { cniVersion, code, msg: message, ...(details === '' ? {} : { details }) };
}

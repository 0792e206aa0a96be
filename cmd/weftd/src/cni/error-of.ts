/** A refusal of the daemon as the error that the CNI plugin prints. */
import { type CniError, cniError, ERROR_CODE } from '@weft/cni';
import type { Refusal, RefusalCode } from '@weft/control';

const CODES: Readonly<Record<RefusalCode, number>> = {
  'invalid-request': ERROR_CODE.invalidConfiguration,
  forbidden: ERROR_CODE.network,
  'not-found': ERROR_CODE.unknownContainer,
  'method-not-allowed': ERROR_CODE.internal,
  conflict: ERROR_CODE.conflict,
  'no-address': ERROR_CODE.noAddress,
  'too-large': ERROR_CODE.invalidConfiguration,
  internal: ERROR_CODE.network,
  unavailable: ERROR_CODE.tryAgainLater,
  'deadline-exceeded': ERROR_CODE.tryAgainLater,
};

/** Puts a refusal into CNI's terms. */
export function errorOf({ code, hint, message, object }: Refusal): CniError {
  return cniError(CODES[code], `${message}: ${object}`, hint);
}

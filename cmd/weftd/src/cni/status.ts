/** STATUS: whether containers can be added just now. */
import { type CniError, cniError, ERROR_CODE } from '@weft/cni';
import type { CniHost } from './cni-host.ts';

/** An error while the node is not ready, with all reasons. */
export function status({ readiness }: CniHost): CniError | undefined {
  const { ok, reasons } = readiness();
  if (ok) return undefined;
  const hint = 'See `weftctl node status` on the node.';
  return cniError(ERROR_CODE.notAvailable, `the node is not ready: ${reasons.join('; ')}`, hint);
}

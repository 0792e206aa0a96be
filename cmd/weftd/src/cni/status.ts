/** STATUS: whether containers can be added just now. */
import { type CniError, type CniRequest, cniError, ERROR_CODE, isCniError } from '@weft/cni';
import type { CniHost } from './cni-host.ts';
import { delegate } from './delegate.ts';

type StatusRequest = Extract<CniRequest, { readonly command: 'STATUS' }>;

/**
 * An error while the node is not ready, with all reasons: 50 when it cannot add a container, 51 when it could but containers,
 * also those there are, may not reach others.
 */
export async function status(host: CniHost, request: StatusRequest): Promise<CniError | undefined> {
  const { ok, reasons } = host.readiness();
  if (!ok) {
    const code = host.isPossible() ? ERROR_CODE.limitedConnectivity : ERROR_CODE.notAvailable;
    return cniError(
      code,
      `the node is not ready: ${reasons.join('; ')}`,
      'See `weftctl node status` on the node.',
    );
  }
  const delegated = await delegate(host, request, 'STATUS');
  return isCniError(delegated) ? delegated : undefined;
}

/** DEL: takes a container out. What is not there any more is as good as taken out. */
import type { CniError, CniRequest } from '@weft/cni';
import { isRefusal } from '@weft/control';
import type { CniHost } from './cni-host.ts';
import { cniEndpointId } from './endpoint-id.ts';
import { errorOf } from './error-of.ts';

type DelRequest = Extract<CniRequest, { readonly command: 'DEL' }>;

/** Does a DEL. */
export async function del(
  host: CniHost,
  { attachment, configuration }: DelRequest,
): Promise<CniError | undefined> {
  const detached = await host.detach(cniEndpointId({ network: configuration.name, ...attachment }));
  return isRefusal(detached) ? errorOf(detached) : undefined;
}

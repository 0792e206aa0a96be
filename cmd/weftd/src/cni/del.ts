/** DEL: takes a container out. What is not there any more is as good as taken out. */
import { type CniError, type CniRequest, isCniError } from '@weft/cni';
import { isRefusal } from '@weft/control';
import type { CniHost } from './cni-host.ts';
import { delegate } from './delegate.ts';
import { cniEndpointId } from './endpoint-id.ts';
import { errorOf } from './error-of.ts';

type DelRequest = Extract<CniRequest, { readonly command: 'DEL' }>;

/** Does a DEL. */
export async function del(host: CniHost, request: DelRequest): Promise<CniError | undefined> {
  for (const id of idsOf(host, request)) {
    const detached = await host.detach(id);
    if (isRefusal(detached)) return errorOf(detached);
  }
  const delegated = await delegate(host, request, 'DEL');
  return isCniError(delegated) ? delegated : undefined;
}

/** An endpoint that another program made, such as Calico's plugin before weft took the node over, has an id of its own. */
function idsOf(host: CniHost, { attachment, configuration }: DelRequest): Set<string> {
  const { containerId, interfaceName } = attachment;
  const isAdopted = host.endpoint(containerId)?.interfaceName === interfaceName;
  const own = cniEndpointId({ network: configuration.name, ...attachment });
  return new Set(isAdopted ? [containerId, own] : [own]);
}

/** GC: takes out what the runtime knows nothing of any more. */
import { type CniError, type CniRequest, cniError, ERROR_CODE, isCniError } from '@weft/cni';
import { isRefusal } from '@weft/control';
import type { CniHost } from './cni-host.ts';
import { delegate } from './delegate.ts';
import { cniEndpointId, isOfNetwork } from './endpoint-id.ts';

type GcRequest = Extract<CniRequest, { readonly command: 'GC' }>;

/** Detaches the containers of the network that are not among the valid attachments, as many as can be. */
export async function gc(host: CniHost, request: GcRequest): Promise<CniError | undefined> {
  const { name } = request.configuration;
  const valid = new Set(
    request.validAttachments.map((attachment) => cniEndpointId({ network: name, ...attachment })),
  );
  const stale = host.endpoints().filter(({ id }) => isOfNetwork(id, name) && !valid.has(id));
  const failures: string[] = [];
  for (const { id } of stale) {
    const detached = await host.detach(id);
    if (isRefusal(detached)) failures.push(`${id}: ${detached.message}`);
    else host.log.info('cni-garbage-collected', 'the runtime does not know this container any more', { id });
  }
  const delegated = await delegate(host, request, 'GC');
  if (isCniError(delegated)) failures.push(delegated.message);
  if (failures.length === 0) return undefined;
  const message = `not all that is stale could be removed`;
  return cniError(ERROR_CODE.tryAgainLater, message, failures.join('; '));
}

/** DEL: takes a container out. What is not there any more is as good as taken out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CniError, type CniRequest, cniError, ERROR_CODE, isCniError } from '@weft/cni';
import { isRefusal } from '@weft/control';
import type { Turns } from '../endpoints/turns.ts';
import type { CniHost } from './cni-host.ts';
import { delegate } from './delegate.ts';
import { cniEndpointId } from './endpoint-id.ts';
import { errorOf } from './error-of.ts';

type DelRequest = Extract<CniRequest, { readonly command: 'DEL' }>;

/** What takes longer is answered, and goes on behind that; less than the control server allows. */
const NO_ANSWER_MS = 25_000;

/**
 * Does a DEL, after an ADD that began before it: while that reads the Pod or asks an IPAM plugin there is nothing to be taken
 * out yet.
 *
 * @param turns of the attachments
 */
export async function del(host: CniHost, request: DelRequest, turns: Turns): Promise<CniError | undefined> {
  const { attachment, configuration } = request;
  const id = cniEndpointId({ network: configuration.name, ...attachment });
  const ended = new AbortController();
  try {
    return await Promise.race([
      turns.run([id], () => takeOut(host, request)),
      sleep(NO_ANSWER_MS, notOver(request), { ref: false, signal: ended.signal }),
    ]);
  } finally {
    ended.abort();
  }
}

async function takeOut(host: CniHost, request: DelRequest): Promise<CniError | undefined> {
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

function notOver({ attachment }: DelRequest): CniError {
  return cniError(
    ERROR_CODE.tryAgainLater,
    `the DEL of ${attachment.interfaceName} in ${attachment.containerId}, or an ADD before it, takes more than ${NO_ANSWER_MS / 1000} s`,
    'It waits for the datastore or the IPAM plugin, and goes on: try again.',
  );
}

/** CHECK: whether a container still is as ADD made it. */
import { type CniError, type CniRequest, cniError, ERROR_CODE } from '@weft/cni';
import type { CniHost } from './cni-host.ts';
import { cniEndpointId } from './endpoint-id.ts';

type CheckRequest = Extract<CniRequest, { readonly command: 'ADD' | 'CHECK' }>;

/** Does a CHECK: an error names everything that is not as it was made. */
export async function check(
  host: CniHost,
  { attachment, configuration }: CheckRequest,
): Promise<CniError | undefined> {
  const id = cniEndpointId({ network: configuration.name, ...attachment });
  if (host.endpoints().some((endpoint) => endpoint.id === id)) return undefined;
  return cniError(
    ERROR_CODE.unknownContainer,
    `this node has no record of the attachment ${id}`,
    'Remove the container and start it again.',
  );
}

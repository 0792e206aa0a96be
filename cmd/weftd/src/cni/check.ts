/** CHECK: whether a container still is as ADD made it. */
import {
  type CniError,
  type CniRequest,
  cniError,
  decodeResult,
  ERROR_CODE,
  isCniError,
  type Result,
} from '@weft/cni';
import { type Endpoint, isRefusal } from '@weft/control';
import { attachRequest } from './attach-request.ts';
import type { CniHost } from './cni-host.ts';
import { delegate } from './delegate.ts';
import { cniEndpointId } from './endpoint-id.ts';
import { errorOf } from './error-of.ts';

type CheckRequest = Extract<CniRequest, { readonly command: 'ADD' | 'CHECK' }>;

/** Does a CHECK: an error names everything that is not as it was made. */
export async function check(host: CniHost, request: CheckRequest): Promise<CniError | undefined> {
  const { attachment, configuration, version } = request;
  const before = decodeResult(configuration.prevResult, version, 'prevResult');
  if (isCniError(before)) return before;
  const id = cniEndpointId({ network: configuration.name, ...attachment });
  const endpoint = host.endpoint(id);
  if (endpoint === undefined) return unknown(id);
  const wishes = { families: [], withoutIpam: false };
  const found = host.differences(id, attachRequest(request, wishes));
  if (isRefusal(found)) return errorOf(found);
  const differences = [...found, ...lostAddresses(before, endpoint, request)];
  if (differences.length > 0) return notAsExpected(differences);
  const delegated = await delegate(host, request, 'CHECK');
  return isCniError(delegated) ? delegated : undefined;
}

/** Addresses that the runtime was told of and that this endpoint does not have, as the record says. */
function lostAddresses(
  { interfaces, ips }: Result,
  { addresses }: Endpoint,
  { attachment: { interfaceName, netns } }: CheckRequest,
): string[] {
  const own = interfaces.findIndex(({ name, sandbox }) => name === interfaceName && sandbox === netns);
  return ips
    .filter(({ address, interface: index }) => index === own && !addresses.includes(address))
    .map(({ address }) => `prevResult has the address ${address}, which is not recorded for the container`);
}

function unknown(id: string): CniError {
  return cniError(
    ERROR_CODE.unknownContainer,
    `this node has no record of the attachment ${id}`,
    'Remove the container and start it again.',
  );
}

function notAsExpected(differences: readonly string[]): CniError {
  return cniError(
    ERROR_CODE.notAsExpected,
    `the container is not as it was made: ${differences.join('; ')}`,
    'Start it again, or repeat the ADD, which puts right what is missing.',
  );
}

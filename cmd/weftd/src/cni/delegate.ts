/** Passes a command on to the IPAM plugin of the network, where it has one. */
import type { CniError, CniRequest, Command, Result } from '@weft/cni';
import { isRefusal } from '@weft/control';
import type { CniHost } from './cni-host.ts';
import { errorOf } from './error-of.ts';
import { ANY_POD_CIDRS, callIpamPlugin, usesPodCidr } from './ipam-plugin.ts';

type Delegated = Exclude<CniRequest, { readonly command: 'VERSION' }>;

/** Undefined when weft itself hands out the addresses, and for commands that have no result. */
export async function delegate(
  host: CniHost,
  { call, configuration, version }: Delegated,
  command: Exclude<Command, 'VERSION'>,
): Promise<Result | CniError | undefined> {
  const { ipam } = configuration;
  if (ipam.kind === 'weft') return undefined;
  const needsRange = command === 'ADD' || command === 'CHECK';
  const podCidrs = needsRange && usesPodCidr(call.stdin) ? await host.pods?.podCidrs() : ANY_POD_CIDRS;
  if (podCidrs !== undefined && 'kind' in podCidrs && isRefusal(podCidrs)) return errorOf(podCidrs);
  return callIpamPlugin({ type: ipam.type, command, version, call, podCidrs: podCidrs ?? [] });
}

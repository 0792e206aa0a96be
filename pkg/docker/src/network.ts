/**
 * What a network of weft may be. Nothing is kept of it: the PoolID says where its addresses come from, and every container is
 * routed on its own, so that networks are names for pools.
 */
import type { CreateNetwork, IpamData } from './messages.ts';
import { UNSPECIFIED } from './pool-request.ts';
import { type Refusal, refuse } from './refusal.ts';

/** The address space of weft's IPAM driver, by which the network driver knows it. */
export const ADDRESS_SPACE = 'weft';

/** Options of dockerd's own that change nothing here. */
const IMMATERIAL = ['com.docker.network.enable_ipv4', 'com.docker.network.enable_ipv6'];
const GENERIC = 'com.docker.network.generic';
const INTERNAL = 'com.docker.network.internal';

/** Why the network cannot be made; undefined when it can. */
export function refuseNetwork({ Options, IPv4Data, IPv6Data }: CreateNetwork): Refusal | undefined {
  for (const data of [...IPv4Data, ...IPv6Data]) {
    const refusal = refuseIpamData(data);
    if (refusal !== undefined) return refusal;
  }
  return refuseOptions(Options);
}

function refuseIpamData({ AddressSpace, AuxAddresses, Gateway }: IpamData): Refusal | undefined {
  if (AddressSpace !== ADDRESS_SPACE)
    return refuse(
      'containers of weft have addresses of its pools',
      `address space ${AddressSpace}`,
      'Create the network with --ipam-driver weft as well as -d weft.',
    );
  const auxiliary = Object.keys(AuxAddresses)[0];
  if (auxiliary !== undefined)
    return refuse(
      'weft reserves no addresses for a single network',
      `--aux-address ${auxiliary}`,
      'Make an IPReservation: it holds on every host.',
    );
  return Object.values(UNSPECIFIED).includes(Gateway) ? undefined : refuseGateway(Gateway);
}

/** The gateway of every container is the host it runs on. */
export function refuseGateway(gateway: string): Refusal {
  return refuse(
    'the gateway of every container of weft is its host (169.254.1.1)',
    `--gateway ${gateway}`,
    'Leave it out.',
  );
}

function refuseOptions(options: CreateNetwork['Options']): Refusal | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (IMMATERIAL.includes(name)) continue;
    if (name === INTERNAL) {
      if (value === true) return refuseInternal();
      continue;
    }
    const unknown = name === GENERIC ? Object.keys(value ?? {})[0] : name;
    if (unknown !== undefined) return refuseOption(unknown);
  }
  return undefined;
}

function refuseInternal(): Refusal {
  return refuse(
    'a network of weft is routed and cannot be cut off from others',
    '--internal',
    'Leave it out, and filter on the hosts or routers.',
  );
}

function refuseOption(name: string): Refusal {
  const hint = 'A network of weft has none; its pool is chosen by --subnet or --ipam-opt weft.pool=NAME.';
  return refuse('weft has no such network option', name, hint);
}

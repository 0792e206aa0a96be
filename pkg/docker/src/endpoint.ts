/**
 * A container's endpoint: what dockerd asks for, as weftd is asked for it, and what dockerd is told to do. Pure.
 *
 * weftd makes the pair of interfaces when the endpoint is created, both ends on the host, and keeps it as a WorkloadEndpoint;
 * dockerd moves the container's end when the container joins. So a join that comes after a restart of this driver finds all it
 * needs at weftd.
 */
import { type Parsed, parsePrefix, prefixLength } from '@weft/ip';
import type { CreateEndpoint, PortMapping } from './messages.ts';
import { type Refusal, refuse } from './refusal.ts';

/** The gateways of every container, the same as @weft/endpoint's; a test compares them. Source: Calico. */
export const GATEWAYS = { ipv4: '169.254.1.1', ipv6: 'fe80::ecee:eeff:feee:eeee' } as const;

/** Who asks, in names of WorkloadEndpoints. Source: Calico, orchestrator `libnetwork`. */
const ORCHESTRATOR = 'libnetwork';

/** A published port, as weftd takes it. */
export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly hostAddress?: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/** What weftd is asked for. */
export interface EndpointRequest {
  readonly containerId: string;
  readonly interfaceName: string;
  readonly orchestrator: string;
  readonly workload: string;
  readonly families: readonly ('ipv4' | 'ipv6')[];
  readonly addresses: readonly string[];
  readonly heldAddresses: true;
  readonly mac?: string;
  readonly ports?: readonly PublishedPort[];
}

/** The id of the endpoint at weftd. */
export function endpointIdOf(endpointId: string): string {
  return `docker-${endpointId}`;
}

/** The name of the container's interface until dockerd moves it: within 15 bytes, and unlikely to be somebody else's. */
export function temporaryName(endpointId: string): string {
  return `tmp${endpointId.slice(0, 12)}`;
}

/** The request to weftd for an endpoint, or what about it cannot be. */
export function endpointRequest({
  EndpointID,
  Interface,
  Options,
}: CreateEndpoint): EndpointRequest | Refusal {
  const given = [Interface.Address, Interface.AddressIPv6].filter((text) => text !== '');
  const addresses: string[] = [];
  for (const text of given) {
    const address = hostAddress(text);
    if (!address.ok) return refuse(address.reason, EndpointID, 'Create the network with --ipam-driver weft.');
    addresses.push(address.value);
  }
  if (addresses.length === 0)
    return refuse(
      'the endpoint has no address',
      EndpointID,
      'Create the network with --ipam-driver weft as well as -d weft.',
    );
  const ports = publishedPorts(Options['com.docker.network.portmap']);
  if ('kind' in ports) return ports;
  return {
    containerId: EndpointID,
    interfaceName: temporaryName(EndpointID),
    orchestrator: ORCHESTRATOR,
    workload: ORCHESTRATOR,
    families: addresses.map((address) => (address.includes(':') ? 'ipv6' : 'ipv4')),
    addresses,
    heldAddresses: true,
    ...(Interface.MacAddress === '' ? {} : { mac: Interface.MacAddress }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

function hostAddress(text: string): Parsed<string> {
  const parsed = parsePrefix(text);
  if (!parsed.ok) return parsed;
  const [address = ''] = text.split('/');
  const isHost = prefixLength(parsed.value) === (address.includes(':') ? 128 : 32);
  if (isHost) return { ok: true, value: address };
  return { ok: false, reason: `${text} is not an address of weft, which are /32 and /128` };
}

const PROTOCOLS: Readonly<Record<number, PublishedPort['protocol']>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };

/** `-p`, one entry a port. dockerd leaves the choice of a free port to the driver, and weft does not choose. */
function publishedPorts(mappings: readonly PortMapping[]): readonly PublishedPort[] | Refusal {
  const ports: PublishedPort[] = [];
  for (const { HostIP, HostPort, HostPortEnd, Port, Proto } of mappings) {
    const protocol = PROTOCOLS[Proto];
    if (protocol === undefined)
      return refuse('only TCP, UDP and SCTP can be published', `IP protocol ${Proto}`, 'Leave the port out.');
    if (HostPort === 0 || (HostPortEnd !== 0 && HostPortEnd !== HostPort))
      return refuse(
        'weft chooses no port of the host by itself',
        `-p ${HostPort === 0 ? '' : `${HostPort}-${HostPortEnd}:`}${Port}/${protocol}`,
        `Name one: -p 8080:${Port}. Containers are reached by their own address without -p.`,
      );
    ports.push({
      protocol,
      hostPort: HostPort,
      containerPort: Port,
      ...(HostIP === '' ? {} : { hostAddress: HostIP }),
    });
  }
  return ports;
}

/** The answer to `Join`. */
export interface JoinAnswer {
  readonly InterfaceName: { readonly SrcName: string; readonly DstPrefix: string };
  readonly Gateway: string;
  readonly GatewayIPv6: string;
  readonly StaticRoutes: readonly {
    readonly Destination: string;
    readonly RouteType: number;
    readonly NextHop: string;
  }[];
  /** True: no second interface on docker_gwbridge. */
  readonly DisableGatewayService: true;
}

/** RouteType of a route without next hop. Source: libnetwork types.CONNECTED */
const CONNECTED = 1;

/**
 * What dockerd is to set up in the container.
 *
 * @param addresses of the endpoint, with prefix length
 */
export function joinAnswer(endpointId: string, addresses: readonly string[]): JoinAnswer {
  const has = (mark: string): boolean => addresses.some((address) => address.includes(mark));
  const gateways = [...(has('.') ? [GATEWAYS.ipv4] : []), ...(has(':') ? [GATEWAYS.ipv6] : [])];
  return {
    InterfaceName: { SrcName: temporaryName(endpointId), DstPrefix: 'eth' },
    Gateway: has('.') ? GATEWAYS.ipv4 : '',
    GatewayIPv6: has(':') ? GATEWAYS.ipv6 : '',
    StaticRoutes: gateways.map((gateway) => ({
      Destination: `${gateway}/${gateway.includes(':') ? 128 : 32}`,
      RouteType: CONNECTED,
      NextHop: '',
    })),
    DisableGatewayService: true,
  };
}

import { GATEWAY_IPV4, GATEWAY_IPV6 } from '@weft/endpoint';
import { describe, expect, it } from 'vitest';
import { endpointRequest, GATEWAYS, joinAnswer } from './endpoint.ts';
import { createEndpointSchema, parseMessage } from './messages.ts';
import { isRefusal } from './refusal.ts';

const endpointId = 'e00c0a3c6c1a0f9e8b64e17ac92e4c58bcb01d3d0c2a7d3e5f2b8a9190c4d7e6';
/** As Docker 20.10 sends it for `docker run -p 8080:80`. */
const captured = {
  NetworkID: '972a0a3c6c1a0f9e8b64e17ac92e4c58bcb01d3d0c2a7d3e5f2b8a9190c4d7e6',
  EndpointID: endpointId,
  Interface: { Address: '10.211.0.10/32', AddressIPv6: '', MacAddress: '' },
  Options: {
    'com.docker.network.endpoint.exposedports': [{ Proto: 6, Port: 80 }],
    'com.docker.network.portmap': [
      { Proto: 6, IP: '', Port: 80, HostIP: '', HostPort: 8080, HostPortEnd: 8080 },
    ],
  },
};

function requested(change: object): ReturnType<typeof endpointRequest> {
  const parsed = parseMessage(createEndpointSchema, JSON.stringify({ ...captured, ...change }), 'call');
  return isRefusal(parsed) ? parsed : endpointRequest(parsed);
}

const portmap = (mapping: object): object => ({
  Options: {
    'com.docker.network.portmap': [{ ...captured.Options['com.docker.network.portmap'][0], ...mapping }],
  },
});

describe('an endpoint', () => {
  it('is asked for with the addresses that are held and the ports that are published', () => {
    expect(requested({})).toEqual({
      containerId: endpointId,
      interfaceName: 'tmpe00c0a3c6c1a',
      orchestrator: 'libnetwork',
      workload: 'libnetwork',
      families: ['ipv4'],
      addresses: ['10.211.0.10'],
      heldAddresses: true,
      ports: [{ protocol: 'tcp', hostPort: 8080, containerPort: 80 }],
    });
  });

  it('has both families, a MAC and the host address of a port where they are given', () => {
    const Interface = { Address: '10.0.0.1/32', AddressIPv6: 'fd00::1/128', MacAddress: '02:42:00:00:00:01' };
    expect(requested({ Interface, ...portmap({ Proto: 17, HostIP: '127.0.0.1' }) })).toMatchObject({
      families: ['ipv4', 'ipv6'],
      addresses: ['10.0.0.1', 'fd00::1'],
      mac: '02:42:00:00:00:01',
      ports: [{ protocol: 'udp', hostAddress: '127.0.0.1' }],
    });
  });

  it.each<[string, object, string]>([
    ['has no address', { Interface: null }, '--ipam-driver weft'],
    ['has an address of a bridge', { Interface: { Address: '172.18.0.2/16' } }, '--ipam-driver weft'],
    ['leaves the port to the driver', portmap({ HostPort: 0, HostPortEnd: 0 }), '-p 8080:80'],
    ['gives a choice of ports', portmap({ HostPortEnd: 8090 }), '-p 8080:80'],
    ['publishes another protocol', portmap({ Proto: 1 }), 'Leave the port out.'],
    ['has an id that could be a path', { EndpointID: '../../../etc/passwd' }, 'Send what dockerd sends.'],
  ])('is refused when it %s', (_, change, hint) => {
    expect(requested(change)).toMatchObject({ kind: 'refused', hint: expect.stringContaining(hint) });
  });
});

describe('the answer to a join', () => {
  const direct = { RouteType: 1, NextHop: '' };

  it('means the gateways that weft gives every container', () => {
    expect(GATEWAYS).toEqual({ ipv4: GATEWAY_IPV4, ipv6: GATEWAY_IPV6 });
  });

  it('names the gateway of each family that the endpoint has', () => {
    expect(joinAnswer(endpointId, ['10.0.0.1/32', 'fd00::1/128'])).toEqual({
      InterfaceName: { SrcName: 'tmpe00c0a3c6c1a', DstPrefix: 'eth' },
      Gateway: '169.254.1.1',
      GatewayIPv6: 'fe80::ecee:eeff:feee:eeee',
      StaticRoutes: [
        { Destination: '169.254.1.1/32', ...direct },
        { Destination: 'fe80::ecee:eeff:feee:eeee/128', ...direct },
      ],
      DisableGatewayService: true,
    });
    expect(joinAnswer(endpointId, ['fd00::1/128'])).toMatchObject({ Gateway: '', StaticRoutes: [{}] });
    expect(joinAnswer(endpointId, ['10.0.0.1/32'])).toMatchObject({ GatewayIPv6: '', StaticRoutes: [{}] });
  });
});

import { describe, expect, it } from 'vitest';
import { createNetworkSchema, parseMessage } from './messages.ts';
import { refuseNetwork } from './network.ts';
import { isRefusal } from './refusal.ts';

/** As Docker 20.10 sends it for `docker network create -d weft --ipam-driver weft --subnet 10.211.0.0/16`. */
const captured = {
  NetworkID: '972a0a3c6c1a0f9e8b64e17ac92e4c58bcb01d3d0c2a7d3e5f2b8a9190c4d7e6',
  Options: { 'com.docker.network.enable_ipv6': false, 'com.docker.network.generic': {} },
  IPv4Data: [{ AddressSpace: 'weft', Gateway: '0.0.0.0/0', Pool: '10.211.0.0/16' }],
  IPv6Data: [],
};

function refusalOf(network: object): string | undefined {
  const parsed = parseMessage(createNetworkSchema, JSON.stringify({ ...captured, ...network }), 'call');
  if (isRefusal(parsed)) throw new Error(parsed.message);
  const refusal = refuseNetwork(parsed);
  return refusal && `${refusal.message}: ${refusal.object}. ${refusal.hint}`;
}

describe('a network', () => {
  it('can be made of weft pools, of both families, also as newer dockerds say it', () => {
    expect(refusalOf({})).toBeUndefined();
    expect(
      refusalOf({ IPv6Data: [{ AddressSpace: 'weft', Gateway: '::/0', Pool: 'fd00::/64' }] }),
    ).toBeUndefined();
    const options = { 'com.docker.network.enable_ipv4': true, 'com.docker.network.internal': false };
    expect(refusalOf({ Options: options, IPv6Data: null })).toBeUndefined();
  });

  it.each<[string, object, string]>([
    [
      'with addresses of Docker',
      { IPv4Data: [{ AddressSpace: 'LocalDefault', Gateway: '172.18.0.1/16', Pool: '172.18.0.0/16' }] },
      'Create the network with --ipam-driver weft as well as -d weft.',
    ],
    ['that is internal', { Options: { 'com.docker.network.internal': true } }, '--internal'],
    ['with an option', { Options: { 'com.docker.network.generic': { 'my.opt': '1' } } }, 'my.opt'],
    [
      'with an option of a newer dockerd',
      { Options: { 'com.docker.network.new': 1 } },
      'com.docker.network.new',
    ],
    [
      'with reserved addresses',
      { IPv4Data: [{ ...captured.IPv4Data[0], AuxAddresses: { router: '10.211.0.1/16' } }] },
      '--aux-address router',
    ],
    [
      'with a gateway of its own',
      { IPv4Data: [{ ...captured.IPv4Data[0], Gateway: '10.211.0.1/16' }] },
      '--gateway 10.211.0.1/16',
    ],
  ])('cannot be one %s', (_, network, expected) => {
    expect(refusalOf(network)).toContain(expected);
  });
});

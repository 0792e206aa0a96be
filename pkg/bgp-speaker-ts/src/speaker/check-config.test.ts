import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { checkSpeakerConfig } from './check-config.ts';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import { peer, speaker } from './test/network.ts';

const right: SpeakerConfig = speaker('10.0.0.1', 64512, [
  peer('10.0.0.2', 64512, {
    routeReflectorClient: true,
    bfd: { multiplier: 255 },
    maxPrefix: { prefixes: 9, action: 'warn' },
  }),
  peer('2001:db8::2', 7, { localAddress: address('2001:db8::1'), ttlSecurityHops: 1, password: 'key' }),
]);

function range(text: string, more: Partial<PeerConfig> = {}): PeerConfig {
  return { ...peer('10.0.0.0', 64512), address: prefix(text), ...more };
}

function mistakes(config: SpeakerConfig): string[] {
  return checkSpeakerConfig(config).map(({ path, reason }) => `${path.join('.')} ${reason}`);
}

/** What is wrong when the first peer is another. */
function ofPeer(more: Partial<PeerConfig>): string[] {
  const [first, ...rest] = right.peers;
  return mistakes({ ...right, peers: [{ ...(first as PeerConfig), ...more }, ...rest] });
}

describe('a configuration', () => {
  test('without mistakes has none', () => {
    expect(mistakes(right)).toEqual([]);
    const dual = { localAsn: 7, localAsnDual: true };
    expect(ofPeer(dual)).toEqual([]);
    expect(ofPeer({ ...dual, asn: 7 })).toEqual([]);
    expect(mistakes({ ...right, peers: [range('10.0.1.0/24', { asn: 'any', maxPeers: 7 })] })).toEqual([]);
  });

  test('tells all mistakes at once', () => {
    const peers = right.peers.map((item) => ({ ...item, asn: 0, routeReflectorClient: false }));
    expect(mistakes({ ...right, holdTimeSeconds: 1, peers })).toHaveLength(3);
  });

  const collector = { address: address('10.0.0.99'), port: 11019 };
  test.each<[string, Partial<SpeakerConfig>, string]>([
    ['AS 0 (RFC 7607)', { asn: 0 }, 'asn must be a whole number from 1 to 4294967295, and is 0'],
    ['an AS of 33 bits', { asn: 2 ** 32 }, 'asn must be'],
    ['an identifier of IPv6', { identifier: address('::1') }, 'identifier must be an IPv4 address'],
    ['identifier 0 (RFC 6286)', { identifier: address('0.0.0.0') }, 'identifier must not be 0.0.0.0'],
    ['cluster 0', { clusterId: address('0.0.0.0') }, 'clusterId must not be'],
    ['a hold time of 2 s', { holdTimeSeconds: 2 }, 'holdTimeSeconds must be 0 or from 3 to 65535, and is 2'],
    ['a hold time of 17 bits', { holdTimeSeconds: 65_536 }, 'holdTimeSeconds must be'],
    ['port 0', { listen: [{ address: address('::'), port: 0 }] }, 'listen.0.port must be'],
    [
      'a restart time of 13 bits',
      { gracefulRestart: { restartTimeSeconds: 4096 } },
      'gracefulRestart.restart',
    ],
    [
      'a stale time of 25 bits (RFC 9494)',
      {
        gracefulRestart: {
          restartTimeSeconds: 0,
          longLived: [{ family: 'ipv4-unicast', staleTimeSeconds: 2 ** 24 }],
        },
      },
      'gracefulRestart.longLived.0.staleTimeSeconds must be a whole number from 0 to 16777215',
    ],
    [
      'a long-lived family twice',
      {
        gracefulRestart: {
          restartTimeSeconds: 0,
          longLived: [
            { family: 'ipv4-unicast', staleTimeSeconds: 1 },
            { family: 'ipv4-unicast', staleTimeSeconds: 2 },
          ],
        },
      },
      'gracefulRestart.longLived names a family twice',
    ],
    ['a listener twice', { listen: [...right.listen, ...right.listen] }, 'listen.1 stands there twice'],
    ['a collector twice', { bmp: [collector, collector] }, 'bmp.1 stands there twice'],
    ['a collector at port 0', { bmp: [{ ...collector, port: 0 }] }, 'bmp.0.port must be'],
    [
      'counts every 0 s',
      { bmp: [{ ...collector, statisticsSeconds: 0 }] },
      'bmp.0.statisticsSeconds must be a whole number from 1',
    ],
    ['a peer twice', { peers: [...right.peers, ...right.peers.slice(0, 1)] }, 'peers.2 stands there twice'],
    ['too many neighbours', { peers: [range('10.0.0.0/8', { maxPeers: 65_536 })] }, 'peers may become 65536'],
  ])('%s', (_name, more, reason) => {
    expect(mistakes({ ...right, ...more })[0]).toContain(reason);
  });

  test.each<[string, Partial<PeerConfig>, string]>([
    ['text that is no address', { address: '10.0.0.777' as never }, 'peers.0.address "10.0.0.777"'],
    ['an address in another form', { address: '2001:DB8::1' as never }, 'must be written as 2001:db8::1'],
    ['host bits in a prefix', { address: '10.0.0.1/24' as never }, 'the network is 10.0.0.0/24'],
    ['AS 0', { asn: 0 }, 'peers.0.asn must be'],
    ['no AS at all', { asn: [] }, 'peers.0.asn names no AS number'],
    ['a range backwards', { asn: [{ first: 9, last: 7 }] }, 'peers.0.asn.0.last must be'],
    ['no family', { families: [] }, 'peers.0.families must name at least one'],
    [
      'a family twice',
      { families: ['ipv4-unicast', 'ipv4-unicast'] },
      'peers.0.families names a family twice',
    ],
    ['a source of another family', { localAddress: address('::1') }, 'peers.0.localAddress must be an IPv4'],
    ['a next hop of another family', { nextHopAddresses: { ipv6: address('10.0.0.1') } }, 'IPv6 address'],
    [
      'a link-local next hop that is global',
      { nextHopAddresses: { linkLocal: address('fd00::1') } },
      'peers.0.nextHopAddresses.linkLocal must be a link-local address, and is fd00::1',
    ],
    ['a subnet with host bits', { sharedSubnets: ['10.0.0.1/24' as never] }, 'peers.0.sharedSubnets.0'],
    ['a detail of no local AS', { localAsnDual: true }, 'peers.0.localAsnDual is about localAsn'],
    ['a role inside the AS', { role: 'peer' }, 'peers.0.role is for external peers'],
    ['strict mode without a role', { strictRole: true }, 'peers.0.strictRole needs a role of ours'],
    ['a client in another AS', { asn: 7 }, 'peers.0.routeReflectorClient is for peers of AS 64512'],
    ['a client outside', { asn: 'external' }, 'peers.0.routeReflectorClient is for peers'],
    ['a hold time of 1 s', { holdTimeSeconds: 1 }, 'peers.0.holdTimeSeconds'],
    ['no wait between attempts', { connectRetryTimeSeconds: 0 }, 'peers.0.connectRetryTimeSeconds'],
    ['port 65536', { port: 65_536 }, 'peers.0.port'],
    ['GTSM over 255 hops', { ttlSecurityHops: 255 }, 'peers.0.ttlSecurityHops'],
    ['an empty key', { password: '' }, 'peers.0.password must have 1 to 80 octets, and has 0'],
    ['a key of 81 octets', { password: 'ä'.repeat(40).concat('x') }, 'and has 81'],
    [
      'a limit of half a prefix',
      { maxPrefix: { prefixes: 0.5, action: 'stop' } },
      'peers.0.maxPrefix.prefixes',
    ],
    ['BFD that may lose nothing', { bfd: { multiplier: 0 } }, 'peers.0.bfd.multiplier must be'],
    ['BFD at 9 ms', { bfd: { minTransmitIntervalMs: 9 } }, 'peers.0.bfd.minTransmitIntervalMs must be'],
    ['BFD for an hour', { bfd: { minReceiveIntervalMs: 3.6e6 } }, 'peers.0.bfd.minReceiveIntervalMs must be'],
    [
      'a link-local address and no link',
      { address: address('fe80::2') },
      'peers.0.interface is missing, and the address of the peer is link-local',
    ],
    [
      'a link that routes decide',
      { interface: 'eth0' },
      'peers.0.interface is for peers with a link-local address',
    ],
    ['neighbours of one address', { maxPeers: 3 }, 'peers.0.maxPeers is for the neighbours of a prefix'],
  ])('a peer with %s', (_name, more, reason) => {
    expect(ofPeer(more)[0]).toContain(reason);
  });

  test('inside a prefix with a key everybody needs one, because the kernel knows no exception', () => {
    const keyed = range('10.0.0.0/16', { password: 'sesame' });
    const found = mistakes({ ...right, peers: [...right.peers, keyed, range('10.0.7.0/24')] });
    expect(found).toEqual([
      'peers.0.password is missing: the key of 10.0.0.0/16 would be asked of this peer, too',
      'peers.3.password is missing: the key of 10.0.0.0/16 would be asked of this peer, too',
    ]);
  });
});

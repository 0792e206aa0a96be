import { describe, expect, test } from 'vitest';
import type { SpeakerFileResult } from './speaker-file.ts';
import { failuresOf, parse, REFLECTOR } from './test/reflector-file.ts';

/** The reflector's file with its peer in another AS, and no client. */
const WITH_EXTERNAL_PEER = REFLECTOR.replace('    asn: 64512', '    asn: 64513').replace(
  'Client: true',
  'Client: false',
);

function withPeer(keys: string, file: string = REFLECTOR): SpeakerFileResult {
  return parse(file.replace('    passive: true\n', `    passive: true\n    ${keys}\n`), 'x');
}

/** The first peer of a file with more keys. */
function peerWith(keys: string, file?: string): unknown {
  const result = withPeer(keys, file);
  if (!result.ok) throw new Error(JSON.stringify(result.failures));
  return result.file.config.peers[0];
}

function failuresWith(keys: string): string[] {
  return failuresOf(withPeer(keys));
}

describe('a peer in the file', () => {
  test.each([
    ['description: rack 7', { description: 'rack 7' }],
    ['localAddress: 10.0.0.1', { localAddress: '10.0.0.1' }],
    ['holdTimeSeconds: 9', { holdTimeSeconds: 9 }],
    ['keepaliveTimeSeconds: 3', { keepaliveTimeSeconds: 3 }],
    ['restartTimeSeconds: 60', { restartTimeSeconds: 60 }],
    ['connectRetryTimeSeconds: 1', { connectRetryTimeSeconds: 1 }],
    ['nextHop: self', { nextHop: 'self' }],
    ['nextHopAddresses: { ipv6: "2001:db8::1" }', { nextHopAddresses: { ipv6: '2001:db8::1' } }],
    ['clusterId: 10.0.0.9', { clusterId: '10.0.0.9' }],
    ['password: secret', { password: 'secret' }],
    ['passwordFile: key.txt', { password: 'secret' }],
    ['ttlSecurityHops: 1', { ttlSecurityHops: 1 }],
    ['multihop: 3', { multihop: 3 }],
    ['allowLocalAsn: 2', { allowLocalAsn: 2 }],
    ['addPath: both', { addPath: 'both' }],
    ['sharedSubnets: [10.0.0.0/24]', { sharedSubnets: ['10.0.0.0/24'] }],
    ['nextHopAddresses: { linkLocal: "fe80::1" }', { nextHopAddresses: { linkLocal: 'fe80::1' } }],
    [
      'maxPrefix: { prefixes: 100, action: restart, restartSeconds: 30 }',
      { maxPrefix: { prefixes: 100, action: 'restart', restartSeconds: 30 } },
    ],
    ['bfd: {}', { bfd: {} }],
    [
      'bfd: { minTransmitIntervalMs: 50, minReceiveIntervalMs: 60, multiplier: 5, multihop: true, interface: eth0 }',
      {
        bfd: {
          minTransmitIntervalMs: 50,
          minReceiveIntervalMs: 60,
          multiplier: 5,
          multihop: true,
          interface: 'eth0',
        },
      },
    ],
  ])('takes %s', (keys, expected) => {
    expect(peerWith(keys)).toMatchObject(expected);
  });

  test.each([
    ['role: route-server-client', { role: 'route-server-client' }],
    ['role: provider\n    strictRole: true', { strictRole: true }],
    ['localAsn: 64514\n    localAsnNoPrepend: true', { localAsnNoPrepend: true }],
    ['localAsn: 64514\n    localAsnReplaceAs: true', { localAsnReplaceAs: true }],
    ['localAsn: 64514\n    localAsnDual: true', { localAsnDual: true }],
  ])('of another AS takes %s', (keys, expected) => {
    expect(peerWith(keys, WITH_EXTERNAL_PEER)).toMatchObject(expected);
  });

  test.each([
    ['role: customer', 'x:10 peers[0].role: ', 'is for external peers'],
    ['localAsnDual: true', 'x:10 peers[0].localAsnDual: ', 'is about localAsn, and there is none'],
  ])('with %s, which only the speaker refuses, is refused at its line', (keys, place, reason) => {
    const [failure = '', ...more] = failuresWith(keys);
    expect(failure).toContain(place);
    expect(failure).toContain(reason);
    expect(more).toEqual([]);
  });

  test('has policies of rules as data', () => {
    const rule = {
      name: 'blocks',
      match: {
        family: 'ipv4-unicast',
        prefix: { operator: 'in', prefix: '10.244.0.0/16', minLength: 24, maxLength: 26 },
        source: 'local',
        peerType: 'internal',
        communities: ['64512:1'],
        largeCommunities: ['64512:1:2'],
        asPathPrefix: [64513],
        localPref: { min: 100, max: 200 },
        interface: 'eth*',
      },
      operations: [
        { kind: 'add-community', community: '64512:1:3' },
        { kind: 'prepend-as-path', asns: [64512, 64512] },
        { kind: 'set-local-pref', localPref: 300 },
      ],
      action: 'accept',
    };
    const other = { name: 'rest', match: { localPref: 100 }, action: 'reject' };
    const keys = `importPolicy: ${JSON.stringify([rule, other])}\n    exportPolicy: ${JSON.stringify([other])}`;
    expect(peerWith(keys)).toMatchObject({ importPolicy: [rule, other], exportPolicy: [other] });
  });

  test('in the cluster of its own needs none of the speaker', () => {
    const text = REFLECTOR.replace('clusterId: 10.0.0.1\n', '').replace(
      '    passive: true\n',
      '    clusterId: 10.0.0.9\n',
    );
    expect(parse(text, 'x')).toMatchObject({ ok: true });
  });

  test.each([
    ['addPath: all', 'x:10 peers[0].addPath: ', 'must be send or receive or both, and is "all"'],
    ['password: ""', 'x:10 peers[0].password: ', 'must have 1 to 80 bytes, and has 0'],
    ['passwordFile: none.txt', 'x:10 peers[0].passwordFile: ', 'names no file: none.txt'],
    ['password: a\n    passwordFile: key.txt', 'x:11 peers[0].passwordFile: ', 'beside password'],
    ['multihop: 2\n    ttlSecurityHops: 1', 'x:10 peers[0].multihop: ', 'beside ttlSecurityHops'],
    ['bfd: { multiplier: 0 }', 'x:10 peers[0].bfd.multiplier: ', 'from 1 to 255'],
    ['maxPrefix: 100', 'x:10 peers[0].maxPrefix: ', 'must be keys with values'],
    ['maxPrefix: { prefixes: 1 }', 'x:10 peers[0].maxPrefix.action: ', 'is missing'],
    [
      'maxPrefix: { prefixes: 1, action: warn, restartSeconds: 9 }',
      'x:10 peers[0].maxPrefix.restartSeconds: ',
      'the action is warn',
    ],
    ['nextHopAddresses: { ipv4: "::1" }', 'x:10 peers[0].nextHopAddresses.ipv4: ', 'an IPv4 address'],
    ['localAsn: 64999', 'x:11 peers[0].routeReflectorClient: ', 'for peers of AS 64999'],
    ['importPolicy: [{ action: accept }]', 'x:10 peers[0].importPolicy[0].name: ', 'is missing'],
    [
      'importPolicy: [{ name: a, action: accept, match: { sorce: local } }]',
      'x:10 peers[0].importPolicy[0].match.sorce: ',
      'did you mean "source"? known here: family, prefix',
    ],
    [
      'importPolicy: [{ name: a, action: accept, match: { call: f } }]',
      'x:10 peers[0].importPolicy[0].match.call: ',
      'no known key',
    ],
    [
      'importPolicy: [{ name: a, action: accept, match: { localPref: high } }]',
      'x:10 peers[0].importPolicy[0].match.localPref: ',
      'a whole number, or min and max',
    ],
    [
      'importPolicy: [{ name: a, action: accept, match: { localPref: { min: -1 } } }]',
      'x:10 peers[0].importPolicy[0].match.localPref.min: ',
      'a whole number from 0',
    ],
    [
      'importPolicy: [{ name: a, action: accept, operations: [{ kind: set-med }] }]',
      'x:10 peers[0].importPolicy[0].operations[0].kind: ',
      'must be add-community or prepend-as-path or set-local-pref, and is "set-med"',
    ],
    [
      'importPolicy: [{ name: a, action: accept, operations: [{ kind: set-local-pref, med: 1 }] }]',
      'x:10 peers[0].importPolicy[0].operations[0].med: ',
      'known here: kind, localPref',
    ],
    [
      'exportPolicy: [{ name: a, action: accept, match: { prefix: { operator: in, prefix: 10.0.0.0/8, minLength: 9, maxLength: 8 } } }]',
      'x:10 peers[0].exportPolicy[0].match.prefix.minLength: ',
      'no prefix could match',
    ],
    [
      'exportPolicy: [{ name: a, action: accept, match: { communities: ["70000:1"] } }]',
      'x:10 peers[0].exportPolicy[0].match.communities[0]: ',
      'both numbers at most 65535',
    ],
  ])('with %s is refused', (keys, place, saying) => {
    const found = failuresWith(keys);
    expect(found.filter((text) => text.startsWith(place) && text.includes(saying))).toHaveLength(1);
  });

  test('shows no key in an error', () => {
    expect(failuresWith('password: 12345').join()).not.toContain('12345');
  });
});

import { describe, expect, test, vi } from 'vitest';
import { parseSpeakerFile } from './speaker-file.ts';
import { failuresOf, parse, REFLECTOR } from './test/reflector-file.ts';

/** What is wrong with the reflector's file when some text in it is another. */
function mistakes(from: string, to: string): string[] {
  expect(REFLECTOR).toContain(from);
  return failuresOf(parse(REFLECTOR.replace(from, to), 'speaker.yaml'));
}

describe('a configuration file', () => {
  test('may name dynamic neighbours by their prefix, and more than one AS', () => {
    const text = REFLECTOR.replace('10.0.0.7', '10.0.1.0/24').replace(
      'asn: 64512\n    passive',
      'asn: [64512, 65000-65010]\n    maxPeers: 7\n    passive',
    );
    const result = parse(text, 'speaker.yaml');
    expect(result.ok && result.file.config.peers[0]).toMatchObject({
      address: '10.0.1.0/24',
      maxPeers: 7,
      asn: [
        { first: 64512, last: 64512 },
        { first: 65000, last: 65010 },
      ],
    });
    for (const asn of ['internal', 'external', 'any']) {
      const other = parse(
        REFLECTOR.replace('    asn: 64512', `    asn: ${asn}`).replace('Client: true', 'Client: false'),
        '',
      );
      expect(other.ok && other.file.config.peers[0]?.asn).toBe(asn);
    }
  });

  test('with a list for a key is refused in our own words alone', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const result = parseSpeakerFile('[a, b]: 1', 'speaker.yaml', (path) => ({ ok: true, value: path }));
    expect(result.ok).toBe(false);
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  test('becomes the configuration of a route reflector', () => {
    const result = parse(REFLECTOR, 'speaker.yaml');
    expect(result).toMatchObject({
      ok: true,
      file: {
        config: {
          asn: 64512,
          identifier: '10.0.0.1',
          clusterId: '10.0.0.1',
          holdTimeSeconds: 90,
          listen: [{ address: '10.0.0.1', port: 179 }],
          peers: [
            {
              address: '10.0.0.7',
              port: 179,
              asn: 64512,
              passive: true,
              routeReflectorClient: true,
              families: ['ipv4-unicast', 'ipv6-unicast'],
            },
          ],
        },
        routes: [{ prefix: '10.1.0.0/26' }],
      },
    });
  });

  test('needs no more than asn, routerId and listen', () => {
    const result = parse('asn: 1\nrouterId: 10.0.0.1\nlisten: [{ address: 10.0.0.1 }]', 'x');
    expect(result).toMatchObject({
      ok: true,
      file: { config: { holdTimeSeconds: 90, listen: [{ port: 179 }], peers: [] }, routes: [] },
    });
  });

  test('takes the family of a peer from its address', () => {
    const peers = 'peers: [{ address: 10.0.0.7, asn: 1 }, { address: "fd00::7", asn: 1 }]';
    const result = parse(`asn: 1\nrouterId: 10.0.0.1\nlisten: [{ address: "fd00::1" }]\n${peers}`, 'x');
    const found = result.ok ? result.file.config.peers : [];
    expect(found.map(({ families }) => families)).toEqual([['ipv4-unicast'], ['ipv6-unicast']]);
    expect(found[0]?.nextHopAddresses).toEqual({ ipv6: 'fd00::1' });
  });

  test.each([
    ['an unknown key', 'routerId:', 'routerid:', 'speaker.yaml:2 routerid', 'did you mean "routerId"?'],
    ['an unknown key of a peer', 'passive:', 'pasive:', 'speaker.yaml:9 peers[0].pasive', '"passive"?'],
    ['an unknown key of a listener', ', port:', ', prot:', 'speaker.yaml:3 listen[0].prot', '"port"?'],
    [
      'an unknown key of a route',
      'prefix:',
      'prefixes:',
      'speaker.yaml:12 announce[0].prefixes',
      '"prefix"?',
    ],
    [
      'a key like no other',
      'holdTimeSeconds:',
      'xyzzy:',
      'speaker.yaml:5 xyzzy',
      'known here: asn, routerId',
    ],
    ['a missing key', '    asn: 64512\n', '', 'speaker.yaml:7 peers[0].asn', 'is missing'],
    ['an AS number of 0', 'asn: 64512', 'asn: 0', 'speaker.yaml:1 asn', 'from 1 to 4294967295, and is 0'],
    ['an AS number of 33 bits', '    asn: 64512', '    asn: 4294967296', ':8 peers[0].asn', 'to 4294967295'],
    ['an AS number in words', '    asn: 64512', '    asn: ours', ':8 peers[0].asn', 'and is "ours"'],
    ['a port of 17 bits', 'port: 179', 'port: 65536', ':3 listen[0].port', 'from 1 to 65535'],
    ['a hold time of 2 s (RFC 4271 §4.2)', 'Seconds: 90', 'Seconds: 2', ':5 holdTimeSeconds', '0 or from 3'],
    ['an identifier of IPv6', 'routerId: 10.0.0.1', 'routerId: fd00::1', ':2 routerId', 'an IPv4 address'],
    ['an identifier of 0 (RFC 6286)', 'routerId: 10.0.0.1', 'routerId: 0.0.0.0', ':2 routerId', '0.0.0.0'],
    [
      'an address that is none',
      'address: 10.0.0.7',
      'address: 10.0.0.777',
      ':7 peers[0].address',
      '10.0.0.777',
    ],
    ['host bits in a range', '10.0.0.7', '10.0.1.7/24', ':7 peers[0].address', '10.0.1.0/24'],
    ['a list of no AS', '    asn: 64512', '    asn: []', ':8 peers[0].asn', 'at least one'],
    ['a range of AS numbers', '    asn: 64512', '    asn: [9-7]', ':8 peers[0].asn', 'ends before it begins'],
    ['host bits in a prefix', '10.1.0.0/26', '10.1.0.1/26', ':12 announce[0].prefix', '10.1.0.0/26'],
    [
      'a family nobody knows',
      'ipv6-unicast]',
      'ipv6-unicats]',
      ':11 peers[0].families[1]',
      'did you mean "ipv6-',
    ],
    ['no family', '[ipv4-unicast, ipv6-unicast]', '[]', ':11 peers[0].families', 'at least one family'],
    ['yes for true', 'passive: true', 'passive: yes', ':9 peers[0].passive', 'true or false, and is "yes"'],
    ['a list that is none', 'announce: [{ prefix: 10.1.0.0/26 }]', 'announce: all', ':12 announce', 'a list'],
    ['a list without content', 'announce: [{ prefix: 10.1.0.0/26 }]', 'announce:', ':12 announce', 'a list'],
    ['a peer that is a word', '[{ prefix: 10.1.0.0/26 }]', '[all]', ':12 announce[0]', 'keys with values'],
    [
      'a client without a reflector',
      'clusterId: 10.0.0.1\n',
      '',
      ':9 peers[0].routeReflectorClient',
      'clusterId',
    ],
    [
      'a client in another AS',
      '    asn: 64512',
      '    asn: 64513',
      ':10 peers[0].routeReflectorClient',
      '64513',
    ],
    [
      'a peer named twice',
      'announce:',
      '  - { address: 10.0.0.7, asn: 64512 }\nannounce:',
      'speaker.yaml:12 peers[1].address',
      'twice: 10.0.0.7',
    ],
    [
      'a source of the other family',
      'passive: true',
      'localAddress: fd00::1',
      ':9 peers[0].localAddress',
      '10.0.0.7',
    ],
    ['broken YAML', 'listen: [{', 'listen: [', 'speaker.yaml:3', 'not YAML'],
    ['a key twice', 'clusterId: 10.0.0.1', 'asn: 64512', 'speaker.yaml:4', 'unique'],
  ])('names file, line and key of %s', (_what, from, to, place, saying) => {
    const [first = 'no mistake', ...others] = mistakes(from, to).filter((text) => text.includes(place));
    expect(first).toContain(saying);
    expect(others).toEqual([]);
  });

  test('with several mistakes names them all', () => {
    expect(mistakes('asn: 64512\nrouterId:', 'asn: 0\nrouterID:')).toHaveLength(3);
  });

  test('that is empty lacks its keys', () => {
    expect(parse('', 'x')).toMatchObject({ ok: false, failures: [{ object: 'x:1' }] });
  });
});

describe('the speaker in the file', () => {
  const plain = 'asn: 1\nrouterId: 10.0.0.1\nlisten: []\n';

  test('offers graceful restart with 120 s, keeps a control socket, and both can be turned off', () => {
    expect(parse(plain, 'x')).toMatchObject({
      ok: true,
      file: {
        config: { gracefulRestart: { restartTimeSeconds: 120 } },
        control: { socket: '/run/bgp-speaker.sock', mode: 0o600 },
      },
    });
    const off = parse(`${plain}gracefulRestart: false\ncontrol: false\n`, 'x');
    expect(off.ok && [off.file.config.gracefulRestart, off.file.control]).toEqual([undefined, undefined]);
  });

  test('takes BMP collectors', () => {
    const more = 'bmp: [{ address: 10.0.0.9, port: 11019, views: [pre-policy, loc-rib] }]\n';
    const result = parse(plain + more, 'x');
    expect(result.ok && result.file.config.bmp).toMatchObject([
      { address: '10.0.0.9', port: 11019, views: ['pre-policy', 'loc-rib'] },
    ]);
  });

  test('takes the details of both', () => {
    const more = `gracefulRestart: { restartTimeSeconds: 30, notification: true, staleTimeSeconds: 60, selectionDeferralSeconds: 20, marker: /m, longLived: [{ family: ipv6-unicast, staleTimeSeconds: 3600, maxStaleTimeSeconds: 60 }] }
control: { socket: /s, mode: 0660 }
externalRequiresPolicy: true
`;
    const { marker: _, ...offer } = {
      restartTimeSeconds: 30,
      notification: true,
      staleTimeSeconds: 60,
      selectionDeferralSeconds: 20,
      longLived: [{ family: 'ipv6-unicast', staleTimeSeconds: 3600, maxStaleTimeSeconds: 60 }],
      marker: '/m',
    };
    expect(parse(plain + more, 'x')).toMatchObject({
      ok: true,
      file: {
        config: { gracefulRestart: offer, externalRequiresPolicy: true },
        control: { socket: '/s', mode: 0o660 },
        marker: '/m',
      },
    });
  });

  test.each([
    ['gracefulRestart: true', 'x:4 gracefulRestart', 'must be false, or keys with values'],
    ['gracefulRestart: { restartSeconds: 9 }', 'x:4 gracefulRestart.restartSeconds', '"restartTimeSeconds"?'],
    ['gracefulRestart: { restartTimeSeconds: 5000 }', 'gracefulRestart.restartTimeSeconds', 'to 4095'],
    [
      'gracefulRestart: false\npeers: [{ address: 10.0.0.2, asn: 1, restartTimeSeconds: 9 }]',
      'x:5 peers[0].restartTimeSeconds',
      'offers none',
    ],
    ['bmp: [{ address: 10.0.0.9, port: 1, views: [post] }]', 'x:4 bmp[0].views[0]', '"post-policy"?'],
    [
      'bmp: [{ address: 10.0.0.9, port: 1 }, { address: 10.0.0.9, port: 1 }]',
      'x:4 bmp[1]',
      'stands there twice',
    ],
    ['control: { mode: "0666" }', 'x:4 control.mode', 'must be "0600" or "0660"'],
    ['control: /run/x', 'x:4 control', 'must be false, or keys with values'],
  ])('refuses %s', (text, place, saying) => {
    const result = parse(plain + text, 'x');
    const found = result.ok
      ? []
      : result.failures.map(({ object, message, hint }) => `${object}: ${message} (${hint})`);
    expect(found.filter((failure) => failure.includes(place) && failure.includes(saying))).toHaveLength(1);
  });

  test('announces routes with attributes', () => {
    const text = `announce:
  - { prefix: 10.1.0.0/26, localPref: 200, med: 5, origin: incomplete, communities: ["64512:1"], largeCommunities: ["1:2:3"], interface: eth0 }`;
    expect(parse(plain + text, 'x')).toMatchObject({
      ok: true,
      file: {
        routes: [
          {
            prefix: '10.1.0.0/26',
            localPref: 200,
            med: 5,
            origin: 2,
            communities: ['64512:1'],
            largeCommunities: ['1:2:3'],
            interface: 'eth0',
          },
        ],
      },
    });
  });
});

import { describe, expect, test } from 'vitest';
import { parseSpeakerFile } from './speaker-file.ts';

const REFLECTOR = `asn: 64512
routerId: 10.0.0.1
listen: [{ address: 10.0.0.1, port: 179 }]
clusterId: 10.0.0.1
holdTimeSeconds: 90
peers:
  - address: 10.0.0.7
    asn: 64512
    passive: true
    routeReflectorClient: true
    families: [ipv4-unicast, ipv6-unicast]
announce: [{ prefix: 10.1.0.0/26 }]
`;

/** What is wrong with the reflector's file when some text in it is another: `object: message (hint)`. */
function mistakes(from: string, to: string): string[] {
  expect(REFLECTOR).toContain(from);
  const result = parseSpeakerFile(REFLECTOR.replace(from, to), 'speaker.yaml');
  return result.ok
    ? []
    : result.failures.map(({ object, message, hint }) => `${object}: ${message} (${hint})`);
}

describe('a configuration file', () => {
  test('becomes the configuration of a route reflector', () => {
    const result = parseSpeakerFile(REFLECTOR, 'speaker.yaml');
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
    const result = parseSpeakerFile('asn: 1\nrouterId: 10.0.0.1\nlisten: [{ address: 10.0.0.1 }]', 'x');
    expect(result).toMatchObject({
      ok: true,
      file: { config: { holdTimeSeconds: 90, listen: [{ port: 179 }], peers: [] }, routes: [] },
    });
  });

  test('takes the family of a peer from its address', () => {
    const peers = 'peers: [{ address: 10.0.0.7, asn: 1 }, { address: "fd00::7", asn: 1 }]';
    const result = parseSpeakerFile(
      `asn: 1\nrouterId: 10.0.0.1\nlisten: [{ address: "fd00::1" }]\n${peers}`,
      'x',
    );
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
    ['a dynamic neighbour', '10.0.0.7', '10.0.1.0/24', ':7 peers[0].address', 'do not exist yet'],
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
    expect(parseSpeakerFile('', 'x')).toMatchObject({ ok: false, failures: [{ object: 'x:1' }] });
  });
});

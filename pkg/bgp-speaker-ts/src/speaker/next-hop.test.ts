import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { UNUSED_FACTS } from '../rib/next-hop-table.ts';
import type { Capability } from '../wire/capability/capability.ts';
import type { PeerConfig } from './config.ts';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';

const SOURCE = '10.0.0.2';
const TARGET = '10.0.0.3';
const OUR = '10.0.0.1';
const OUR6 = 'fd00::1';
const LINK_LOCAL = 'fe80::2';
const FAR = '192.0.2.9';
const ROUTE = '20.0.0.0/24';
const ROUTE6 = 'fd00:20::/64';
const LINK = [prefix('10.0.0.0/24'), prefix('fd00::/64')];

const EXTENDED: Capability[] = [{ kind: 'extended-next-hop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] }];

interface Network {
  readonly from?: Partial<PeerConfig>;
  readonly to?: Partial<PeerConfig>;
  readonly targetAsn?: number;
  readonly capabilities?: readonly Capability[];
}

/** SOURCE is external and sends; TARGET is told. */
function network({ from = {}, to = {}, targetAsn = 64514, capabilities = [] }: Network): ScriptedPeers {
  const peers = new ScriptedPeers([
    scripted(SOURCE, 64513, from),
    scripted(TARGET, targetAsn, to),
    scripted('10.0.0.4', 64515),
  ]);
  peers.connect(SOURCE, 64513, EXTENDED);
  peers.connect(TARGET, targetAsn, capabilities);
  return peers;
}

function told(peers: ScriptedPeers, route: string, nextHop: string): string | undefined {
  peers.announce(SOURCE, [route], { asPath: [{ kind: 'sequence', asns: [64513] }] }, nextHop);
  const sent = peers.sent(TARGET, route);
  if (sent === undefined) return peers.exportRule(TARGET, route);
  return [sent.nextHop, sent.linkLocalNextHop].filter((item) => item !== undefined).join(' ');
}

const ipv6 = { nextHopAddresses: { ipv6: address(OUR6) } };
const shared = { sharedSubnets: LINK };

describe('the next hop of a route sent (RFC 4271 §5.1.3)', () => {
  test.each<[string, Network, string, string, string]>([
    ['auto, external: ours', {}, ROUTE, FAR, OUR],
    ['auto, internal: unchanged', { targetAsn: 64512 }, ROUTE, FAR, FAR],
    ['self, internal: ours', { targetAsn: 64512, to: { nextHop: 'self' } }, ROUTE, FAR, OUR],
    ['keep, external: unchanged', { to: { nextHop: 'keep' } }, ROUTE, FAR, FAR],
    ['auto, external, no shared subnet known: ours', {}, ROUTE, SOURCE, OUR],
    ['auto, external, in a shared subnet: third party', { to: shared }, ROUTE, SOURCE, SOURCE],
    [
      'auto, external, a router that is no peer: third party',
      { to: shared },
      ROUTE,
      '10.0.0.77',
      '10.0.0.77',
    ],
    ['auto, external, outside of the shared subnet: ours', { to: shared }, ROUTE, FAR, OUR],
    ["auto, external, the peer's own address: ours", { to: shared }, ROUTE, TARGET, OUR],
    ["auto, external, another peer's address: ours", { to: shared }, ROUTE, '10.0.0.4', OUR],
    ['self, in a shared subnet: ours', { to: { ...shared, nextHop: 'self' } }, ROUTE, SOURCE, OUR],
    ['IPv6, auto, external: ours', { to: ipv6 }, ROUTE6, 'fd00::9', OUR6],
    [
      'IPv6, auto, in a shared subnet: third party',
      { to: { ...ipv6, ...shared } },
      ROUTE6,
      'fd00::9',
      'fd00::9',
    ],
    ['IPv6, keep: unchanged', { to: { nextHop: 'keep' } }, ROUTE6, '2001:db8::9', '2001:db8::9'],
    ['IPv6 over IPv4, auto, without an address of ours: not told', {}, ROUTE6, '2001:db8::9', 'no-next-hop'],
    ['IPv6 over IPv4, keep: needs none of ours', { to: { nextHop: 'keep' } }, ROUTE6, 'fd00::9', 'fd00::9'],
  ])('%s', (_name, options, route, received, expected) => {
    expect(told(network(options), route, received)).toBe(expected);
  });

  test('a local route has ours in a shared subnet, too', () => {
    const peers = network({ to: shared });
    peers.handle({ kind: 'set-local-routes', routes: [{ prefix: prefix(ROUTE) }] });
    expect(peers.sent(TARGET, ROUTE)?.nextHop).toBe(OUR);
  });
});

describe('a peer behind us', () => {
  test.each<[string, Network, string, string]>([
    ['auto, internal: ours', { targetAsn: 64512 }, FAR, OUR],
    ['auto, in a shared subnet: ours', { to: shared }, SOURCE, OUR],
    ['keep: unchanged', { targetAsn: 64512, to: { nextHop: 'keep' } }, FAR, FAR],
  ])('has its routes told with a next hop of %s', (_name, options, received, expected) => {
    expect(told(network({ ...options, from: { behindUs: true } }), ROUTE, received)).toBe(expected);
  });

  test('is told others as they are', () => {
    expect(told(network({ targetAsn: 64512, to: { behindUs: true } }), ROUTE, FAR)).toBe(FAR);
  });
});

describe('a peer on an interface, known by its link-local address', () => {
  test.each([
    ['is the way itself, whatever global address stands before that', 'fd00::9 fe80::9', 'fe80::9'],
    ['and where both are link-local', 'fe80::9 fe80::9', 'fe80::9'],
    ['alone', 'fe80::9', 'fe80::9'],
    ['unless it names none behind the global one', 'fd00::9', 'fd00::9'],
  ])('%s', (_, received, expected) => {
    const peers = new ScriptedPeers([
      scripted(LINK_LOCAL, 64513, { interface: 'eth1', families: ['ipv4-unicast'] }),
    ]);
    peers.connect(LINK_LOCAL, 64513, EXTENDED);
    peers.announce(LINK_LOCAL, [ROUTE], { asPath: [{ kind: 'sequence', asns: [64513] }] }, received);
    const [selected] = peers.speaker.locRib('ipv4-unicast');
    expect(selected?.best?.nextHops).toEqual([{ address: expected }]);
  });
});

describe('IPv4 routes with IPv6 next hops (RFC 8950 §4)', () => {
  const internal = { targetAsn: 64512 };
  test.each<[string, Network, string]>([
    ['unchanged to a peer that takes them', { ...internal, capabilities: EXTENDED }, 'fd00::9'],
    ['not told to a peer that does not', internal, 'no-next-hop'],
    ['ours, of IPv4, to one that does not', { ...internal, to: { nextHop: 'self' } }, OUR],
    ['ours, of IPv4, to an external one', {}, OUR],
    ['third party to one that takes them', { to: shared, capabilities: EXTENDED }, 'fd00::9'],
    ['kept for one that takes them', { to: { nextHop: 'keep' }, capabilities: EXTENDED }, 'fd00::9'],
  ])('%s', (_name, options, expected) => {
    expect(told(network(options), ROUTE, 'fd00::9')).toBe(expected);
  });
});

describe('link-local next hops (RFC 2545 §3)', () => {
  const withOurs = { nextHopAddresses: { ipv6: address(OUR6), linkLocal: address('fe80::1') } };
  test.each<[string, Network, string, string]>([
    ['behind a global one they stay on their link', { targetAsn: 64512 }, 'fd00::9 fe80::9', 'fd00::9'],
    [
      'behind a global one they go to a peer on the same link',
      { to: { ...ipv6, ...shared } },
      'fd00::9 fe80::9',
      'fd00::9 fe80::9',
    ],
    ['alone they are not passed on: ours stands for them', { targetAsn: 64512, to: ipv6 }, 'fe80::9', OUR6],
    [
      'behind the unspecified address they are not passed on',
      { targetAsn: 64512, to: ipv6 },
      ':: fe80::9',
      OUR6,
    ],
    ['nor are they kept', { to: { ...ipv6, nextHop: 'keep' } }, 'fe80::9', OUR6],
    ['alone, without an address of ours, nothing is told', { targetAsn: 64512 }, 'fe80::9', 'no-next-hop'],
    ['ours goes along if there is one', { to: withOurs }, 'fd00::9', 'fd00::1 fe80::1'],
  ])('%s', (_name, options, received, expected) => {
    expect(told(network(options), ROUTE6, received)).toBe(expected);
  });

  test('ours stays out of next hops of IPv4', () => {
    expect(told(network({ to: withOurs }), ROUTE, FAR)).toBe(OUR);
  });
});

describe('what is known of next hops', () => {
  test('is forgotten when they are gone for long, and asked for when they are back', () => {
    const peers = network({});
    const wants = (): readonly string[] => peers.told('next-hops-wanted').at(-1)?.nextHops ?? [];
    const learn = (name: string): void => {
      const state = { address: address(name), reachable: false, metric: 0 };
      peers.handle({ kind: 'set-next-hops', nextHops: [state] });
    };
    told(peers, ROUTE, FAR);
    learn(FAR);
    expect(peers.received(SOURCE, ROUTE)?.best).toBe(false);
    for (let index = 0; index <= UNUSED_FACTS; index += 1) {
      const other = `192.0.${100 + (index >>> 8)}.${index & 0xff}`;
      told(peers, ROUTE, other);
      learn(other);
    }
    expect(wants()).not.toContain(FAR);
    told(peers, ROUTE, FAR);
    expect(peers.received(SOURCE, ROUTE)?.best).toBe(true);
    expect(wants()).toContain(FAR);
    learn(FAR);
    expect(peers.received(SOURCE, ROUTE)?.best).toBe(false);
  });
});

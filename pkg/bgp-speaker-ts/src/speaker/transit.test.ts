import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { LocalRoute, PeerConfig } from './config.ts';
import { Network, originate, peer, receivedBy, routesOf, speaker } from './test/network.ts';

/** 10.0.0.1 in AS 1 — 10.0.0.2 in AS 2 — 10.0.0.3 in AS 3, the middle one configured by the test. */
function chain(toOne: Partial<PeerConfig> = {}, toThree: Partial<PeerConfig> = {}): Network {
  const network = new Network();
  network.add(speaker('10.0.0.1', 1, [peer('10.0.0.2', 2)]));
  network.add(
    speaker('10.0.0.2', 2, [
      peer('10.0.0.1', 1, { passive: true, ...toOne }),
      peer('10.0.0.3', 3, { passive: true, ...toThree }),
    ]),
  );
  network.add(speaker('10.0.0.3', 3, [peer('10.0.0.2', 2)]));
  for (const name of network.nodes.keys()) originate(network, name);
  return network;
}

function originateRoute(network: Network, name: string, route: Omit<LocalRoute, 'prefix'>): void {
  network.send(name, { kind: 'set-local-routes', routes: [{ prefix: prefix('10.1.0.0/26'), ...route }] });
}

const atThree = (network: Network) =>
  receivedBy(network, '10.0.0.3', '10.0.0.2').get('10.1.0.0/26')?.attributes;

describe('transit between external peers (RFC 4271 §5.1, §9.2)', () => {
  test('a route passes with every AS in front of the last and the next hop of the last', () => {
    const network = chain();
    originate(network, '10.0.0.1', '10.1.0.0/26');
    network.advance(10_000);
    expect(routesOf(network, '10.0.0.3')).toEqual({ '10.1.0.0/26': '10.0.0.2' });
    expect(atThree(network)).toMatchObject({ asPath: '2 1', localPref: undefined, med: undefined });
  });

  test('a best path says which AS it came from last, and nothing of a route of our own', () => {
    const network = chain();
    originate(network, '10.0.0.1', '10.1.0.0/26');
    network.advance(10_000);
    const lastOf = (name: string) =>
      [...network.node(name).speaker.locRib('ipv4-unicast')].map(({ best }) => best?.neighbourAsn);
    expect(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(lastOf)).toEqual([[undefined], [1], [2]]);
  });

  test('MED and LOCAL_PREF of one AS are not shown to the next', () => {
    const network = chain();
    originateRoute(network, '10.0.0.1', { med: 5, localPref: 300 });
    network.advance(10_000);
    expect(receivedBy(network, '10.0.0.2', '10.0.0.1').get('10.1.0.0/26')?.attributes).toMatchObject({
      med: 5,
      localPref: undefined,
    });
    expect(atThree(network)).toMatchObject({ med: undefined, localPref: undefined });
  });

  test('`keep` leaves the next hop as it was', () => {
    const network = chain({}, { nextHop: 'keep' });
    originate(network, '10.0.0.1', '10.1.0.0/26');
    network.advance(10_000);
    expect(routesOf(network, '10.0.0.3')).toEqual({ '10.1.0.0/26': '10.0.0.1' });
  });

  test('§9.1.2: a path through our own AS is a loop, unless so many are allowed', () => {
    // AS 1 at both ends.
    for (const [allowLocalAsn, expected] of [
      [0, {}],
      [1, { '10.1.0.0/26': '10.0.0.2' }],
    ] as const) {
      const network = new Network();
      network.add(speaker('10.0.0.1', 1, [peer('10.0.0.2', 2)]));
      network.add(
        speaker('10.0.0.2', 2, [
          peer('10.0.0.1', 1, { passive: true }),
          peer('10.0.0.3', 1, { passive: true }),
        ]),
      );
      network.add(speaker('10.0.0.3', 1, [peer('10.0.0.2', 2, { allowLocalAsn })]));
      for (const name of network.nodes.keys()) originate(network, name);
      originate(network, '10.0.0.1', '10.1.0.0/26');
      network.advance(10_000);
      expect(routesOf(network, '10.0.0.3')).toEqual(expected);
      const rejection = allowLocalAsn === 0 ? 'as-loop' : 'none';
      expect(receivedBy(network, '10.0.0.3', '10.0.0.2').get('10.1.0.0/26')?.rejection).toBe(rejection);
    }
  });

  test.each([
    ['is never selected', {}, 'own-next-hop'],
    ['is one like any other for a speaker off the path', { offPath: true }, 'none'],
  ])('§6.3: a route that points to an address of our own %s', (_, options, rejection) => {
    const network = chain({ nextHop: 'keep' }, {});
    network.send('10.0.0.2', {
      kind: 'configure',
      config: speaker(
        '10.0.0.2',
        2,
        [
          peer('10.0.0.1', 1, { passive: true, nextHopAddresses: { ipv4: address('10.0.0.1') } }),
          peer('10.0.0.3', 3, { passive: true }),
        ],
        options,
      ),
    });
    originate(network, '10.0.0.1', '10.1.0.0/26');
    network.advance(10_000);
    expect(receivedBy(network, '10.0.0.2', '10.0.0.1').get('10.1.0.0/26')?.rejection).toBe(rejection);
  });

  test('RFC 1997: NO_EXPORT stays in the AS that received it, NO_ADVERTISE with the speaker', () => {
    for (const community of ['65535:65281', '65535:65282']) {
      const network = chain();
      originateRoute(network, '10.0.0.1', {});
      network.send('10.0.0.1', { kind: 'set-local-routes', routes: [{ prefix: prefix('10.1.0.0/26') }] });
      network.send('10.0.0.2', {
        kind: 'configure',
        config: speaker('10.0.0.2', 2, [
          peer('10.0.0.1', 1, {
            passive: true,
            importPolicy: [
              { name: 'mark', action: 'accept', operations: [{ kind: 'add-community', community }] },
            ],
          }),
          peer('10.0.0.3', 3, { passive: true }),
        ]),
      });
      network.advance(10_000);
      expect(Object.keys(routesOf(network, '10.0.0.2'))).toEqual(['10.1.0.0/26']);
      expect(routesOf(network, '10.0.0.3')).toEqual({});
      const rule = network.node('10.0.0.2').speaker.explain(prefix('10.1.0.0/26')).exports.at(-1)?.rule;
      expect(rule).toBe(community.endsWith('1') ? 'no-export' : 'no-advertise');
    }
  });

  test('RFC 8326: GRACEFUL_SHUTDOWN makes a route the last choice', () => {
    const network = chain();
    originateRoute(network, '10.0.0.1', { communities: ['65535:0'] });
    network.advance(10_000);
    expect(network.node('10.0.0.2').routes.get('10.1.0.0/26')?.best?.localPref).toBe(0);
  });

  test('RFC 8212: without policy an external peer gets and gives nothing, if that is asked for', () => {
    const network = new Network();
    const strict = { externalRequiresPolicy: true };
    network.add(speaker('10.0.0.1', 1, [peer('10.0.0.2', 2)]));
    network.add(speaker('10.0.0.2', 2, [peer('10.0.0.1', 1, { passive: true })], strict));
    originate(network, '10.0.0.1', '10.1.0.0/26');
    originate(network, '10.0.0.2', '10.2.0.0/26');
    network.advance(10_000);
    expect(routesOf(network, '10.0.0.1')).toEqual({ '10.1.0.0/26': 'local' });
    expect(routesOf(network, '10.0.0.2')).toEqual({ '10.2.0.0/26': 'local' });
    expect(receivedBy(network, '10.0.0.2', '10.0.0.1').get('10.1.0.0/26')?.rejection).toBe('policy-required');
    expect(network.node('10.0.0.2').speaker.explain(prefix('10.2.0.0/26')).exports[0]?.rule).toBe(
      'policy-required',
    );
  });

  test('RFC 8950: an IPv4 route goes over an IPv6 session with an IPv6 next hop', () => {
    const network = new Network();
    const ids = { identifier: address('10.0.0.1') };
    network.add(speaker('fd00::1', 1, [peer('fd00::2', 2)], ids));
    network.add(
      speaker('fd00::2', 2, [peer('fd00::1', 1, { passive: true })], { identifier: address('10.0.0.2') }),
    );
    originate(network, 'fd00::1', '10.1.0.0/26', 'fd00:1::/64');
    originate(network, 'fd00::2');
    network.advance(10_000);
    expect(routesOf(network, 'fd00::2')).toEqual({ '10.1.0.0/26': 'fd00::1', 'fd00:1::/64': 'fd00::1' });
  });

  test('an IPv6 route is not told over an IPv4 session without an IPv6 address to point to, and explain says so', () => {
    const network = chain();
    originate(network, '10.0.0.1', 'fd00:1::/64');
    network.advance(10_000);
    expect(routesOf(network, '10.0.0.2')).toEqual({});
    expect(network.node('10.0.0.1').speaker.explain(prefix('fd00:1::/64')).exports).toEqual([
      { peer: '10.0.0.2', told: false, rule: 'no-next-hop' },
    ]);
  });

  test('both families go over one IPv4 session when both addresses are configured (RFC 4760)', () => {
    const network = new Network();
    const own = (last: number) => ({ ipv4: address(`10.0.0.${last}`), ipv6: address(`fd00::${last}`) });
    network.add(speaker('10.0.0.1', 1, [peer('10.0.0.2', 1, { nextHopAddresses: own(1) })]));
    network.add(speaker('10.0.0.2', 1, [peer('10.0.0.1', 1, { passive: true, nextHopAddresses: own(2) })]));
    originate(network, '10.0.0.1', '10.1.0.0/26', 'fd00:1::/122');
    originate(network, '10.0.0.2', '10.2.0.0/26', 'fd00:2::/122');
    network.advance(10_000);
    expect(routesOf(network, '10.0.0.2')).toMatchObject({
      '10.1.0.0/26': '10.0.0.1',
      'fd00:1::/122': 'fd00::1',
    });
    expect(routesOf(network, '10.0.0.1')).toMatchObject({
      '10.2.0.0/26': '10.0.0.2',
      'fd00:2::/122': 'fd00::2',
    });
  });
});

import { prefix } from '@weft/ip';
import type { ShownAttributes } from 'bgp-speaker-ts';
import { expect } from 'vitest';
import { describeDaemons } from '../daemon/case.ts';
import type { DaemonName, DaemonRoute } from '../daemon/daemon.ts';
import { GobgpDaemon } from '../daemon/gobgp.ts';
import type { Pair } from '../daemon/pair.ts';
import { routesAndWithdraw } from './case.ts';

/** Routes in the configuration of every daemon, with attributes. */
const MARKED = ['203.0.113.0/24', '2001:db8:a::/48'];
const MARKED_ATTRIBUTES = {
  origin: 'incomplete',
  med: 50,
  communities: ['64513:7'],
  largeCommunities: ['64513:1:2'],
};

const IN_THE_WORDS_OF_GOBGP =
  'origin incomplete med 50 local-pref 200 community 64513:7 large-community 64513:1:2'.split(' ');

/** What the daemons give that do not give their address of each family; the quirks in `case.ts` say why. */
const THEIR_NEXT_HOPS: Record<'ipv4' | 'ipv6', Partial<Record<DaemonName, string[]>>> = {
  ipv4: { openbgpd: ['192.0.2.2', '::1'] },
  ipv6: { gobgp: ['2001:db8::2', '2001:db8::2'], openbgpd: ['127.0.0.1', '2001:db8::2'] },
};

/** A route of ours of each family, with attributes. */
const OURS = ['10.1.0.0/26', '2001:db8:1::/64'].map((text) => ({
  prefix: prefix(text),
  origin: 2 as const,
  med: 70,
  localPref: 300,
  communities: ['64512:9'],
  largeCommunities: ['64512:3:4'],
}));
const OUR_PREFIXES = OURS.map((route) => route.prefix);

/** Starts both, the daemon with the marked routes. */
async function start(pair: Pair, routes: typeof OURS = []): Promise<void> {
  // The one whose configuration has no routes.
  if (pair.daemon instanceof GobgpDaemon) {
    for (const name of MARKED) await pair.daemon.originate(name, ...IN_THE_WORDS_OF_GOBGP);
  }
  await pair.start(routes);
}

/** The attributes of the marked routes as the speaker has received them, IPv4 first. */
async function received(pair: Pair): Promise<ShownAttributes[]> {
  await pair.speakerHas(...MARKED);
  const routes = await pair.speaker.adjRibIn(pair.peer);
  return MARKED.map((name) => {
    const found = routes.find((route) => route.prefix === name);
    if (found === undefined) throw new Error(`${name} is not there`);
    return found.attributes;
  });
}

/** Our routes as the daemon has them, IPv4 first. */
async function sent(pair: Pair): Promise<DaemonRoute[]> {
  return (await pair.daemonHas(...OUR_PREFIXES)).toSorted((a, b) => a.prefix.localeCompare(b.prefix));
}

describeDaemons(routesAndWithdraw, (test, daemon) => {
  for (const transport of ['ipv4', 'ipv6'] as const) {
    test(`speaker to daemon, both families on an ${transport} session`, { transport }, async (pair) => {
      await start(pair, OURS);
      const hops = (await sent(pair)).map(({ nextHop }) => nextHop);
      expect(hops).toEqual(['192.0.2.1', '2001:db8::1']);
      const more = [{ prefix: prefix('10.2.0.0/26') }, { prefix: prefix('2001:db8:2::/64') }];
      await pair.speaker.announce([...OURS, ...more]);
      await pair.daemonHas(...OUR_PREFIXES, '10.2.0.0/26', '2001:db8:2::/64');
      await pair.speaker.announce(more);
      await pair.daemonHas('10.2.0.0/26', '2001:db8:2::/64');
    });

    test(`daemon to speaker, both families on an ${transport} session`, { transport }, async (pair) => {
      await start(pair);
      const hops = (await received(pair)).map(({ nextHop }) => nextHop);
      expect(hops).toEqual(THEIR_NEXT_HOPS[transport][daemon] ?? ['192.0.2.2', '2001:db8::2']);
      await pair.daemon.announce(['198.51.100.0/24', '2001:db8:6::/48']);
      await pair.speakerHas(...MARKED, '198.51.100.0/24', '2001:db8:6::/48');
      await pair.daemon.withdraw(['198.51.100.0/24', '2001:db8:6::/48']);
      await pair.speakerHas(...MARKED);
    });
  }

  test('speaker to daemon, attributes over eBGP', {}, async (pair) => {
    await start(pair, OURS);
    const attributes = {
      origin: 'incomplete',
      asPath: [64512],
      med: 70,
      communities: ['64512:9'],
      largeCommunities: ['64512:3:4'],
    };
    expect(await sent(pair)).toMatchObject([attributes, attributes]);
  });

  test('speaker to daemon, attributes over iBGP', { daemonAsn: 64512 }, async (pair) => {
    await start(pair, OURS);
    const attributes = {
      origin: 'incomplete',
      asPath: [],
      localPref: 300,
      med: 70,
      communities: ['64512:9'],
      largeCommunities: ['64512:3:4'],
    };
    expect(await sent(pair)).toMatchObject([attributes, attributes]);
  });

  test('daemon to speaker, attributes over eBGP', {}, async (pair) => {
    await start(pair);
    const attributes = { ...MARKED_ATTRIBUTES, asPath: '64513', localPref: undefined };
    expect(await received(pair)).toMatchObject([attributes, attributes]);
  });

  test('daemon to speaker, attributes over iBGP', { daemonAsn: 64512 }, async (pair) => {
    await start(pair);
    const attributes = { ...MARKED_ATTRIBUTES, asPath: '', localPref: 200 };
    expect(await received(pair)).toMatchObject([attributes, attributes]);
  });

  const overIpv6 = {
    transport: 'ipv6',
    values: { extendedNextHop: 'capability extended-nexthop', ipv4NextHop: '2001:db8::2' },
    // Without an IPv4 address of its own the speaker has the IPv6 one to give.
    peer: { nextHopAddresses: {} },
  } as const;

  test('RFC 8950: speaker to daemon, IPv4 with an IPv6 next hop', overIpv6, async (pair) => {
    await start(pair, OURS);
    const hops = (await sent(pair)).map(({ nextHop }) => nextHop);
    expect(hops).toEqual(['2001:db8::1', '2001:db8::1']);
  });

  test('RFC 8950: daemon to speaker, IPv4 with an IPv6 next hop', overIpv6, async (pair) => {
    await start(pair);
    const hops = (await received(pair)).map(({ nextHop }) => nextHop);
    expect(hops).toEqual(['2001:db8::2', '2001:db8::2']);
  });
});

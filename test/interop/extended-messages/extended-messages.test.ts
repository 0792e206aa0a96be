import { prefix } from '@weft/ip';
import { expect } from 'vitest';
import { describeDaemons } from '../daemon/case.ts';
import { COMMUNITIES, extendedMessages } from './case.ts';

const BIG = ['10.1.0.0/26', '2001:db8:1::/64'].map((text) => ({
  prefix: prefix(text),
  communities: COMMUNITIES,
}));
const PREFIXES = BIG.map((route) => route.prefix);

describeDaemons(extendedMessages, (test, daemon) => {
  test('speaker to daemon, attributes of 6 KiB', {}, async (pair) => {
    const { maxSendBytes } = await pair.start(BIG);
    expect(maxSendBytes).toBe(65_535);
    const routes = await pair.daemonHas(...PREFIXES);
    for (const { communities } of routes) expect(communities?.join(' ')).toBe(COMMUNITIES.join(' '));
  });

  test('daemon to speaker, attributes of 6 KiB', { second: 'daemon' }, async (pair) => {
    await pair.start();
    // ExaBGP passes nothing on: it has the routes in its configuration.
    if (daemon !== 'exabgp') await pair.startSecond(BIG);
    await pair.speakerHas(...PREFIXES);
    const routes = await pair.speaker.adjRibIn(pair.peer);
    for (const { attributes } of routes)
      expect(attributes.communities?.join(' ')).toBe(COMMUNITIES.join(' '));
  });
});

import { prefix } from '@weft/ip';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { DEADLINE_MS, INTERVAL_MS, type Pair } from '../daemon/pair.ts';
import { addPath } from './case.ts';

/** Each of them is originated by two speakers. */
const SHARED = ['10.1.0.0/26', '2001:db8:1::/64'].map((text) => ({ prefix: prefix(text) }));
const PREFIXES = SHARED.map((route) => route.prefix);
const BOTH = PREFIXES.flatMap((name) => [name, name]);

/** Gives the daemon two paths to each prefix: its own and the second speaker's. ExaBGP passes nothing on, and is told both. */
async function originateTwice(pair: Pair): Promise<void> {
  if (pair.daemon.name !== 'exabgp') {
    await pair.daemon.announce(PREFIXES);
    await pair.startSecond(SHARED);
    return;
  }
  for (const path of ['path-information 1', 'path-information 2 as-path [ 64513 64514 ]']) {
    for (const name of PREFIXES) await pair.daemon.ask(`announce ${routeOf(pair, name)} ${path}`);
  }
}

/** Takes the daemon's own paths back. */
async function withdrawFirst(pair: Pair): Promise<void> {
  const { daemon } = pair;
  if (daemon.name !== 'exabgp') return daemon.withdraw(PREFIXES);
  for (const name of PREFIXES) await daemon.ask(`withdraw ${routeOf(pair, name)} path-information 1`);
}

function routeOf({ network }: Pair, name: string): string {
  return `route ${name} next-hop ${name.includes(':') ? network.daemon.ipv6 : network.daemon.ipv4}`;
}

describeDaemons(addPath, (test) => {
  test('speaker to daemon', { peer: { addPath: 'both' }, second: 'speaker' }, async (pair) => {
    const { families } = await pair.start(SHARED);
    expect(families).toMatchObject([{ addPathSend: true }, { addPathSend: true }]);
    await pair.startSecond(SHARED);
    const routes = await pair.daemonHas(...BOTH);
    const paths = routes.map((route) => `${route.prefix} by ${route.asPath?.join(' ')}`);
    const wanted = PREFIXES.flatMap((name) => [`${name} by 64512`, `${name} by 64512 64514`]);
    expect(paths.toSorted()).toEqual(wanted.toSorted());
    await pair.speaker.announce([]);
    const rest = await pair.daemonHas(...PREFIXES);
    expect(rest.map(({ asPath }) => asPath)).toEqual([
      [64512, 64514],
      [64512, 64514],
    ]);
  });

  test('daemon to speaker', { peer: { addPath: 'both' }, second: 'daemon' }, async (pair) => {
    const { families } = await pair.start();
    expect(families).toMatchObject([{ addPathReceive: true }, { addPathReceive: true }]);
    await originateTwice(pair);
    await pair.speakerHas(...BOTH);
    const routes = await pair.speaker.adjRibIn(pair.peer);
    const paths = routes.map((route) => `${route.prefix} by ${route.attributes.asPath}`);
    const wanted = PREFIXES.flatMap((name) => [`${name} by 64513`, `${name} by 64513 64514`]);
    expect(paths.toSorted()).toEqual(wanted.toSorted());
    for (const name of PREFIXES) {
      const ids = routes.filter((route) => route.prefix === name).map(({ pathId }) => pathId);
      expect(new Set(ids).size).toBe(2);
    }
    await withdrawFirst(pair);
    await waitFor(
      'only the other paths are left',
      async () => {
        const left = await pair.speaker.adjRibIn(pair.peer);
        return left.length === 2 && left.every(({ attributes }) => attributes.asPath === '64513 64514');
      },
      DEADLINE_MS,
      INTERVAL_MS,
    );
  });
});

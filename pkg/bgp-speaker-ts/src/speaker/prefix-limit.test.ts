import { expect, test } from 'vitest';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';

const B = '10.0.0.2';
const LIMIT = 2000;
const ROUNDS = 30;

/** Prefixes nobody has announced before; each round has others. */
function prefixesOf(round: number): string[] {
  return Array.from({ length: LIMIT + 1 }, (_, index) => {
    const number = round * (LIMIT + 1) + index;
    return `${11 + (number >>> 16)}.${(number >>> 8) & 255}.${number & 255}.0/24`;
  });
}

test('a peer that passes its limit again and again, with ever new routes, costs the memory of one round', () => {
  const maxPrefix = { prefixes: LIMIT, action: 'restart', restartSeconds: 1 } as const;
  const peers = new ScriptedPeers([scripted(B, 64512, { maxPrefix })], { gracefulRestart: undefined });
  let afterFirst = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    peers.connect(B, 64512);
    const all = prefixesOf(round);
    for (let next = 0; next < all.length; next += 500) {
      peers.announce(B, all.slice(next, next + 500), { communities: [round * 65_536 + next] });
    }
    expect(peers.speaker.status()[0]?.state).toBe('Idle');
    expect([...peers.speaker.locRib('ipv4-unicast')]).toEqual([]);
    expect([
      ...peers.speaker.adjRibIn(peers.speaker.config.peers[0]?.address as never, 'ipv4-unicast'),
    ]).toEqual([]);
    peers.advance(2);
    const { arrayBuffers } = process.memoryUsage();
    if (round === 1) afterFirst = arrayBuffers;
    if (round > 1) expect(arrayBuffers).toBeLessThan(afterFirst + 2 ** 20);
  }
});

import { prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { PeerConfig } from '../speaker/config.ts';
import { eventually, freePort, peer, type Running, run, speaker, stateOf } from './test/loopback.ts';

const A = '127.0.0.2';
const B = '127.0.3.3';
const C = '127.0.3.4';
const RANGE = prefix('127.0.3.0/24');

function range(more: Partial<PeerConfig> = {}): PeerConfig {
  return { ...peer(A, more), address: RANGE };
}

/** A speaker that takes dynamic neighbours, and two that connect to it, each as its settings say. */
async function hub(template: PeerConfig, ...spokes: Partial<PeerConfig>[]): Promise<[Running, ...Running[]]> {
  const port = await freePort(A);
  const middle = run(speaker(A, port, [template]));
  const ends = spokes.map(async (more, index) => {
    const at = [B, C][index] as string;
    return run(speaker(at, await freePort(at), [peer(A, { port, ...more })]));
  });
  return [middle, ...(await Promise.all(ends))];
}

describe('dynamic neighbours on sockets', () => {
  test('connect without being named, and are gone when they stop', async () => {
    const [middle, left, right] = await hub(range(), {}, {});
    await eventually('both Established', () => [B, C].every((at) => stateOf(middle, at) === 'Established'));
    await right?.server.stop({ graceful: false });
    await eventually('one left', () => middle.server.peers().length === 1);
    expect([stateOf(middle, B), left && stateOf(left, A)]).toEqual(['Established', 'Established']);
  });

  test('have one TCP MD5 key for the whole prefix (RFC 2385)', async () => {
    const [middle, , wrong] = await hub(
      range({ password: 'sesame' }),
      { password: 'sesame' },
      { password: 'simsim' },
    );
    await eventually('the one with the key', () => stateOf(middle, B) === 'Established');
    expect([stateOf(middle, C), wrong && stateOf(wrong, A)]).toEqual([undefined, 'Connect']);
  });

  test('keep their key when a peer of its own inside the prefix has another', async () => {
    const port = await freePort(A);
    const own = peer(C, { passive: true, password: 'own' });
    const middle = run(speaker(A, port, [range({ password: 'sesame' }), own]));
    run(speaker(B, await freePort(B), [peer(A, { port, password: 'sesame' })]));
    run(speaker(C, await freePort(C), [peer(A, { port, password: 'own' })]));
    await eventually('both Established', () => [B, C].every((at) => stateOf(middle, at) === 'Established'));
  });

  test('lose the key with the prefix', async () => {
    const [middle] = await hub(range({ password: 'sesame' }), { password: 'sesame' });
    await eventually('Established', () => stateOf(middle, B) === 'Established');
    middle.server.configure({ ...middle.server.config, peers: [range()] });
    run(speaker(C, await freePort(C), [peer(A, { port: middle.server.config.listen[0]?.port })]));
    await eventually('one without a key', () => stateOf(middle, C) === 'Established');
  });

  test('must be as near as GTSM wants them (RFC 5082)', async () => {
    const near = { ttlSecurityHops: 1 };
    const [middle, , far] = await hub(range(near), near, { multihop: 64 });
    await eventually('the near one', () => stateOf(middle, B) === 'Established');
    expect([stateOf(middle, C), far && stateOf(far, A)]).toEqual([undefined, 'Connect']);
  });
});

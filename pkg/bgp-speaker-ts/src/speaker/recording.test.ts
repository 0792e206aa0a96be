import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { SpeakerConfig } from './config.ts';
import { RecordedSpeaker, replay } from './recording.ts';
import { Network, originate, peer, speaker } from './test/network.ts';

const A = '10.0.0.1';
const B = '10.0.0.2';
const C = '10.0.0.3';

/** A life with sessions, routes, a restart, new policies and a slow reader, written down. */
function live(): { lines: string[]; network: Network } {
  const lines: string[] = [];
  const network = new Network();
  const config: SpeakerConfig = speaker(A, 1, [
    peer(B, 1, { passive: true, routeReflectorClient: true }),
    peer(C, 3, { passive: true }),
  ]);
  network.add(config, {}, (own, options) => new RecordedSpeaker(own, options, (line) => lines.push(line)));
  network.add(speaker(B, 1, [peer(A, 1)]));
  network.add(speaker(C, 3, [peer(A, 1)]));
  originate(network, A, '10.1.0.0/26');
  originate(network, B, '10.2.0.0/26', '10.2.0.64/26');
  originate(network, C, '10.3.0.0/26', '10.2.0.0/26');
  network.advance(10_000);
  network.kill(B);
  network.advance(10_000);
  network.send(A, { kind: 'set-next-hops', nextHops: [{ address: address(C), reachable: true, metric: 9 }] });
  network.send(A, {
    kind: 'stop-peer',
    peer: address(C),
    reason: { subcode: 2, data: new Uint8Array([1, 2]) },
  });
  network.advance(1_000);
  network.send(A, { kind: 'start-peer', peer: address(C) });
  const importPolicy = [
    {
      name: 'tag',
      action: 'accept' as const,
      operations: [{ kind: 'add-community' as const, community: '1:1' }],
    },
  ];
  const changed = { ...config, peers: config.peers.map((item) => ({ ...item, importPolicy })) };
  network.send(A, { kind: 'configure', config: changed });
  network.advance(30_000);
  return { lines, network };
}

describe('a recording', () => {
  test('replayed, gives the same RIBs, the same sessions and the same answers', () => {
    const { lines, network } = live();
    const original = network.node(A).speaker;
    const copy = replay(lines);
    expect([...original.locRib('ipv4-unicast')].length).toBe(4);
    expect(copy?.status()).toEqual(original.status());
    for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) {
      expect([...(copy?.locRib(family) ?? [])]).toEqual([...original.locRib(family)]);
      for (const name of [B, C]) {
        expect([...(copy?.adjRibIn(address(name), family) ?? [])]).toEqual([
          ...original.adjRibIn(address(name), family),
        ]);
        expect([...(copy?.adjRibOut(address(name), family) ?? [])]).toEqual([
          ...original.adjRibOut(address(name), family),
        ]);
      }
    }
    for (const { prefix } of original.locRib('ipv4-unicast'))
      expect(copy?.explain(prefix)).toEqual(original.explain(prefix));
  });

  test('is one line of JSON per event, after one that says how the speaker was made', () => {
    const { lines } = live();
    const [first, ...events] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(Object.keys(first ?? {})).toEqual(['config', 'options']);
    for (const event of events) expect(Object.keys(event)).toEqual(['now', 'event']);
    expect(lines.join('').includes('\n')).toBe(false);
  });

  test('has no TCP MD5 key in it, and replays what follows from a change of keys', () => {
    const lines: string[] = [];
    const network = new Network();
    const config = (password: string): SpeakerConfig =>
      speaker(A, 1, [peer(B, 1, { passive: true, password })]);
    network.add(
      config('sesame'),
      {},
      (own, options) => new RecordedSpeaker(own, options, (line) => lines.push(line)),
    );
    network.add(speaker(B, 1, [peer(A, 1)]));
    for (const password of ['sesame', 'simsim', 'sesame']) {
      network.advance(10_000);
      network.send(A, { kind: 'configure', config: config(password) });
    }
    network.advance(10_000);
    const original = network.node(A).speaker;
    expect(lines.join()).not.toMatch(/sesame|simsim/);
    expect(original.status()[0]?.establishedCount).toBe(3);
    expect(replay(lines)?.status()).toEqual(original.status());
    expect(original.config.peers[0]?.password).toBe('sesame');
  });

  test('an empty recording is no speaker', () => {
    expect(replay([])).toBeUndefined();
  });
});

import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { PeerConfig } from './config.ts';
import type { SpeakerAction } from './events.ts';
import { RecordedSpeaker, replay } from './recording.ts';
import { Network, originate, peer, speaker, toldBy } from './test/network.ts';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';

const OWN = 64512;
const RANGE = '10.0.1.0/24';
const B = '10.0.1.2';
const C = '10.0.1.3';

type More = Parameters<typeof scripted>[2];

/** The configuration of dynamic neighbours: those of the tests, with a prefix in place of the address. */
function range(text: string, asn: PeerConfig['asn'] = OWN, more: More = {}): PeerConfig {
  return { ...scripted('10.0.0.0', OWN, more), address: prefix(text), asn };
}

function states(peers: ScriptedPeers): Record<string, string> {
  return Object.fromEntries(peers.speaker.status().map(({ address: name, state }) => [name, state]));
}

function kinds(peers: ScriptedPeers, ...wanted: SpeakerAction['kind'][]): string[] {
  return peers.actions.map(({ kind }) => kind).filter((kind) => wanted.includes(kind));
}

/** The last NOTIFICATION sent, as code and subcode. */
function notification(peers: ScriptedPeers): string | undefined {
  const sent = peers.actions.findLast((action) => action.kind === 'send' && action.bytes[18] === 3);
  return sent?.kind === 'send' ? `${sent.bytes[19]}/${sent.bytes[20]}` : undefined;
}

describe('a dynamic neighbour', () => {
  test('is a peer from its connection on, known with its prefix, and gets and gives routes', () => {
    const peers = new ScriptedPeers([range(RANGE)]);
    expect(peers.speaker.status()).toEqual([]);
    peers.connect(B, OWN);
    peers.announce(B, ['10.9.0.0/26']);
    expect(peers.speaker.status()).toMatchObject([
      { address: B, template: RANGE, state: 'Established', asn: OWN },
    ]);
    expect([...peers.speaker.locRib('ipv4-unicast')]).toMatchObject([{ prefix: '10.9.0.0/26' }]);
    expect(kinds(peers, 'dynamic-peer-added', 'peer-established')).toEqual([
      'dynamic-peer-added',
      'peer-established',
    ]);
  });

  test('outside of all prefixes there is only a close', () => {
    const peers = new ScriptedPeers([range(RANGE)]);
    peers.handle({ kind: 'accepted', peer: address('10.0.2.2'), connection: 2 });
    expect(peers.actions.at(-1)).toMatchObject({ kind: 'close', peer: '10.0.2.2' });
    expect(peers.speaker.status()).toEqual([]);
  });

  test('the longest prefix counts, and a peer of its own before all prefixes', () => {
    const peers = new ScriptedPeers([
      range('10.0.0.0/16', 1),
      range(RANGE, 2),
      scripted(C, 3),
      range('2001:db8::/64', 4),
    ]);
    peers.connect(B, 2);
    peers.connect(C, 3);
    peers.connect('10.0.7.7', 1);
    expect(peers.speaker.status().map(({ template, state }) => [template, state])).toEqual([
      [undefined, 'Established'],
      [RANGE, 'Established'],
      ['10.0.0.0/16', 'Established'],
    ]);
  });

  test('is removed with its routes when its session ends, and comes back as a new one', () => {
    const peers = new ScriptedPeers([range(RANGE)], { gracefulRestart: undefined });
    peers.connect(B, OWN);
    peers.announce(B, ['10.9.0.0/26']);
    peers.disconnect(B);
    expect(peers.speaker.status()).toEqual([]);
    expect([...peers.speaker.locRib('ipv4-unicast')]).toEqual([]);
    expect(kinds(peers, 'dynamic-peer-removed')).toHaveLength(1);
    peers.connect(B, OWN);
    expect(peers.speaker.status()).toMatchObject([{ state: 'Established', establishedCount: 1 }]);
  });

  test('stays as long as its stale routes wait for it, then goes with them (RFC 4724)', () => {
    const peers = new ScriptedPeers([range(RANGE)]);
    const restart = { kind: 'graceful-restart', restarting: false, notification: false } as const;
    const families = [{ afi: 1, safi: 1, forwarding: true }];
    peers.connect(B, OWN, [{ ...restart, restartTimeSeconds: 100, families }]);
    peers.announce(B, ['10.9.0.0/26']);
    peers.disconnect(B);
    peers.advance(99);
    expect(peers.speaker.status()).toMatchObject([{ address: B, families: [{ stale: 1 }, {}] }]);
    peers.advance(1);
    expect(peers.speaker.status()).toEqual([]);
    expect(peers.speaker.nextDeadline).toBeGreaterThan(peers.now);
  });

  test('stays as long as its long-lived stale routes wait for it (RFC 9494)', () => {
    const longLived = [{ family: 'ipv4-unicast' as const, staleTimeSeconds: 9 }];
    const peers = new ScriptedPeers([range(RANGE)], {
      gracefulRestart: { restartTimeSeconds: 0, longLived },
    });
    const families = [{ afi: 1, safi: 1, forwarding: true }];
    const restart = { kind: 'graceful-restart', restarting: false, notification: false } as const;
    peers.connect(B, OWN, [
      { ...restart, restartTimeSeconds: 10, families },
      {
        kind: 'long-lived-graceful-restart',
        families: [{ afi: 1, safi: 1, forwarding: true, staleTimeSeconds: 90 }],
      },
    ]);
    peers.announce(B, ['10.9.0.0/26']);
    peers.disconnect(B);
    peers.advance(99);
    expect(peers.speaker.status()).toMatchObject([{ address: B, families: [{ stale: 1 }, {}] }]);
    peers.advance(1);
    expect(peers.speaker.status()).toEqual([]);
  });

  test('that never sends an OPEN gives its place back after 30 s', () => {
    const peers = new ScriptedPeers([range(RANGE, OWN, { maxPeers: 1 })]);
    peers.handle({ kind: 'accepted', peer: address(B), connection: 2 });
    peers.advance(29);
    expect(states(peers)).toEqual({ [B]: 'OpenSent' });
    peers.advance(1);
    expect([states(peers), notification(peers)]).toEqual([{}, '4/0']);
    peers.connect(C, OWN);
    expect(states(peers)).toEqual({ [C]: 'Established' });
  });

  test('beyond the limit is refused with Cease / Connection Rejected (RFC 4486), until one leaves', () => {
    const peers = new ScriptedPeers([range(RANGE, OWN, { maxPeers: 1 })], { gracefulRestart: undefined });
    peers.connect(B, OWN);
    peers.connect(C, OWN);
    expect([states(peers), notification(peers)]).toEqual([{ [B]: 'Established' }, '6/5']);
    expect(kinds(peers, 'dynamic-peer-refused')).toHaveLength(1);
    peers.disconnect(B);
    peers.connect(C, OWN);
    expect(states(peers)).toEqual({ [C]: 'Established' });
  });

  test('a hundred are taken when the configuration says nothing', () => {
    const peers = new ScriptedPeers([range('10.0.0.0/16')]);
    for (let host = 1; host <= 102; host += 1) {
      peers.handle({ kind: 'accepted', peer: address(`10.0.1.${host}`), connection: 2 });
    }
    expect(peers.speaker.status()).toHaveLength(100);
  });

  test('ten thousand that come and go leave nothing behind', () => {
    const peers = new ScriptedPeers([range('10.0.0.0/8', 'any')], { gracefulRestart: undefined });
    for (let host = 0; host < 10_000; host += 1) {
      const name = address(`10.7.${host >>> 8}.${host & 255}`);
      peers.handle({ kind: 'accepted', peer: name, connection: 2 });
      peers.handle({ kind: 'closed', peer: name, connection: 2 });
    }
    expect(peers.speaker.status()).toEqual([]);
    expect(peers.speaker.explain(prefix('10.0.0.0/8')).paths).toEqual([]);
    peers.connect(B, 7);
    expect(states(peers)).toEqual({ [B]: 'Established' });
  });
});

describe('the AS number of a peer', () => {
  const several = [
    { first: 100, last: 200 },
    { first: 300, last: 300 },
  ];

  test.each([
    ['internal', OWN, 'internal'],
    ['internal', 7, undefined],
    ['external', 7, 'external'],
    ['external', OWN, undefined],
    ['any', 7, 'external'],
    ['any', OWN, 'internal'],
    [several, 150, 'external'],
    [several, 300, 'external'],
    [several, 299, undefined],
    [7, 7, 'external'],
  ] as const)('%j and a peer of AS %i: %s', (wanted, asn, type) => {
    for (const config of [range(RANGE, wanted), { ...scripted(B, OWN), asn: wanted }]) {
      const peers = new ScriptedPeers([config]);
      peers.connect(B, asn);
      expect(peers.speaker.status()[0]?.peerType).toBe(type);
      if (type === undefined) expect(notification(peers)).toBe('2/2');
      else expect(peers.speaker.status()[0]?.asn).toBe(asn);
    }
  });

  test('decides about reflection when it is known', () => {
    const client = { routeReflectorClient: true };
    const peers = new ScriptedPeers([range(RANGE, 'any', client)]);
    for (const name of [B, C]) peers.connect(name, OWN);
    peers.announce(B, ['10.9.0.0/26']);
    expect([...peers.speaker.adjRibOut(address(C), 'ipv4-unicast')]).toHaveLength(1);
  });
});

describe('what would be undone by coming back as a new neighbour stays', () => {
  test('a stop by an administrator', () => {
    const peers = new ScriptedPeers([range(RANGE)]);
    peers.connect(B, OWN);
    peers.handle({ kind: 'stop-peer', peer: address(B), reason: { subcode: 2 } });
    peers.handle({ kind: 'accepted', peer: address(B), connection: 4 });
    expect(states(peers)).toEqual({ [B]: 'Idle' });
    peers.handle({ kind: 'start-peer', peer: address(B) });
    expect(states(peers)).toEqual({});
  });

  test('the wait after a passed prefix limit, and no longer', () => {
    const maxPrefix = { prefixes: 1, action: 'restart', restartSeconds: 50 } as const;
    const peers = new ScriptedPeers([range(RANGE, OWN, { maxPrefix })]);
    peers.connect(B, OWN);
    peers.announce(B, ['10.9.0.0/26', '10.9.1.0/26']);
    peers.advance(49);
    expect(states(peers)).toEqual({ [B]: 'Idle' });
    peers.advance(1);
    expect(states(peers)).toEqual({});
  });
});

describe('a new configuration', () => {
  const configured = (peers: ScriptedPeers, ...next: PeerConfig[]): void => {
    peers.handle({ kind: 'configure', config: { ...peers.speaker.config, peers: next } });
    peers.advance(0);
  };
  const downs = (peers: ScriptedPeers): number => kinds(peers, 'peer-down').length;

  test('without the prefix ends its neighbours with Cease / Peer De-configured, and no others', () => {
    const peers = new ScriptedPeers([range(RANGE), scripted('10.0.5.5', OWN)]);
    for (const name of [B, '10.0.5.5']) peers.connect(name, OWN);
    configured(peers, scripted('10.0.5.5', OWN));
    expect([states(peers), notification(peers)]).toEqual([{ '10.0.5.5': 'Established' }, '6/3']);
  });

  test('with another prefix around a neighbour, or a lower limit, ends nothing', () => {
    const peers = new ScriptedPeers([range(RANGE)]);
    for (const name of [B, C]) peers.connect(name, OWN);
    configured(peers, range('10.0.0.0/16', OWN, { maxPeers: 1 }));
    expect(peers.speaker.status().map(({ template }) => template)).toEqual(['10.0.0.0/16', '10.0.0.0/16']);
    expect(downs(peers)).toBe(0);
    peers.connect('10.0.1.4', OWN);
    expect(peers.speaker.status()).toHaveLength(2);
  });

  test('with another AS number ends those it does not suit', () => {
    const peers = new ScriptedPeers([range(RANGE, 'any')]);
    peers.connect(B, OWN);
    peers.connect(C, 7);
    configured(peers, range(RANGE, 'external'));
    expect(states(peers)).toEqual({ [C]: 'Established' });
    configured(peers, range(RANGE, 7));
    expect(states(peers)).toEqual({ [C]: 'Established' });
  });

  test('makes a neighbour a peer of its own and back without a new session', () => {
    const peers = new ScriptedPeers([range(RANGE)]);
    peers.connect(B, OWN);
    configured(peers, range(RANGE), scripted(B, OWN));
    expect(peers.speaker.status()).toMatchObject([{ address: B, template: undefined }]);
    configured(peers, range(RANGE));
    expect(peers.speaker.status()).toMatchObject([{ address: B, template: RANGE }]);
    expect(downs(peers)).toBe(0);
  });

  test('a peer of its own that had no session is gone when only a prefix is left', () => {
    const peers = new ScriptedPeers([range(RANGE), scripted(B, OWN)]);
    configured(peers, range(RANGE));
    expect(peers.speaker.status()).toEqual([]);
  });

  test('changes what the neighbours are told', () => {
    const peers = new ScriptedPeers([range(RANGE)]);
    peers.connect(B, OWN);
    peers.handle({ kind: 'set-local-routes', routes: [{ prefix: prefix('10.8.0.0/26') }] });
    const sent = (): number => [...peers.speaker.adjRibOut(address(B), 'ipv4-unicast')].length;
    expect(sent()).toBe(1);
    configured(peers, range(RANGE, OWN, { exportPolicy: [{ name: 'none', action: 'reject' }] }));
    expect([sent(), downs(peers)]).toEqual([0, 0]);
  });
});

describe('a life with dynamic neighbours', () => {
  test('replayed, gives the same neighbours and RIBs', () => {
    const lines: string[] = [];
    const network = new Network();
    const hub = speaker('10.0.0.1', OWN, [range(RANGE, OWN, { maxPeers: 2, routeReflectorClient: true })]);
    network.add(hub, {}, (own, options) => new RecordedSpeaker(own, options, (line) => lines.push(line)));
    for (const name of [B, C, '10.0.1.4']) {
      network.add(speaker(name, OWN, [peer('10.0.0.1', OWN)]));
      originate(network, name, `10.${name.split('.').at(-1)}.0.0/26`);
    }
    originate(network, '10.0.0.1');
    network.advance(5_000);
    network.kill(B);
    network.advance(300_000);
    const original = network.node('10.0.0.1').speaker;
    const copy = replay(lines);
    expect(original.status().map(({ address: name }) => name)).toEqual([C, '10.0.1.4']);
    expect(copy?.status()).toEqual(original.status());
    expect([...(copy?.locRib('ipv4-unicast') ?? [])]).toEqual([...original.locRib('ipv4-unicast')]);
    expect(toldBy(network, '10.0.0.1', 'dynamic-peer-refused').length).toBeGreaterThan(0);
  });

  test('a restarted speaker that may have more neighbours than it knows waits for them (RFC 4724 §4.1)', () => {
    const peers = new ScriptedPeers([range(RANGE)], {}, { restarting: true });
    peers.connect(B, OWN);
    peers.announce(B, ['10.9.0.0/26']);
    peers.endOfRib(B, 'ipv4-unicast', 'ipv6-unicast');
    peers.advance(9);
    expect([...peers.speaker.locRib('ipv4-unicast')]).toEqual([]);
    peers.advance(1);
    expect([...peers.speaker.locRib('ipv4-unicast')]).toHaveLength(1);
    peers.advance(109);
    expect(peers.told('end-of-rib-complete')).toEqual([]);
    peers.advance(1);
    expect(peers.told('end-of-rib-complete')).toMatchObject([{ cause: 'deadline' }]);
  });
});

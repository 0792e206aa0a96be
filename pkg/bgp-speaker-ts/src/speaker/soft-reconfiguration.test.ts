import { address } from '@weft/ip';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PeerConfig } from './config.ts';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';

const PEER = '10.0.0.2';
const ROUTE = '20.0.0.0/24';
const REFRESH_REQUEST = [5, 0, 1, 0, 1];

let refused: Set<number>;
/** The function stands for what a program may change behind the back of the speaker. */
const functions = { refused: ({ word0 }: { readonly word0: number }): boolean => refused.has(word0 >>> 24) };
const importPolicy: PeerConfig['importPolicy'] = [
  { name: 'refused', match: { call: 'refused' }, action: 'reject' },
];

function established(capabilities: Parameters<ScriptedPeers['connect']>[2] = []): ScriptedPeers {
  const peers = new ScriptedPeers([scripted(PEER, 64512, { importPolicy })], {}, { functions });
  peers.connect(PEER, 64512, capabilities);
  peers.announce(PEER, [ROUTE, '30.0.0.0/24']);
  return peers;
}

/** ROUTE-REFRESH messages sent so far, from the type on. */
function refreshes(peers: ScriptedPeers): number[][] {
  return peers
    .told('send')
    .filter(({ bytes }) => bytes[18] === 5)
    .map(({ bytes }) => [...bytes.subarray(18)]);
}

beforeEach(() => {
  refused = new Set();
});

describe('soft reconfiguration', () => {
  test('in: a peer that knows route refresh is asked, once per family (RFC 2918)', () => {
    const peers = established([{ kind: 'route-refresh' }]);
    peers.handle({ kind: 'refresh-peer', peer: address(PEER), direction: 'in' });
    expect(refreshes(peers)).toEqual([REFRESH_REQUEST, [5, 0, 2, 0, 1]]);
  });

  test('in: what any other peer has sent is judged again, and the session stays', () => {
    const peers = established();
    refused.add(20);
    peers.handle({ kind: 'refresh-peer', peer: address(PEER), direction: 'in' });
    expect(refreshes(peers)).toEqual([]);
    expect(peers.received(PEER, ROUTE)).toMatchObject({ rejection: 'import-policy', best: false });
    expect(peers.speaker.status()[0]?.families[0]).toMatchObject({ received: 2, rejected: 1 });
    refused.clear();
    peers.handle({ kind: 'refresh-peer', peer: address(PEER), direction: 'in' });
    expect(peers.received(PEER, ROUTE)).toMatchObject({ rejection: 'none', best: true });
    expect(peers.speaker.status()[0]).toMatchObject({ state: 'Established', establishedCount: 1 });
  });

  test('out: a peer is sent everything again', () => {
    const peers = new ScriptedPeers([scripted(PEER, 64512), scripted('10.0.0.3', 64513)]);
    peers.connect(PEER, 64512);
    peers.connect('10.0.0.3', 64513);
    peers.announce('10.0.0.3', [ROUTE], { asPath: [{ kind: 'sequence', asns: [64513] }] });
    const updates = () =>
      peers.told('send').filter(({ peer, bytes }) => peer === PEER && bytes[18] === 2).length;
    const before = updates();
    peers.handle({ kind: 'refresh-peer', peer: address(PEER), direction: 'out' });
    expect(updates()).toBe(before + 1);
  });

  test('a path that is stale stays stale when it is judged again: its peer has not confirmed it', () => {
    const gracefulRestart = {
      kind: 'graceful-restart',
      restarting: true,
      notification: false,
      restartTimeSeconds: 60,
      families: [{ afi: 1, safi: 1, forwarding: true }],
    } as const;
    const peers = established([gracefulRestart]);
    peers.disconnect(PEER);
    peers.connect(PEER, 64512, [gracefulRestart]);
    expect(peers.received(PEER, ROUTE)?.stale).toBe(true);
    peers.handle({ kind: 'refresh-peer', peer: address(PEER), direction: 'in' });
    expect(peers.received(PEER, ROUTE)?.stale).toBe(true);
    peers.endOfRib(PEER, 'ipv4-unicast');
    expect(peers.received(PEER, ROUTE)).toBeUndefined();
  });
});

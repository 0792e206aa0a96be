import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { Capability } from '../wire/capability/capability.ts';
import { MessageType, RefreshSubtype } from '../wire/iana.ts';
import { encodeRouteRefresh } from '../wire/message/05-route-refresh.ts';
import type { SpeakerOptions } from './core.ts';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';
import { CATCH_UP_BYTES } from './update-group.ts';

const PEER = '10.0.0.2';
const OTHER = '10.0.0.3';
const ENHANCED: readonly Capability[] = [{ kind: 'route-refresh' }, { kind: 'enhanced-route-refresh' }];
const REQUEST = encodeRouteRefresh({ afi: 1, safi: 1, subtype: RefreshSubtype.request });
const MARKS = [RefreshSubtype.beginning, RefreshSubtype.ending].map((subtype) =>
  encodeRouteRefresh({ afi: 1, safi: 1, subtype }),
);
const GRACEFUL_RESTART: Capability = {
  kind: 'graceful-restart',
  restarting: false,
  notification: false,
  restartTimeSeconds: 60,
  families: [{ afi: 1, safi: 1, forwarding: true }],
};
const ANSWER = ['beginning', 'update', 'ending'];

/** A peer that may ask, and another whose route it is told. */
function scene(capabilities = ENHANCED, options: Partial<SpeakerOptions> = {}): ScriptedPeers {
  const peers = new ScriptedPeers([scripted(PEER, 64512), scripted(OTHER, 64513)], {}, options);
  peers.connect(PEER, 64512, capabilities);
  peers.connect(OTHER, 64513);
  peers.announce(OTHER, ['20.0.0.0/24'], { asPath: [{ kind: 'sequence', asns: [64513] }] });
  peers.actions.length = 0;
  return peers;
}

function ask(peers: ScriptedPeers, times: number): void {
  peers.receive(PEER, Buffer.concat(Array.from({ length: times }, () => REQUEST)));
}

function setUnread(peers: ScriptedPeers, bytes: number): void {
  peers.handle({ kind: 'outstanding', peer: address(PEER), connection: 2, bytes });
}

/** UPDATEs and marks of IPv4 the peer was sent since the scene began. */
function toldToPeer(peers: ScriptedPeers): string[] {
  const sends = peers.told('send').filter(({ peer }) => peer === PEER);
  return sends
    .flatMap(({ bytes }) => [...messagesOf(bytes)])
    .map(nameOf)
    .filter((name) => name !== '');
}

function* messagesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const length = ((bytes[start + 16] as number) << 8) | (bytes[start + 17] as number);
    yield bytes.subarray(start, start + length);
    start += length;
  }
}

function nameOf(message: Uint8Array): string {
  if (message[18] === MessageType.routeRefresh) {
    return message[21] === RefreshSubtype.beginning ? 'beginning' : 'ending';
  }
  if (message[18] !== MessageType.update) return '';
  if (message.length === 23) return 'end-of-rib';
  const attributesLength = ((message[21] as number) << 8) | (message[22] as number);
  return message.length > 23 + attributesLength ? 'update' : '';
}

describe('requests for a route refresh (RFC 2918, RFC 7313)', () => {
  test('many in one read are one', () => {
    const peers = scene();
    ask(peers, 100);
    expect(toldToPeer(peers)).toEqual(ANSWER);
  });

  test('are answered as fast as the peer reads, and those that come meanwhile are one', () => {
    const peers = scene();
    setUnread(peers, CATCH_UP_BYTES + 1);
    for (let round = 0; round < 50; round += 1) ask(peers, 100);
    expect(toldToPeer(peers)).toEqual(['beginning']);
    setUnread(peers, 0);
    expect(toldToPeer(peers)).toEqual([...ANSWER, ...ANSWER]);
  });

  test('from a peer that knows no marks are answered without', () => {
    const peers = scene([{ kind: 'route-refresh' }]);
    ask(peers, 1);
    expect(toldToPeer(peers)).toEqual(['update']);
  });

  test('before End-of-RIB are answered with marks after it alone (RFC 7313 §4)', () => {
    const peers = scene([...ENHANCED, GRACEFUL_RESTART], { restarting: true });
    ask(peers, 1);
    expect(toldToPeer(peers)).toEqual([]);
    peers.endOfRib(PEER, 'ipv4-unicast', 'ipv6-unicast');
    peers.advance(10);
    expect(toldToPeer(peers)).toEqual(['update', 'end-of-rib', ...ANSWER]);
  });
});

describe('the marks around an answer to a refresh', () => {
  test('take away what was not sent between them', () => {
    const peers = scene();
    peers.announce(PEER, ['20.0.1.0/24']);
    peers.receive(PEER, Buffer.concat(MARKS));
    expect([...peers.speaker.adjRibIn(address(PEER), 'ipv4-unicast')]).toEqual([]);
  });

  test('take nothing away before the End-of-RIB of a peer that has restarted (RFC 7313 §4)', () => {
    const peers = scene([...ENHANCED, GRACEFUL_RESTART]);
    peers.announce(PEER, ['20.0.1.0/24']);
    peers.disconnect(PEER);
    peers.connect(PEER, 64512, [...ENHANCED, GRACEFUL_RESTART]);
    peers.receive(PEER, Buffer.concat(MARKS));
    const received = () => [...peers.speaker.adjRibIn(address(PEER), 'ipv4-unicast')].map((it) => it.stale);
    expect(received()).toEqual([true]);
    peers.endOfRib(PEER, 'ipv4-unicast');
    expect(received()).toEqual([]);
  });
});

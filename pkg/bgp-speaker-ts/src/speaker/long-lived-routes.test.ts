import { describe, expect, test } from 'vitest';
import type { Capability } from '../wire/capability/capability.ts';
import type { PeerConfig } from './config.ts';
import { converged, LLGR_STALE, OURS, PATH, PEER, RIVAL, ROUTE, restarts } from './test/long-lived-peer.ts';
import { type ScriptedPeers, scripted } from './test/scripted-peers.ts';

describe('long-lived stale routes are the last choice (RFC 9494 §4.3)', () => {
  const preferred = { ...PATH, communities: [0xffff0006] };

  function withRival(): ScriptedPeers {
    const peers = converged({}, OURS, [scripted(RIVAL, 64512)]);
    peers.connect(RIVAL, 64512, restarts());
    return peers;
  }

  test('before, a stale route competes as it is; then it loses to everything', () => {
    const peers = withRival();
    peers.announce(RIVAL, [ROUTE], { asPath: [{ kind: 'sequence', asns: [7, 8, 9] }], localPref: 1 });
    peers.disconnect(PEER);
    peers.advance(99);
    expect(peers.explain(ROUTE).paths[0]?.peer).toBe(PEER);
    peers.advance(2);
    expect(peers.explain(ROUTE).paths[0]?.peer).toBe(RIVAL);
    expect(peers.explain(ROUTE).paths[1]?.lost).toEqual({
      kind: 'decision',
      step: 'long-lived-stale',
      value: 'stale',
      against: { source: 'internal', peer: RIVAL, pathId: 0 },
      againstValue: 'fresh',
    });
  });

  test('one that arrives marked is treated the same', () => {
    const peers = withRival();
    peers.announce(PEER, [ROUTE], preferred);
    peers.announce(RIVAL, [ROUTE], { asPath: [{ kind: 'sequence', asns: [7, 8, 9] }], localPref: 1 });
    expect(peers.explain(ROUTE).paths[0]?.peer).toBe(RIVAL);
  });

  test('among themselves the other steps decide', () => {
    const peers = withRival();
    peers.announce(PEER, [ROUTE], preferred);
    peers.announce(RIVAL, [ROUTE], { localPref: 1, communities: [0xffff0006] });
    expect(peers.explain(ROUTE).paths.map((path) => path.peer)).toEqual([PEER, RIVAL]);
    expect(peers.explain(ROUTE).paths[1]?.lost).toMatchObject({ step: 'local-pref' });
  });
});

describe('who is told of long-lived stale routes (RFC 9494 §4.3, §4.6)', () => {
  const TARGET = '10.0.0.4';
  const aware: Capability[] = restarts({ families: [], longLivedFamilies: [] });

  test.each<[string, number, Capability[], string, object | undefined]>([
    [
      'an internal peer with LLGR',
      64512,
      restarts(),
      'default',
      { communities: [LLGR_STALE], localPref: 100 },
    ],
    ['an external peer with LLGR', 64514, restarts(), 'default', { communities: [LLGR_STALE] }],
    ['an external peer that only takes them', 64514, aware, 'default', { communities: [LLGR_STALE] }],
    ['an external peer without', 64514, [], 'llgr-stale', undefined],
    [
      'an internal peer without: as the last choice, and not further',
      64512,
      [],
      'default',
      { communities: [LLGR_STALE, '65535:65281'], localPref: 0 },
    ],
  ])('%s', (_name, asn, capabilities, rule, expected) => {
    const peers = converged({}, OURS, [scripted(TARGET, asn)]);
    peers.connect(TARGET, asn, capabilities);
    peers.disconnect(PEER);
    peers.advance(99);
    expect(peers.sent(TARGET, ROUTE)).toMatchObject({ communities: undefined });
    peers.advance(2);
    expect(peers.exportRule(TARGET, ROUTE)).toBe(rule);
    if (expected === undefined) expect(peers.sent(TARGET, ROUTE)).toBeUndefined();
    else expect(peers.sent(TARGET, ROUTE)).toMatchObject(expected);
  });

  test('export policy cannot give such a route to internal peers without LLGR as a better choice', () => {
    const exportPolicy: PeerConfig['exportPolicy'] = [
      { name: 'prefer', action: 'accept', operations: [{ kind: 'set-local-pref', localPref: 700 }] },
    ];
    const peers = converged({}, OURS, [scripted(TARGET, 64512, { exportPolicy })]);
    peers.connect(TARGET, 64512);
    peers.disconnect(PEER);
    peers.advance(101);
    expect(peers.sent(TARGET, ROUTE)).toMatchObject({ localPref: 0 });
  });
});

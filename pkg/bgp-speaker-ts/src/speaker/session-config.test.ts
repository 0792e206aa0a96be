import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import { clusterIdsOf, needsImport, needsReset, toIdentifier, toSessionConfig } from './session-config.ts';
import { peer, speaker } from './test/network.ts';

const before = peer('10.0.0.2', 64512);
const config = speaker('10.0.0.1', 64512, [before]);

describe('what a change of configuration does to a session', () => {
  test.each<[keyof PeerConfig, Partial<PeerConfig>]>([
    ['asn', { asn: 1 }],
    ['localAsn', { localAsn: 1 }],
    ['localAsnDual', { localAsnDual: true }],
    ['role', { role: 'peer' }],
    ['strictRole', { strictRole: true }],
  ])('another %s resets it: its routes are others', (_key, change) => {
    expect(needsReset(config, config, before, { ...before, ...change })).toBe('reset');
  });

  test.each<[keyof PeerConfig, Partial<PeerConfig>]>([
    ['families', { families: ['ipv4-unicast'] }],
    ['addPath', { addPath: 'both' }],
    ['port', { port: 1179 }],
    ['localAddress', { localAddress: address('10.0.0.9') }],
    ['password', { password: 'secret' }],
    ['ttlSecurityHops', { ttlSecurityHops: 1 }],
    ['multihop', { multihop: 2 }],
  ])('another %s asks for another connection, for the same routes', (_key, change) => {
    expect(needsReset(config, config, before, { ...before, ...change })).toBe('reconnect');
  });

  test('another port leaves it alone where we only wait for the peer to connect', () => {
    const waiting = { ...before, passive: true };
    expect(needsReset(config, config, waiting, { ...waiting, port: 1179 })).toBeUndefined();
  });

  test.each<[keyof PeerConfig, Partial<PeerConfig>]>([
    ['passive', { passive: true }],
    ['holdTimeSeconds', { holdTimeSeconds: 30 }],
    ['keepaliveTimeSeconds', { keepaliveTimeSeconds: 10 }],
    ['restartTimeSeconds', { restartTimeSeconds: 60 }],
    ['connectRetryTimeSeconds', { connectRetryTimeSeconds: 1 }],
    ['nextHop', { nextHop: 'self' }],
    ['sharedSubnets', { sharedSubnets: [prefix('10.0.0.0/24')] }],
    ['nextHopAddresses', { nextHopAddresses: { ipv4: address('10.0.0.1') } }],
    ['routeReflectorClient', { routeReflectorClient: true }],
    ['clusterId', { clusterId: address('1.1.1.1') }],
    ['allowLocalAsn', { allowLocalAsn: 1 }],
    ['localAsnNoPrepend', { localAsnNoPrepend: true }],
    ['localAsnReplaceAs', { localAsnReplaceAs: true }],
    ['importPolicy', { importPolicy: [{ name: 'r', action: 'reject' }] }],
    ['exportPolicy', { exportPolicy: [{ name: 'r', action: 'reject' }] }],
    ['maxPrefix', { maxPrefix: { prefixes: 1, action: 'warn' } }],
    ['description', { description: 'x' }],
  ])('another %s leaves it alone', (_key, change) => {
    expect(needsReset(config, config, before, { ...before, ...change })).toBeUndefined();
  });

  test.each<[string, Partial<SpeakerConfig>, boolean]>([
    ['asn', { asn: 1 }, true],
    ['identifier', { identifier: address('9.9.9.9') }, true],
    ['listen', { listen: [] }, false],
    ['holdTimeSeconds', { holdTimeSeconds: 9 }, false],
    ['clusterId', { clusterId: address('9.9.9.9') }, false],
    ['gracefulRestart', { gracefulRestart: undefined }, false],
    ['externalRequiresPolicy', { externalRequiresPolicy: true }, false],
  ])('another %s of the speaker: reset is %o %s', (_key, change, expected) => {
    expect(needsReset(config, { ...config, ...change }, before, before)).toBe(expected ? 'reset' : undefined);
  });

  test.each<[string, Partial<SpeakerConfig>, Partial<PeerConfig>, boolean]>([
    ['importPolicy', {}, { importPolicy: [{ name: 'r', action: 'reject' }] }, true],
    ['allowLocalAsn', {}, { allowLocalAsn: 1 }, true],
    ['localAsnNoPrepend', {}, { localAsnNoPrepend: true }, true],
    ['localAsnReplaceAs', {}, { localAsnReplaceAs: true }, false],
    ['own addresses', {}, { nextHopAddresses: { ipv4: address('10.0.0.1') } }, true],
    ['clusterId of the speaker', { clusterId: address('9.9.9.9') }, {}, true],
    ['externalRequiresPolicy', { externalRequiresPolicy: true }, {}, true],
    ['offPath', { offPath: true }, {}, true],
    ['exportPolicy', {}, { exportPolicy: [{ name: 'r', action: 'reject' }] }, false],
    ['nothing', {}, {}, false],
  ])('routes received are judged again after a change of %s', (_key, speakerChange, peerChange, expected) => {
    const after = { ...config, ...speakerChange };
    expect(needsImport(config, after, before, { ...before, ...peerChange })).toBe(expected);
  });
});

describe('the configuration of a session', () => {
  test('takes what a peer does not say from the speaker', () => {
    expect(toSessionConfig(config, before)).toMatchObject({
      localAsn: 64512,
      localIdentifier: 0x0a000001,
      peerAsn: 64512,
      holdTimeSeconds: 90,
      connectRetryTimeSeconds: 5,
      gracefulRestart: { restartTimeSeconds: 120, notification: false },
      families: [
        { family: 'ipv4-unicast', addPath: 'none', extendedNextHop: true },
        { family: 'ipv6-unicast', addPath: 'none', extendedNextHop: false },
      ],
    });
    const own = { ...before, localAsn: 7, holdTimeSeconds: 30, connectRetryTimeSeconds: 9 };
    expect(toSessionConfig(config, own)).toMatchObject({
      localAsn: 7,
      holdTimeSeconds: 30,
      connectRetryTimeSeconds: 9,
    });
  });

  test('a peer has times of its own', () => {
    const own = { ...before, keepaliveTimeSeconds: 7, restartTimeSeconds: 60 };
    expect(toSessionConfig(config, own)).toMatchObject({
      keepaliveTimeSeconds: 7,
      gracefulRestart: { restartTimeSeconds: 60, notification: false },
    });
    const without = { ...config, gracefulRestart: undefined };
    expect(toSessionConfig(without, own).gracefulRestart).toBeUndefined();
  });

  test('identifiers are unsigned, and the cluster defaults to the identifier (RFC 4456 §7)', () => {
    expect(toIdentifier(address('255.0.0.1'))).toBe(0xff000001);
    expect(clusterIdsOf(config)).toEqual([0x0a000001]);
    const own = [
      peer('10.0.0.2', 1, { clusterId: address('1.1.1.1') }),
      peer('10.0.0.3', 1, { clusterId: address('1.1.1.1') }),
    ];
    expect(clusterIdsOf({ ...config, clusterId: address('2.2.2.2'), peers: own })).toEqual([
      0x02020202, 0x01010101,
    ]);
  });
});

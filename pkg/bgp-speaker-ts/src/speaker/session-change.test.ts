import { expect, test } from 'vitest';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import { sessionChange } from './session-change.ts';
import { Network, originate, peer, speaker } from './test/network.ts';

const config = (asn: number, peers: readonly PeerConfig[]) => speaker('10.0.0.1', asn, peers);
const one = peer('10.0.0.2', 65_000);
const rows: [string, SpeakerConfig, ReturnType<typeof sessionChange>][] = [
  ['nothing', config(65_000, [one]), { kind: 'none', fields: [] }],
  ['the peer is gone', config(65_000, []), { kind: 'closes', fields: [] }],
  ['another AS number of the speaker', config(65_001, [one]), { kind: 'resets', fields: ['asn'] }],
  [
    'another description',
    config(65_000, [{ ...one, description: 'x' }]),
    { kind: 'changes', fields: ['description'] },
  ],
  ['a password', config(65_000, [{ ...one, password: 'x' }]), { kind: 'resets', fields: ['password'] }],
  [
    'another export policy',
    config(65_000, [{ ...one, exportPolicy: [{ name: 'none', action: 'reject' }] }]),
    { kind: 'changes', fields: ['exportPolicy'] },
  ],
];

test.each(rows)('%s', (_name, after, expected) => {
  expect(sessionChange(config(65_000, [one]), after, '10.0.0.2')).toEqual(expected);
});

test('a peer that is new opens', () => {
  expect(sessionChange(config(65_000, []), config(65_000, [one]), '10.0.0.2').kind).toBe('opens');
});

test.each(rows)('a running speaker does as is said: %s', (_name, after, { kind }) => {
  const network = new Network();
  network.add(config(65_000, [one]));
  network.add(speaker('10.0.0.2', 65_000, [peer('10.0.0.1', 65_000)]));
  for (const name of ['10.0.0.1', '10.0.0.2']) originate(network, name);
  network.advance(5_000);
  const before = network.node('10.0.0.1').told.length;
  network.send('10.0.0.1', { kind: 'configure', config: after });
  network.advance(100);
  const told = network.node('10.0.0.1').told.slice(before);
  expect(told.some((action) => action.kind === 'peer-down')).toBe(kind === 'resets' || kind === 'closes');
});

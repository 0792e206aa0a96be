import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { type BfdState, Diagnostic } from '../bfd/iana.ts';
import type { BfdStatus } from '../bfd/types.ts';
import { CeaseSubcode } from '../wire/iana.ts';
import { toBfdSession } from './bfd.ts';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import { RecordedSpeaker, replay } from './recording.ts';
import { Network, originate, peer, routesOf, speaker, toldBy } from './test/network.ts';

const AS = 64512;
const A = '10.0.0.1';
const B = '10.0.0.2';

function status(state: BfdState, more: Partial<BfdStatus> = {}): BfdStatus {
  return {
    state,
    diagnostic: state === 'Down' ? Diagnostic.detectionTimeExpired : Diagnostic.none,
    remoteState: state === 'Up' ? 'Up' : 'Down',
    remoteDiagnostic: 0,
    remoteControlPlaneIndependent: false,
    transmitIntervalMs: 300,
    ...more,
  };
}

/** The peer says Down; a reason it names only when it has lost us. */
function signaled(more: Partial<BfdStatus> = {}): BfdStatus {
  return status('Down', { diagnostic: Diagnostic.neighborSignaledDown, ...more });
}

function configOf(name: string, other: string, more: Partial<PeerConfig> = {}): SpeakerConfig {
  return speaker(name, AS, [peer(other, AS, { passive: other > name, ...more })]);
}

/** A and B with a route each, converged; A watches B. */
function pair(more: Partial<SpeakerConfig> = {}): Network {
  const network = new Network();
  network.add({ ...configOf(A, B, { bfd: {} }), ...more });
  network.add({ ...configOf(B, A), ...more });
  originate(network, A, '10.1.0.0/26');
  originate(network, B, '10.2.0.0/26');
  network.advance(10_000);
  return network;
}

function tell(network: Network, ...statuses: readonly BfdStatus[]): void {
  for (const item of statuses) network.send(A, { kind: 'bfd-changed', peer: address(B), status: item });
  network.run();
}

function stateOf(network: Network): string | undefined {
  return network.node(A).speaker.status()[0]?.state;
}

function bfdActions(network: Network): string[] {
  return network
    .node(A)
    .told.flatMap(({ kind }) => (kind === 'open-bfd' || kind === 'close-bfd' ? [kind] : []));
}

describe('the session a configuration asks for', () => {
  const of = (more: Partial<PeerConfig>) => toBfdSession(peer(B, AS, more));

  test('none without bfd', () => {
    expect(of({})).toBeUndefined();
  });

  test('one hop away: TTL 255, and the intervals of FRR unless named', () => {
    expect(of({ bfd: {}, localAddress: address(A) })).toEqual({
      peer: B,
      localAddress: A,
      interface: undefined,
      multihop: false,
      minTtl: 255,
      minTransmitIntervalMs: 300,
      minReceiveIntervalMs: 300,
      multiplier: 3,
    });
  });

  test.each([
    [
      { multihop: 5, bfd: {} },
      { multihop: true, minTtl: 0 },
    ],
    [
      { multihop: 5, bfd: { multihop: false } },
      { multihop: false, minTtl: 255 },
    ],
    [{ bfd: { multihop: true } }, { multihop: true, minTtl: 0 }],
    [
      { ttlSecurityHops: 3, bfd: { multihop: true } },
      { multihop: true, minTtl: 253 },
    ],
    [
      { ttlSecurityHops: 1, bfd: {} },
      { multihop: false, minTtl: 255 },
    ],
  ] satisfies [Partial<PeerConfig>, object][])('%o', (config, expected) => {
    expect(of(config)).toMatchObject(expected);
  });
});

describe('when the session is wanted', () => {
  test('from the beginning, and not while the peer is stopped', () => {
    const network = pair();
    expect(bfdActions(network)).toEqual(['open-bfd']);
    network.send(A, { kind: 'stop-peer', peer: address(B), reason: { subcode: 2 } });
    network.run();
    network.send(A, { kind: 'start-peer', peer: address(B) });
    network.run();
    expect(bfdActions(network)).toEqual(['open-bfd', 'close-bfd', 'open-bfd']);
  });

  test('other timers change it, anything else does not, and BGP stays', () => {
    const network = pair();
    const take = (config: Partial<PeerConfig>) => {
      network.send(A, { kind: 'configure', config: configOf(A, B, config) });
      network.run();
    };
    take({ bfd: {}, description: 'another' });
    expect(bfdActions(network)).toEqual(['open-bfd']);
    take({ bfd: { multiplier: 5 } });
    expect(toldBy(network, A, 'open-bfd').at(-1)).toMatchObject({ peer: B, session: { multiplier: 5 } });
    take({});
    expect(bfdActions(network)).toEqual(['open-bfd', 'open-bfd', 'close-bfd']);
    expect(toldBy(network, A, 'peer-down')).toEqual([]);
  });

  test('not when the peer is removed', () => {
    const network = pair();
    network.send(A, { kind: 'configure', config: speaker(A, AS, []) });
    network.run();
    expect(bfdActions(network)).toEqual(['open-bfd', 'close-bfd']);
  });

  test('a shutdown leaves it to whoever runs it', () => {
    const network = pair();
    network.send(A, { kind: 'shutdown' });
    network.run();
    expect(bfdActions(network)).toEqual(['open-bfd']);
  });
});

describe('RFC 5882: BFD goes from Up to Down', () => {
  test('RFC 9384: the session ends with Cease / BFD Down at once, and its routes go', () => {
    const network = pair();
    tell(network, status('Up'), status('Down'));
    expect(toldBy(network, A, 'peer-down')).toMatchObject([
      {
        keptPaths: 0,
        reason: { kind: 'notification-sent', notification: { code: 6, subcode: CeaseSubcode.bfdDown } },
      },
    ]);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local' });
    expect(network.node(A).speaker.status()[0]?.lastError).toBe(
      'sent Cease / BFD Down; Control Detection Time Expired',
    );
    expect(toldBy(network, B, 'peer-down')).toMatchObject([
      { reason: { kind: 'notification-received', notification: { subcode: CeaseSubcode.bfdDown } } },
    ]);
  });

  test('RFC 8538: with the N bit it is a hard reset, so that neither side keeps routes', () => {
    const gracefulRestart = { restartTimeSeconds: 120, notification: true };
    const network = pair({ gracefulRestart });
    tell(network, status('Up'), status('Down'));
    for (const name of [A, B]) expect(toldBy(network, name, 'peer-down')).toMatchObject([{ keptPaths: 0 }]);
  });

  test('BGP comes back without waiting for BFD', () => {
    const network = pair();
    tell(network, status('Up'), status('Down'));
    network.advance(10_000);
    expect(stateOf(network)).toBe('Established');
  });

  test.each([
    ['was never Up', [status('Down')]],
    ['comes up', [status('Down'), status('Init'), status('Up')]],
    ['changes its intervals', [status('Up'), status('Up', { transmitIntervalMs: 50 })]],
    ['is turned off by the peer (§3.2)', [status('Up'), status('Down', { remoteState: 'AdminDown' })]],
    ['is turned off here', [status('Up'), status('AdminDown')]],
    ['begins anew at the peer, over a way that works', [status('Up'), signaled()]],
  ])('the session stays when BFD %s', (_, statuses) => {
    const network = pair();
    tell(network, ...statuses);
    expect(stateOf(network)).toBe('Established');
  });

  test.each([
    ['has lost us', { remoteDiagnostic: Diagnostic.detectionTimeExpired }, {}],
    ['begins anew, though its BFD outlives its control plane', {}, { remoteControlPlaneIndependent: true }],
  ])('the session ends when the peer says that it %s', (_, lost, kind) => {
    const network = pair();
    tell(network, status('Up', kind), signaled({ ...lost, ...kind }));
    expect(toldBy(network, A, 'peer-down')).toHaveLength(1);
  });

  test('news of a peer without BFD means nothing', () => {
    const network = pair();
    network.send(B, { kind: 'bfd-changed', peer: address(A), status: status('Up') });
    network.send(B, { kind: 'bfd-changed', peer: address(A), status: status('Down') });
    network.run();
    expect(stateOf(network)).toBe('Established');
  });
});

describe('RFC 5882 §4.3: the peer is restarting', () => {
  test.each([
    [true, 'its BFD would have survived that: forwarding is lost, stale routes go', 0],
    [false, 'its BFD went with it: stale routes stay', 1],
  ])('C bit %s: %s', (remoteControlPlaneIndependent, _, left) => {
    const network = pair();
    tell(network, status('Up', { remoteControlPlaneIndependent }));
    network.kill(B);
    network.run();
    expect(network.node(A).speaker.status()[0]?.families[0]?.stale).toBe(1);
    tell(network, status('Down'));
    expect(network.node(A).speaker.status()[0]?.families[0]?.stale).toBe(left);
    const removed = toldBy(network, A, 'stale-paths-removed');
    expect(removed.map(({ cause }) => cause)).toEqual(left === 0 ? ['bfd-down'] : []);
  });
});

test('the status shows the session of BFD, and each state is told once', () => {
  const network = pair();
  expect(network.node(A).speaker.status()[0]?.bfd).toMatchObject({ state: 'AdminDown' });
  tell(network, status('Down', { diagnostic: 0 }), status('Up'), status('Up', { transmitIntervalMs: 50 }));
  expect(network.node(A).speaker.status()[0]?.bfd).toMatchObject({
    state: 'Up',
    diagnostic: 'No Diagnostic',
    remoteState: 'Up',
    transmitIntervalMs: 50,
  });
  expect(toldBy(network, A, 'peer-bfd-changed').map(({ from, to }) => [from, to])).toEqual([
    [undefined, 'Down'],
    ['Down', 'Up'],
  ]);
  expect(network.node(B).speaker.status()[0]?.bfd).toBeUndefined();
});

test('a life with BFD in it is recorded and replayed', () => {
  const lines: string[] = [];
  const network = new Network();
  network.add(
    configOf(A, B, { bfd: {} }),
    {},
    (own, options) => new RecordedSpeaker(own, options, (line) => lines.push(line)),
  );
  network.add(configOf(B, A));
  originate(network, A, '10.1.0.0/26');
  originate(network, B, '10.2.0.0/26');
  network.advance(10_000);
  tell(network, status('Up'), status('Down'));
  const again = replay(lines);
  expect(again?.status()).toEqual(network.node(A).speaker.status());
  expect(again?.status()[0]?.bfd?.state).toBe('Down');
});

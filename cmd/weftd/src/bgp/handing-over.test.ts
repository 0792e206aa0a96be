import type { SessionDecision } from '@weft/calc';
import { type Address, address, prefix } from '@weft/ip';
import type { PeerConfig, SoleRoutes, SpeakerConfig, StartError } from 'bgp-speaker-ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type HandedOver, HandingOver } from './handing-over.ts';

const NODE = address('10.0.0.2');
const TOR = address('10.0.0.254');
const ONLY_WAY: SoleRoutes = { prefixes: 1, example: prefix('10.244.0.0/26') };

function peer(at: Address, asn: number, special: Partial<PeerConfig> = {}): PeerConfig {
  const nothing = { nextHopAddresses: {}, importPolicy: [], exportPolicy: [] };
  const usual = { passive: false, families: ['ipv4-unicast'], nextHop: 'auto' } as const;
  return { ...nothing, ...usual, address: at, asn, ...special };
}

function decision(config: PeerConfig): SessionDecision {
  const { address: at, families, interface: name, passive } = config;
  return {
    kind: 'session',
    name: `Global_${at}`,
    peer: at as Address,
    type: 'global',
    passive,
    families,
    reason: '',
    ...(name && { way: { peer: at as Address, interface: name } }),
  };
}

/** On this interface nobody has been heard. */
function awaited(name: string): SessionDecision {
  return { kind: 'left-out', peer: name, type: 'global', reason: '', isAwaited: true };
}

/** A speaker with these peers, whose sessions do not come up, and what it was told. */
function scene(...peers: PeerConfig[]) {
  const sole = new Map<Address, SoleRoutes>();
  const configure = vi.fn<HandedOver['configure']>((config) => {
    speaker.config = config;
    return undefined;
  });
  const speaker = {
    config: { asn: 64512, identifier: NODE, listen: [], holdTimeSeconds: 90, peers } as SpeakerConfig,
    configure,
    peers: () => [],
    soleRoutes: () => sole,
    soleRoutesOfCluster: () => undefined,
  };
  const waysChanged = vi.fn();
  const handingOver = new HandingOver(waysChanged);
  handingOver.reset(peers.map(decision));
  const decide = (next: readonly PeerConfig[], sessions: readonly SessionDecision[]) =>
    handingOver.configure(speaker, {
      config: { ...speaker.config, peers: next },
      nodeAddresses: [NODE],
      sessions,
    });
  const want = (...next: PeerConfig[]) => decide(next, next.map(decision));
  return { configure, decide, handingOver, sole, speaker, want, waysChanged };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('looks again while something is kept, and tells the speaker only what is news', () => {
  const { configure, sole, speaker, want } = scene(peer(NODE, 64512));
  sole.set(NODE, ONLY_WAY);
  want(peer(TOR, 65000));
  expect(speaker.config.peers.map((item) => item.address)).toEqual([TOR, NODE]);
  vi.advanceTimersByTime(5000);
  expect(configure).toHaveBeenCalledTimes(1);
  sole.clear();
  vi.advanceTimersByTime(1000);
  expect(configure).toHaveBeenCalledTimes(2);
  expect(configure.mock.lastCall?.[1]).toEqual({ withoutCease: [NODE] });
  expect(speaker.config.peers.map((item) => item.address)).toEqual([TOR]);
  expect(vi.getTimerCount()).toBe(0);
});

it('looks again when the speaker has refused what a look has found', () => {
  const { configure, sole, speaker, want } = scene(peer(NODE, 64512));
  sole.set(NODE, ONLY_WAY);
  want();
  expect(speaker.config.peers).toHaveLength(1);
  sole.clear();
  configure.mockReturnValueOnce({ kind: 'listen-error' } as StartError);
  vi.advanceTimersByTime(250);
  expect(speaker.config.peers).toHaveLength(1);
  vi.advanceTimersByTime(250);
  expect(speaker.config.peers).toEqual([]);
});

it('keeps a router for one that is new, and not for one that has not come up for a minute', () => {
  const { configure, handingOver, sole, speaker, want } = scene(peer(NODE, 64512), peer(TOR, 65000));
  const other = address('10.0.0.253');
  want(peer(NODE, 64512), peer(TOR, 65000), peer(other, 65000));
  sole.set(TOR, ONLY_WAY);
  vi.advanceTimersByTime(30_000);
  want(peer(other, 65000));
  expect(handingOver.decisions).toMatchObject([
    { peer: other },
    { peer: TOR, keptUntil: expect.any(Number) },
  ]);
  want(peer(TOR, 65000), peer(other, 65000));
  vi.advanceTimersByTime(30_000);
  want(peer(other, 65000));
  expect(speaker.config.peers.map((item) => item.address)).toEqual([other]);
  expect(configure.mock.lastCall?.[1]).toEqual({ withoutCease: [] });
});

it('has the way to a peer until its session is gone, and tells then', () => {
  const leaf = peer(address('fe80::1'), 64512, { interface: 'eth1' });
  const { handingOver, sole, want, waysChanged } = scene(leaf);
  const ways = [{ peer: leaf.address, interface: 'eth1' }];
  expect(handingOver.ways).toEqual(ways);
  waysChanged.mockClear();
  sole.set(leaf.address as Address, ONLY_WAY);
  want(peer(NODE, 64512));
  vi.advanceTimersByTime(5000);
  expect(handingOver.ways).toEqual(ways);
  expect(waysChanged).not.toHaveBeenCalled();
  sole.clear();
  vi.advanceTimersByTime(1000);
  expect(handingOver.ways).toEqual([]);
  expect(waysChanged).toHaveBeenCalledTimes(1);
});

it('keeps a router while another is waited for on an interface, and not where nobody has come for a minute', () => {
  const tor = peer(TOR, 65000);
  const { decide, sole, speaker } = scene(tor);
  decide([tor], [decision(tor), awaited('eth1')]);
  sole.set(TOR, ONLY_WAY);
  vi.advanceTimersByTime(30_000);
  decide([], [awaited('eth1')]);
  expect(speaker.config.peers).toEqual([tor]);
  decide([tor], [decision(tor), awaited('eth1')]);
  vi.advanceTimersByTime(30_000);
  decide([], [awaited('eth1')]);
  expect(speaker.config.peers).toEqual([]);
});

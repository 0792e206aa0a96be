import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { BmpView } from '../bmp/header.ts';
import { BmpCollectorModel } from '../bmp/test/collector-model.ts';
import type { BmpStation } from './bmp-station.ts';
import type { LocalRoute, PeerConfig, PolicyRule } from './config.ts';
import { Network, originate, peer, speaker } from './test/network.ts';

const [A, B, C] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const NEXT_HOPS = { nextHopAddresses: { ipv6: address('2001:db8::9') } };
const NEXT_HOPS_OF_A = { nextHopAddresses: { ipv6: address('2001:db8::1') } };

/** A at which a station looks on, with peers B and C. */
class World {
  readonly network = new Network();
  readonly collector = new BmpCollectorModel();

  constructor(atA: Partial<PeerConfig> = {}, atB: Partial<PeerConfig> = {}) {
    const network = this.network;
    network.add(
      speaker(A, 64512, [
        peer(B, 64513, { ...NEXT_HOPS_OF_A, passive: true, ...atA }),
        peer(C, 64514, NEXT_HOPS_OF_A),
      ]),
    );
    network.add(speaker(B, 64513, [peer(A, 64512, { ...NEXT_HOPS, ...atB })]));
    network.add(speaker(C, 64514, [peer(A, 64512, { ...NEXT_HOPS, passive: true })]));
    originate(network, A);
    originate(network, C);
    originate(network, B);
    network.advance(10_000);
  }

  monitor(...views: BmpView[]): BmpStation {
    return this.network.node(A).speaker.monitor({
      write: (message) => this.collector.read(message),
      unixMs: () => 1_000_000 + this.network.now,
      views,
      systemName: 'a',
      systemDescription: 'test',
    });
  }

  /** Monitors and takes the whole dump. */
  monitorAll(...views: BmpView[]): BmpStation {
    const station = this.monitor(...views);
    let more = true;
    while (more) more = station.continueDump();
    return station;
  }

  announce(name: string, ...routes: LocalRoute[]): void {
    this.network.send(name, { kind: 'set-local-routes', routes });
    this.network.advance(100);
  }
}

const route = (text: string, more: Partial<LocalRoute> = {}): LocalRoute => ({
  prefix: prefix(text),
  ...more,
});

describe('a collector that comes when everything is there', () => {
  test('hears of peers, routes and End-of-RIB, before policy, after it, and of the Loc-RIB', () => {
    const importPolicy: PolicyRule[] = [
      {
        name: 'not 10.9',
        match: { prefix: { operator: 'in', prefix: prefix('10.9.0.0/16') } },
        action: 'reject',
      },
      { name: 'prefer', operations: [{ kind: 'set-local-pref', localPref: 300 }], action: 'accept' },
    ];
    const world = new World({ importPolicy });
    world.announce(B, route('10.1.0.0/16'), route('10.9.1.0/24'), route('2001:db8:1::/48'));
    world.announce(C, route('10.1.0.0/16'));
    world.monitorAll('pre-policy', 'post-policy', 'loc-rib');
    const { tables, peers, ended } = world.collector;
    expect(peers).toEqual(new Set(['loc-rib', `global ${B}`, `global ${C}`]));
    expect(tables).toEqual({
      [`global ${B}`]: ['10.1.0.0/16', '10.9.1.0/24', '2001:db8:1::/48'],
      [`global ${B} post-policy`]: ['10.1.0.0/16 pref 300', '2001:db8:1::/48 pref 300'],
      [`global ${C}`]: ['10.1.0.0/16'],
      [`global ${C} post-policy`]: ['10.1.0.0/16'],
      'loc-rib': ['10.1.0.0/16 pref 300', '2001:db8:1::/48 pref 300'],
    });
    expect(ended).toEqual(
      [B, C]
        .flatMap((name) => [`global ${name}`, `global ${name} post-policy`])
        .concat('loc-rib')
        .flatMap((name) => [`${name} 1`, `${name} 2`])
        .toSorted(),
    );
  });
});

describe('a collector that is there from the beginning', () => {
  test('hears announcements and withdrawals live', () => {
    const world = new World();
    world.monitorAll('pre-policy', 'post-policy', 'loc-rib');
    world.announce(B, route('10.1.0.0/16'), route('2001:db8:1::/48'));
    world.announce(A, route('10.7.0.0/16'));
    expect(world.collector.tables).toEqual({
      [`global ${B}`]: ['10.1.0.0/16', '2001:db8:1::/48'],
      [`global ${B} post-policy`]: ['10.1.0.0/16', '2001:db8:1::/48'],
      'loc-rib': ['10.1.0.0/16', '10.7.0.0/16', '2001:db8:1::/48'],
    });
    world.announce(B, route('2001:db8:1::/48'));
    expect(world.collector.tables).toMatchObject({
      [`global ${B}`]: ['2001:db8:1::/48'],
      [`global ${B} post-policy`]: ['2001:db8:1::/48'],
      'loc-rib': ['10.7.0.0/16', '2001:db8:1::/48'],
    });
  });

  test('hears path identifiers where they were agreed on', () => {
    const world = new World({ addPath: 'receive' }, { addPath: 'send' });
    world.monitorAll('pre-policy', 'post-policy');
    world.announce(B, route('10.1.0.0/16'));
    expect(world.collector.tables).toEqual({
      [`global ${B}`]: ['10.1.0.0/16 #1'],
      [`global ${B} post-policy`]: ['10.1.0.0/16 #1'],
    });
  });

  test('hears a peer go, with the reason, and come back with its routes', () => {
    const world = new World();
    world.monitorAll('pre-policy', 'post-policy', 'loc-rib');
    world.announce(B, route('10.1.0.0/16'));
    world.network.disconnect(A, B);
    world.network.run();
    expect(world.collector.downs).toEqual([`global ${B} 4`]);
    world.network.advance(60_000);
    expect(world.collector.tables).toEqual({
      [`global ${B}`]: ['10.1.0.0/16'],
      [`global ${B} post-policy`]: ['10.1.0.0/16'],
      'loc-rib': ['10.1.0.0/16'],
    });
  });

  test('hears nothing after Termination', () => {
    const world = new World();
    const station = world.monitorAll('pre-policy');
    world.announce(B, route('10.1.0.0/16'));
    station.terminate(0);
    const { messages } = world.collector;
    world.announce(B, route('10.2.0.0/16'));
    expect([world.collector.messages - messages, world.collector.last]).toEqual([0, 'termination']);
  });

  test('is told counts', () => {
    const world = new World();
    const station = world.monitorAll('pre-policy', 'loc-rib');
    world.announce(B, route('10.1.0.0/16'), route('2001:db8:1::/48'));
    station.reportStatistics();
    expect(world.collector.counts).toEqual({ [`global ${B}`]: 2, [`global ${C}`]: 0, 'loc-rib': 2 });
  });
});

test('changes between the slices of a dump leave the collector with what we have', () => {
  const world = new World();
  const name = (index: number): string => `10.${index >>> 8}.${index & 255}.0/24`;
  const all = Array.from({ length: 9000 }, (_, index) => route(name(index), { med: index % 7 }));
  world.announce(B, ...all);
  const station = world.monitor('pre-policy', 'post-policy', 'loc-rib');
  let round = 0;
  do {
    round += 1;
    const kept = all.filter((_, index) => index % (round + 2) !== 0);
    world.announce(B, ...kept, route(`172.16.${round}.0/24`));
  } while (station.continueDump());
  const { speaker: machine } = world.network.node(A);
  const held = [...machine.adjRibIn(address(B), 'ipv4-unicast')].map((item) => item.prefix as string);
  const { tables } = world.collector;
  expect(round).toBeGreaterThan(4);
  for (const view of [`global ${B}`, `global ${B} post-policy`, 'loc-rib']) {
    expect(tables[view]).toEqual(held.toSorted());
  }
});

test('RFC 7313 §4: paths that a refresh did not bring again are withdrawn from the collector', () => {
  const world = new World();
  world.announce(B, route('10.1.0.0/16'), route('10.2.0.0/16'));
  world.monitorAll('pre-policy', 'post-policy');
  const refreshed = (subtype: number): Uint8Array =>
    Uint8Array.from([...new Uint8Array(16).fill(0xff), 0, 23, 5, 0, 1, subtype, 1]);
  const connection = world.network.connectionOf(A, B);
  for (const subtype of [1, 2]) {
    world.network.send(A, { kind: 'received', peer: address(B), connection, bytes: refreshed(subtype) });
  }
  world.network.run();
  expect(world.collector.tables).toEqual({});
});

test('RFC 7606: an UPDATE that is treated as a withdrawal is one for the collector, and is counted', () => {
  const world = new World();
  world.announce(B, route('10.1.0.0/16'));
  const station = world.monitorAll('pre-policy', 'post-policy');
  // ORIGIN has two octets: its routes are withdrawn.
  const body = [0, 0, 0, 5, 0x40, 1, 2, 0, 0, 16, 10, 1];
  const bytes = Uint8Array.from([...new Uint8Array(16).fill(0xff), 0, 19 + body.length, 2, ...body]);
  const connection = world.network.connectionOf(A, B);
  world.network.send(A, { kind: 'received', peer: address(B), connection, bytes });
  world.network.run();
  expect(world.collector.tables).toEqual({});
  station.reportStatistics();
  expect(world.collector.treated[`global ${B}`]).toBe(1);
});

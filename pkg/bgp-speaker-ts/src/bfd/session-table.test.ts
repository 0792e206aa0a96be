import { address } from '@weft/ip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../fsm/random.ts';
import {
  type ControlPacket,
  DISCARD_REASONS,
  decodeControlPacket,
  encodeControlPacket,
} from './control-packet.ts';
import { type BfdDatagram, SessionTable } from './session-table.ts';
import { fromPeer } from './test/driven-session.ts';
import { sessionWith, TwoTables } from './test/two-tables.ts';
import { BFD_COUNTERS, BfdCounter, type BfdSessionConfig, type BfdTimers } from './types.ts';

const FAST: BfdTimers = { minTransmitIntervalMs: 50, minReceiveIntervalMs: 50, multiplier: 3 };
const PEER = address('192.0.2.9');
const OWN = address('192.0.2.1');

/** A table with some sessions, and what it has sent. */
function tableWith(...configs: readonly Partial<BfdSessionConfig>[]) {
  const sent: { peer: string; packet: ControlPacket }[] = [];
  const table = new SessionTable({
    random: createRandom(7),
    send: (peer, bytes) => {
      const decoded = decodeControlPacket(bytes, 0, bytes.length);
      if (decoded.ok) sent.push({ peer, packet: decoded.value });
    },
    changed: () => {},
    ended: () => {},
  });
  const counters = configs.map((config) => {
    const own = new Uint32Array(BFD_COUNTERS);
    table.open({ ...sessionWith(PEER, FAST), ...config }, config.interface === undefined ? 0 : 5, own, 0);
    return own;
  });
  table.handleTimers(0);
  return { table, sent, counters };
}

function datagram(packet: Partial<ControlPacket>, way: Partial<BfdDatagram> = {}): BfdDatagram {
  const bytes = encodeControlPacket(fromPeer('Down', { yourDiscriminator: 0, ...packet }));
  return { bytes, from: PEER, to: OWN, interfaceIndex: 5, ttl: 255, multihop: false, ...way };
}

describe('RFC 5880 §6.3: whose packet it is', () => {
  test('without our discriminator, that of the session with its sender', () => {
    const { table, sent } = tableWith({}, { peer: address('192.0.2.8') });
    expect(table.receive(datagram({}), 1)).toBeUndefined();
    expect(sent.at(-1)).toMatchObject({ peer: PEER, packet: { state: 'Init' } });
  });

  test('with our discriminator, that of the session of this name, wherever it comes from', () => {
    const { table, sent } = tableWith({});
    const yourDiscriminator = sent[0]?.packet.myDiscriminator ?? 0;
    const elsewhere = { from: address('198.51.100.1') };
    expect(table.receive(datagram({ yourDiscriminator, state: 'Init' }, elsewhere), 1)).toBeUndefined();
    expect(sent.at(-1)?.packet.state).toBe('Up');
  });

  test('nobody’s, though it names a session: it comes to the port of the other kind', () => {
    const { table, sent } = tableWith({});
    const yourDiscriminator = sent[0]?.packet.myDiscriminator ?? 0;
    expect(table.receive(datagram({ yourDiscriminator }, { multihop: true }), 1)).toBe('no-session');
  });

  test.each([
    ['a stranger', {}, {}, { from: address('192.0.2.77') }],
    ['a discriminator nobody has', {}, { yourDiscriminator: 3 }, {}],
    ['the port of the other kind', {}, {}, { multihop: true }],
    ['an address that is not the session’s', { localAddress: OWN }, {}, { to: address('192.0.2.3') }],
    ['another interface than the session’s', { interface: 'eth0' }, {}, { interfaceIndex: 6 }],
  ] as const)('nobody’s: %s', (_, config, packet, way) => {
    const { table, sent } = tableWith(config);
    expect(table.receive(datagram(packet, way), 1)).toBe('no-session');
    expect(sent.length).toBe(1);
  });

  test('discriminators differ and are never 0', () => {
    const peers = Array.from({ length: 50 }, (_, index) => ({ peer: address(`192.0.2.${index + 100}`) }));
    const { sent } = tableWith(...peers);
    const names = new Set(sent.map(({ packet }) => packet.myDiscriminator));
    expect(names.size).toBe(50);
    expect(names.has(0)).toBe(false);
  });
});

describe('what is discarded', () => {
  test.each([254, 64, 1])('RFC 5881 §5: on one hop, TTL %i, and it is counted', (ttl) => {
    const { table, sent, counters } = tableWith({});
    expect(table.receive(datagram({}, { ttl }), 1)).toBe('ttl');
    expect(sent.length).toBe(1);
    expect(counters[0]?.[BfdCounter.discarded]).toBe(1);
    expect(DISCARD_REASONS[(counters[0]?.[BfdCounter.lastDiscard] ?? 0) - 1]).toBe('ttl');
  });

  test('RFC 5883 §5: over several hops, what the session says', () => {
    const { table } = tableWith({ multihop: true, minTtl: 250 });
    expect(table.receive(datagram({}, { multihop: true, ttl: 249 }), 1)).toBe('ttl');
    expect(table.receive(datagram({}, { multihop: true, ttl: 250 }), 1)).toBeUndefined();
  });

  test('a packet that fails a check counts for the session of its sender and does not keep it alive', () => {
    const { table, counters } = tableWith({});
    const broken = datagram({});
    broken.bytes[2] = 0;
    expect(table.receive(broken, 1)).toBe('detect-multiplier-zero');
    expect([...(counters[0] ?? [])]).toEqual([1, 0, 1, 0, 4]);
  });
});

describe('a closed session', () => {
  test('says AdminDown to its peer for the detection time, then ends', () => {
    const hosts = new TwoTables(FAST, FAST);
    hosts.advance(5000);
    expect(hosts.states).toEqual(['Up', 'Up']);
    hosts.left.table.close(hosts.left.peer, hosts.now);
    hosts.advance(2);
    expect(hosts.right.statuses.at(-1)).toMatchObject({ state: 'Down', remoteState: 'AdminDown' });
    expect(hosts.left.ended).toBe(false);
    hosts.advance(5000);
    expect([hosts.left.ended, hosts.left.table.size]).toEqual([true, 0]);
  });

  test('with a peer that was never heard ends at once', () => {
    const { table } = tableWith({});
    table.close(PEER, 10);
    table.handleTimers(10);
    expect([table.size, table.nextDeadline]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  test('can be opened again', () => {
    const hosts = new TwoTables(FAST, FAST);
    hosts.advance(5000);
    hosts.left.table.close(hosts.left.peer, hosts.now);
    hosts.advance(100);
    hosts.open(hosts.left, FAST);
    hosts.advance(5000);
    expect(hosts.states).toEqual(['Up', 'Up']);
    expect(hosts.left.counters[BfdCounter.ups]).toBe(2);
  });
});

describe('two hosts', () => {
  const timers = fc.record<BfdTimers>({
    minTransmitIntervalMs: fc.integer({ min: 10, max: 2000 }),
    minReceiveIntervalMs: fc.integer({ min: 10, max: 2000 }),
    multiplier: fc.integer({ min: 2, max: 10 }),
  });

  test('agree on the slower of each direction and stay Up as long as the link is there', () => {
    fc.assert(
      fc.property(timers, timers, fc.nat(), (left, right, seed) => {
        const hosts = new TwoTables(left, right, { seed });
        hosts.advance(60_000);
        expect(hosts.states).toEqual(['Up', 'Up']);
        const toRight = Math.max(left.minTransmitIntervalMs, right.minReceiveIntervalMs);
        const toLeft = Math.max(right.minTransmitIntervalMs, left.minReceiveIntervalMs);
        expect(hosts.left.statuses.at(-1)).toMatchObject({
          transmitIntervalMs: toRight,
          detectionTimeMs: toLeft * right.multiplier,
        });
        expect([hosts.left, hosts.right].map(({ counters }) => counters[BfdCounter.ups])).toEqual([1, 1]);
      }),
      { numRuns: 50 },
    );
  });

  test('are Down within the detection time of a cut link, and Up again when it is back', () => {
    fc.assert(
      fc.property(timers, timers, fc.nat(), (left, right, seed) => {
        const hosts = new TwoTables(left, right, { seed });
        hosts.advance(60_000);
        hosts.cut = true;
        const since = hosts.now;
        const limits = [hosts.left, hosts.right].map(({ statuses }) => statuses.at(-1)?.detectionTimeMs ?? 0);
        hosts.advance(Math.max(...limits) + 1);
        expect(hosts.states).toEqual(['Down', 'Down']);
        for (const [index, { statuses }] of [hosts.left, hosts.right].entries()) {
          expect((statuses.at(-1)?.at ?? 0) - since).toBeLessThanOrEqual((limits[index] ?? 0) + 1);
        }
        hosts.cut = false;
        hosts.advance(10_000);
        expect(hosts.states).toEqual(['Up', 'Up']);
      }),
      { numRuns: 50 },
    );
  });

  test('change intervals by Poll Sequences without going down, whatever gets lost on the way', () => {
    fc.assert(
      fc.property(
        timers,
        fc.array(timers, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        (first, changes, seed) => {
          const calm = { ...first, multiplier: 10 };
          const hosts = new TwoTables(calm, calm, { seed, loss: 0.2 });
          hosts.advance(60_000);
          for (const change of changes) {
            hosts.left.table.configure(
              sessionWith(hosts.left.peer, { ...change, multiplier: 10 }),
              hosts.now,
            );
            hosts.advance(500);
          }
          hosts.advance(120_000);
          const last = changes.at(-1) as BfdTimers;
          expect(hosts.left.statuses.at(-1)).toMatchObject({
            state: 'Up',
            transmitIntervalMs: Math.max(last.minTransmitIntervalMs, first.minReceiveIntervalMs),
          });
          expect(hosts.right.counters[BfdCounter.ups]).toBe(1);
        },
      ),
      { numRuns: 50 },
    );
  });
});

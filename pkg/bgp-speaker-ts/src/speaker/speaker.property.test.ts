import { type Address, address, prefix } from '@weft/ip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import { encodeOpen } from '../wire/message/01-open.ts';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { encodeRouteRefresh } from '../wire/message/05-route-refresh.ts';
import { frameMessage } from '../wire/message/header.ts';
import { UpdatePacker } from '../wire/update-packer.ts';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import type { SpeakerAction, SpeakerEvent } from './events.ts';
import { Speaker } from './speaker.ts';
import { peer, speaker } from './test/network.ts';

const PEERS = ['10.0.0.2', '10.0.0.3'].map(address);
const STRANGER = address('10.0.0.9');

function config(more: Partial<PeerConfig>): SpeakerConfig {
  const peers = [
    peer('10.0.0.2', 64512, { routeReflectorClient: true, ...more }),
    peer('10.0.0.3', 64513, { passive: true, maxPrefix: { prefixes: 3, action: 'restart' }, ...more }),
  ];
  const longLived = [{ family: 'ipv4-unicast' as const, staleTimeSeconds: 3600 }];
  return speaker('10.0.0.1', 64512, peers, { gracefulRestart: { restartTimeSeconds: 120, longLived } });
}

function open(asn: number, restarting: boolean): Uint8Array {
  return encodeOpen({
    version: 4,
    asn,
    holdTimeSeconds: 90,
    identifier: 0x0a000000 + (asn & 0xff),
    capabilities: [
      { kind: 'multiprotocol', afi: 1, safi: 1 },
      { kind: 'multiprotocol', afi: 2, safi: 1 },
      { kind: 'four-octet-as', asn },
      { kind: 'route-refresh' },
      { kind: 'enhanced-route-refresh' },
      {
        kind: 'graceful-restart',
        restarting,
        notification: false,
        restartTimeSeconds: 30,
        families: [{ afi: 1, safi: 1, forwarding: restarting }],
      },
      {
        kind: 'long-lived-graceful-restart',
        families: [{ afi: 1, safi: 1, forwarding: true, staleTimeSeconds: 50 }],
      },
    ],
  });
}

function update(numbers: readonly number[], asPath: readonly number[], reach: boolean): Uint8Array {
  const packer = new UpdatePacker(4096);
  const block = encodeAttributes(
    {
      origin: 0,
      asPath: asPath.length === 0 ? [] : [{ kind: 'sequence', asns: asPath }],
      med: asPath.length,
      // NO_LLGR, LLGR_STALE, or none.
      communities: asPath.length < 2 ? undefined : [0xffff0005 + asPath.length - 1],
    },
    { fourOctetAsn: true },
  );
  if (reach) packer.beginReach('ipv4-unicast', block, new Uint8Array([10, 0, 0, 7]), false);
  else packer.beginWithdraw('ipv4-unicast', false);
  for (const number of numbers) packer.addIpv4((0x14000000 + number * 256) >>> 0, 24, 0);
  packer.end();
  return packer.take();
}

const message = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(open(64512, false), open(64513, false), open(64512, true), open(64513, true)),
  },
  { weight: 4, arbitrary: fc.constant(encodeKeepalive()) },
  {
    weight: 12,
    arbitrary: fc
      .tuple(
        fc.uniqueArray(fc.nat(5), { minLength: 1 }),
        fc.array(fc.constantFrom(64512, 64513, 7), { maxLength: 3 }),
        fc.boolean(),
      )
      .map(([numbers, asPath, reach]) => update(numbers, asPath, reach)),
  },
  fc.constantFrom(0, 1, 2).map((subtype) => encodeRouteRefresh({ afi: 1, safi: 1, subtype })),
  fc.uint8Array({ maxLength: 30 }).map((body) => frameMessage(2, body)),
  fc.constant(frameMessage(2, new Uint8Array(4))),
  fc.uint8Array({ maxLength: 40 }),
);

const name = fc.constantFrom(...PEERS, STRANGER);

/** What the peers and the network do; which connection it concerns is worked out by `Sockets`. */
type Doing =
  | { do: 'accept' | 'establish' | 'dialled' | 'dial-failed' | 'close'; peer: Address }
  | { do: 'send'; peer: Address; bytes: Uint8Array }
  | { do: 'unread'; peer: Address; bytes: number };

const doing: fc.Arbitrary<Doing> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('send' as const), peer: name, bytes: message }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('establish' as const), peer: name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('accept' as const, 'dialled' as const, 'dial-failed' as const, 'close' as const),
      peer: name,
    }),
  },
  fc.record({ do: fc.constant('unread' as const), peer: name, bytes: fc.constantFrom(0, 1 << 17, 1 << 21) }),
);

const reason = { subcode: 2 };
const command: fc.Arbitrary<SpeakerEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom({ kind: 'flush' as const }, { kind: 'tick' as const }) },
  fc.record({
    kind: fc.constant('refresh-peer' as const),
    peer: name,
    direction: fc.constantFrom('in' as const, 'out' as const),
  }),
  fc.record({
    kind: fc.constantFrom('reset-peer' as const, 'stop-peer' as const),
    peer: name,
    reason: fc.constant(reason),
  }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('start-peer' as const), peer: name }) },
  fc.record({
    kind: fc.constant('configure' as const),
    config: fc.constantFrom(
      config({}),
      config({ nextHop: 'self' }),
      config({ families: ['ipv4-unicast'] }),
      config({ exportPolicy: [{ name: 'none', action: 'reject' }] }),
      { ...config({}), peers: config({}).peers.slice(0, 1) },
    ),
  }),
  fc.record({
    kind: fc.constant('set-local-routes' as const),
    routes: fc.subarray([
      { prefix: prefix('20.0.1.0/24') },
      { prefix: prefix('20.0.9.0/24') },
      { prefix: prefix('fd00::/64') },
    ]),
  }),
  fc.record({
    kind: fc.constant('set-next-hops' as const),
    nextHops: fc.boolean().map((reachable) => [{ address: address('10.0.0.7'), reachable, metric: 1 }]),
  }),
);

const step = fc.tuple(
  fc.oneof({ weight: 3, arbitrary: doing }, { weight: 1, arbitrary: command }),
  fc.constantFrom(0, 0, 0, 1, 5_000, 40_000),
);

/** The sockets of a speaker: bytes go only to connections that are there and that it has not closed. */
class Sockets {
  readonly machine: Speaker;
  established = 0;
  nextHops: readonly Address[] = [];
  now = 0;
  /** Connections by peer, the newest last. */
  readonly #open: Map<Address, number[]> = new Map();
  readonly #dials: Map<Address, number[]> = new Map();
  #accepted = 0;

  constructor(machine: Speaker) {
    this.machine = machine;
    this.#perform();
  }

  handle(event: SpeakerEvent): void {
    this.machine.handle(event, this.now);
    this.#perform();
  }

  apply(doings: Doing): void {
    const { peer: from } = doings;
    switch (doings.do) {
      case 'accept':
        this.#accept(from);
        return;
      case 'establish':
        // Whatever it was that kept the peer in Idle is over.
        this.now += 61_000;
        this.handle({ kind: 'tick' });
        this.#accept(from);
        this.#receive(from, open(from === PEERS[0] ? 64512 : 64513, false));
        this.#receive(from, encodeKeepalive());
        return;
      case 'send':
        this.#receive(from, doings.bytes);
        return;
      case 'unread': {
        const connection = this.#open.get(from)?.at(-1);
        if (connection !== undefined)
          this.handle({ kind: 'outstanding', peer: from, connection, bytes: doings.bytes });
        return;
      }
      case 'close': {
        const connection = this.#open.get(from)?.pop();
        if (connection !== undefined) this.handle({ kind: 'closed', peer: from, connection });
        return;
      }
      default:
        this.#endDial(from, doings.do === 'dialled');
    }
  }

  #accept(from: Address): void {
    this.#accepted += 2;
    this.#add(from, this.#accepted);
    this.handle({ kind: 'accepted', peer: from, connection: this.#accepted });
  }

  #endDial(from: Address, succeeded: boolean): void {
    const connection = this.#dials.get(from)?.pop();
    if (connection === undefined) return;
    if (!succeeded) {
      this.handle({ kind: 'connect-failed', peer: from, connection, error: 'ECONNREFUSED' });
      return;
    }
    this.#add(from, connection);
    this.handle({ kind: 'connected', peer: from, connection });
  }

  #receive(from: Address, bytes: Uint8Array): void {
    const connection = this.#open.get(from)?.at(-1);
    if (connection !== undefined) this.handle({ kind: 'received', peer: from, connection, bytes });
  }

  #add(from: Address, connection: number): void {
    this.#open.set(from, [...(this.#open.get(from) ?? []), connection]);
  }

  #perform(): void {
    for (const action of this.machine.takeActions()) {
      if (action.kind === 'send') expect(this.#open.get(action.peer)).toContain(action.connection);
      if (action.kind === 'peer-established') this.established += 1;
      if (action.kind === 'next-hops-wanted') this.nextHops = action.nextHops;
      if (action.kind === 'connect') {
        this.#dials.set(action.peer, [...(this.#dials.get(action.peer) ?? []), action.connection]);
      }
      if (action.kind === 'close') this.#forget(action);
    }
  }

  #forget({ peer: from, connection }: Extract<SpeakerAction, { kind: 'close' }>): void {
    for (const connections of [this.#open, this.#dials]) {
      connections.set(
        from,
        (connections.get(from) ?? []).filter((id) => id !== connection),
      );
    }
  }
}

/** Asks all there is to ask, which may be at any time: the answers have no path that is not there. */
function ask(machine: Speaker): void {
  for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) {
    const routes = [...machine.locRib(family)];
    expect(machine.routeCount(family)).toBe(routes.length);
    expect([...machine.selectedRoutes(family)]).toHaveLength(routes.length);
    for (const { best, prefix: asked } of routes)
      expect(machine.explain(asked).paths.find((path) => path.best)?.peer).toBe(best?.peer);
    for (const peer of PEERS) for (const _ of machine.adjRibIn(peer, family));
    for (const peer of PEERS) for (const _ of machine.adjRibOut(peer, family));
  }
  machine.explain(prefix('20.0.1.0/24'));
  machine.soleRoutes(PEERS);
  machine.soleRoutesOfCluster(address('9.9.9.9'), PEERS);
}

describe('a speaker among strangers and broken peers', () => {
  test('survives any sequence of events, writes to open connections only, and comes to rest', () => {
    let established = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }),
        fc.boolean(),
        (steps, restarting) => {
          const machine = new Speaker(config({}), { restarting, seed: 1, now: 0, reportRoutes: true });
          const sockets = new Sockets(machine);
          for (const [change, later] of steps) {
            sockets.now += later;
            if ('do' in change) sockets.apply(change);
            else sockets.handle(change);
            ask(machine);
          }
          for (let turn = 0; machine.hasWork; turn += 1) {
            expect(turn).toBeLessThan(20);
            sockets.handle({ kind: 'flush' });
          }
          established += sockets.established;
          sockets.handle({ kind: 'configure', config: { ...config({}), peers: [] } });
          sockets.handle({ kind: 'set-local-routes', routes: [] });
          sockets.now += 1_000_000;
          sockets.handle({ kind: 'tick' });
          sockets.handle({ kind: 'flush' });
          expect([...machine.locRib('ipv4-unicast'), ...machine.locRib('ipv6-unicast')]).toEqual([]);
          expect(machine.nextDeadline).toBe(Number.POSITIVE_INFINITY);
          // Attributes hold their next hops: none of them is left.
          expect(sockets.nextHops).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
    // A run that never reaches Established shows little.
    expect(established).toBeGreaterThan(300);
  }, 60_000);
});

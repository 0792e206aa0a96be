import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { SpeakerAction } from './events.ts';
import { Network, originate, peer, receivedBy, routesOf, speaker } from './test/network.ts';
import { DETACH_BYTES } from './update-group.ts';

const AS = 64512;
const REFLECTOR = '10.0.0.1';
const CLIENTS = ['10.0.0.2', '10.0.0.3', '10.0.0.4'];

function star(): Network {
  const network = new Network();
  network.add(
    speaker(
      REFLECTOR,
      AS,
      CLIENTS.map((name) => peer(name, AS, { passive: true, routeReflectorClient: true })),
    ),
  );
  for (const name of CLIENTS) network.add(speaker(name, AS, [peer(REFLECTOR, AS)]));
  for (const name of network.nodes.keys()) originate(network, name);
  network.advance(5_000);
  return network;
}

/** /26 prefixes of one client. */
function many(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, index) => {
    const value = (first + index) * 64;
    return `20.${value >>> 16}.${(value >>> 8) & 0xff}.${value & 0xff}/26`;
  });
}

function streamsOf(network: Network): string[] {
  return network
    .node(REFLECTOR)
    .speaker.status()
    .map(({ families }) => families[0]?.stream ?? '');
}

describe('an update group', () => {
  test('encodes once: members in sync are handed the very same array', () => {
    const network = star();
    const sent: Extract<SpeakerAction, { kind: 'send' }>[] = [];
    const { speaker: reflector } = network.node(REFLECTOR);
    const take = reflector.takeActions.bind(reflector);
    reflector.takeActions = () => {
      const actions = take();
      for (const action of actions) if (action.kind === 'send') sent.push(action);
      return actions;
    };
    originate(network, CLIENTS[0] as string, ...many(50));
    network.run();
    expect(sent.map((action) => action.peer)).toEqual([CLIENTS[1], CLIENTS[2]]);
    expect(sent[1]?.bytes).toBe(sent[0]?.bytes);
  });

  test('sends several sources in one batch, each of them everything but its own', () => {
    const network = star();
    for (const [index, name] of CLIENTS.entries()) originate(network, name, ...many(10, index * 10));
    network.run();
    for (const name of CLIENTS) expect(receivedBy(network, name, REFLECTOR).size).toBe(20);
    expect(
      network
        .node(REFLECTOR)
        .speaker.status()
        .map(({ families }) => families[0]?.advertised),
    ).toEqual([20, 20, 20]);
  });

  test('packs: 1,000 prefixes of one attribute set cost about 5 octets each', () => {
    const network = star();
    const before = network.node(REFLECTOR).sentBytes;
    originate(network, CLIENTS[0] as string, ...many(1000));
    network.run();
    expect(network.node(REFLECTOR).sentBytes - before).toBeLessThan(2 * (5 * 1000 + 3 * 100));
  });

  test('sends nothing for a route that comes again as it was', () => {
    const network = star();
    originate(network, CLIENTS[0] as string, ...many(10));
    network.run();
    const before = network.node(REFLECTOR).sentBytes;
    network.send(CLIENTS[0] as string, { kind: 'refresh-peer', peer: address(REFLECTOR), direction: 'out' });
    network.run();
    expect(network.node(REFLECTOR).sentBytes).toBe(before);
  });
});

describe('a peer that reads slowly', () => {
  const [first, second, slow] = CLIENTS as [string, string, string];

  /** 64 routes with a kilobyte of attributes each, other ones in every round. */
  function originateBulk(network: Network, round: number): void {
    const routes = many(64).map((text, index) => ({
      prefix: prefix(text),
      communities: Array.from({ length: 250 }, (_, number) => `${round * 64 + index}:${number}`),
    }));
    network.send(first, { kind: 'set-local-routes', routes });
    network.run();
  }

  function congest(): Network {
    const network = star();
    network.node(slow).reading = false;
    for (let round = 0; round < 24; round += 1) originateBulk(network, round);
    return network;
  }

  test('is detached at the limit, holds nobody up, and its bytes stay bounded', () => {
    const network = congest();
    expect(streamsOf(network)).toEqual(['in-sync', 'in-sync', 'catching-up']);
    expect(receivedBy(network, second, REFLECTOR).get('20.0.0.0/26')?.attributes.communities?.[0]).toBe(
      '1472:0',
    );
    const waiting = network.node(REFLECTOR).speaker.status()[2]?.outstandingBytes ?? 0;
    expect(waiting).toBeGreaterThan(DETACH_BYTES);
    expect(waiting).toBeLessThan(DETACH_BYTES * 1.1);
  });

  test('catches up with what is true now, not with what it has missed, and joins the others again', () => {
    const network = congest();
    originate(network, first, ...many(100, 32));
    network.run();
    network.resume(slow);
    network.run();
    expect(streamsOf(network)).toEqual(['in-sync', 'in-sync', 'in-sync']);
    expect(Object.keys(routesOf(network, slow)).length).toBe(100);
    expect(routesOf(network, slow)).toEqual(routesOf(network, second));
  });

  test('is told what was withdrawn before it moved to another group', () => {
    const network = congest();
    originate(network, first);
    network.run();
    const { config } = network.node(REFLECTOR).speaker;
    const exportPolicy = [{ name: 'other', match: { source: 'local' as const }, action: 'reject' as const }];
    const peers = config.peers.map((item) => (item.address === slow ? { ...item, exportPolicy } : item));
    network.send(REFLECTOR, { kind: 'configure', config: { ...config, peers } });
    network.run();
    network.resume(slow);
    network.run();
    expect(receivedBy(network, slow, REFLECTOR).size).toBe(0);
  });

  test('is told nothing more while it does not read, whatever changes', () => {
    const network = congest();
    const sent = network.node(REFLECTOR).speaker.status()[2]?.updateBytesSent;
    originateBulk(network, 99);
    expect(network.node(REFLECTOR).speaker.status()[2]?.updateBytesSent).toBe(sent);
    expect(receivedBy(network, second, REFLECTOR).get('20.0.0.0/26')?.attributes.communities?.[0]).toBe(
      '6336:0',
    );
  });
});

describe('a peer that comes later', () => {
  test('is told the whole table in steps, then End-of-RIB, then what the others are told', () => {
    const network = star();
    const [first, second, late] = CLIENTS as [string, string, string];
    network.kill(late);
    network.advance(1_000);
    originate(network, first, ...many(20_000));
    network.advance(1_000);
    network.restart(late, speaker(late, AS, [peer(REFLECTOR, AS)]));
    originate(network, late);
    network.advance(10_000);
    expect(Object.keys(routesOf(network, late)).length).toBe(20_000);
    expect(network.node(late).speaker.status()[0]?.families[0]?.endOfRibReceived).toBe(true);
    originate(network, first, ...many(10));
    network.run();
    expect(routesOf(network, late)).toEqual(routesOf(network, second));
  });

  test('is told the truth when routes change while it is being told the table', () => {
    const network = star();
    const [first, second, late] = CLIENTS as [string, string, string];
    network.kill(late);
    network.advance(1_000);
    originate(network, first, ...many(30_000));
    network.advance(1_000);
    network.restart(late, speaker(late, AS, [peer(REFLECTOR, AS)]));
    originate(network, late, '30.0.0.0/26');
    let changed = false;
    network.tap = (name, event) => {
      if (name !== REFLECTOR || event.kind !== 'flush' || changed) return;
      const told = receivedBy(network, late, REFLECTOR).size;
      if (told === 0 || told >= 30_000) return;
      // In the middle of the table: early prefixes go, late ones stay, new ones come.
      changed = true;
      originate(network, first, ...many(15_000, 15_000), ...many(50, 40_000));
    };
    network.advance(10_000);
    expect(changed).toBe(true);
    expect(Object.keys(routesOf(network, late)).length).toBe(15_051);
    const seen = routesOf(network, late);
    expect(Object.keys(routesOf(network, second)).sort()).toEqual(Object.keys(seen).sort());
  });
});

describe('route refresh (RFC 2918, RFC 7313)', () => {
  test('a request is answered with everything, between the two marks', () => {
    const network = star();
    const [first, second] = CLIENTS as [string, string, string];
    originate(network, first, ...many(10));
    network.run();
    const before = network.node(second).speaker.status()[0]?.updatesReceived ?? 0;
    const bytes = network.node(REFLECTOR).sentBytes;
    network.send(second, { kind: 'refresh-peer', peer: address(REFLECTOR), direction: 'in' });
    network.run();
    expect(network.node(second).speaker.status()[0]?.updatesReceived).toBe(before + 1);
    // BoRR and EoRR of both families, 23 octets each, and one UPDATE.
    expect(network.node(REFLECTOR).sentBytes - bytes).toBeGreaterThan(4 * 23);
    expect(receivedBy(network, second, REFLECTOR).size).toBe(10);
  });
});

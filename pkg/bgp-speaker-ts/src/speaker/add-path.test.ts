import { describe, expect, test } from 'vitest';
import type { PeerConfig } from './config.ts';
import { Network, originate, peer, receivedBy, speaker } from './test/network.ts';

const AS = 64512;
const REFLECTOR = '10.0.0.1';
const CLIENTS = ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'];
const [one, two, three, watcher] = CLIENTS as [string, string, string, string];

/** A reflector; the last client takes several paths. */
function create(toWatcher: Partial<PeerConfig> = { addPath: 'send' }): Network {
  const network = new Network();
  network.add(
    speaker(
      REFLECTOR,
      AS,
      CLIENTS.map((name) =>
        peer(name, AS, { passive: true, routeReflectorClient: true, ...(name === watcher ? toWatcher : {}) }),
      ),
    ),
  );
  for (const name of CLIENTS)
    network.add(speaker(name, AS, [peer(REFLECTOR, AS, name === watcher ? { addPath: 'receive' } : {})]));
  for (const name of network.nodes.keys()) originate(network, name);
  network.advance(5_000);
  return network;
}

/** Paths of the watcher: path identifier to next hop. */
function pathsOf(network: Network): Record<number, string | undefined> {
  const routes = [...receivedBy(network, watcher, REFLECTOR).values()];
  return Object.fromEntries(routes.map(({ pathId, attributes }) => [pathId, attributes.nextHop]));
}

describe('ADD-PATH (RFC 7911)', () => {
  test('a peer that asks for it is told every path, each under an identifier of its own', () => {
    const network = create();
    for (const name of [one, two, three]) originate(network, name, '10.1.0.0/26');
    network.run();
    expect(pathsOf(network)).toEqual({ 1: one, 2: two, 3: three });
    expect(receivedBy(network, one, REFLECTOR).get('10.1.0.0/26')?.pathId).toBeUndefined();
  });

  test('a path that goes is withdrawn under its identifier, the others stay', () => {
    const network = create();
    for (const name of [one, two, three]) originate(network, name, '10.1.0.0/26');
    network.run();
    originate(network, two);
    network.run();
    expect(pathsOf(network)).toEqual({ 1: one, 3: three });
    originate(network, three);
    originate(network, one);
    network.run();
    expect(pathsOf(network)).toEqual({});
  });

  test('several paths of one session are kept apart, and the best of them is told to others', () => {
    const network = create({ addPath: 'both' });
    network.kill(watcher);
    network.advance(200_000);
    // A second reflector as the sender of several paths.
    network.restart(
      watcher,
      speaker(watcher, AS, [
        peer(REFLECTOR, AS, { addPath: 'send' }),
        peer('10.0.0.8', AS, { passive: true, routeReflectorClient: true }),
        peer('10.0.0.9', AS, { passive: true, routeReflectorClient: true }),
      ]),
    );
    originate(network, watcher);
    for (const name of ['10.0.0.8', '10.0.0.9']) {
      network.add(speaker(name, AS, [peer(watcher, AS)]));
      originate(network, name, '10.7.0.0/26');
    }
    network.advance(20_000);
    expect([...receivedBy(network, REFLECTOR, watcher).keys()].sort()).toEqual([
      '10.7.0.0/26 1',
      '10.7.0.0/26 2',
    ]);
    expect(receivedBy(network, one, REFLECTOR).get('10.7.0.0/26')?.attributes.nextHop).toBe('10.0.0.8');
    originate(network, '10.0.0.8');
    network.run();
    expect(receivedBy(network, one, REFLECTOR).get('10.7.0.0/26')?.attributes.nextHop).toBe('10.0.0.9');
  });

  test('a peer that was detached is told what went away meanwhile, though the paths are forgotten here', () => {
    const network = create();
    for (const name of [one, two, three]) originate(network, name, '10.1.0.0/26', '10.2.0.0/26');
    network.run();
    network.node(watcher).reading = false;
    // More than a reader may leave, so that the group goes on without it.
    for (let round = 0; round < 24; round += 1) {
      const routes = Array.from({ length: 64 }, (_, index) => ({
        prefix: `20.0.${index}.0/26` as never,
        communities: Array.from({ length: 250 }, (_item, number) => `${round * 64 + index}:${number}`),
      }));
      network.send(three, { kind: 'set-local-routes', routes });
      network.run();
    }
    expect(network.node(REFLECTOR).speaker.status()[3]?.families[0]?.stream).toBe('catching-up');
    originate(network, three);
    originate(network, two, '10.2.0.0/26');
    network.run();
    network.resume(watcher);
    network.run();
    const routes = [...receivedBy(network, watcher, REFLECTOR).values()].map(
      ({ prefix, pathId }) => `${prefix} ${pathId}`,
    );
    expect(routes.sort()).toEqual(['10.1.0.0/26 1', '10.2.0.0/26 1', '10.2.0.0/26 2']);
    expect(network.node(REFLECTOR).speaker.status()[3]?.families[0]?.stream).toBe('in-sync');
  });

  test('a peer may be told the best path alone, and all again, on the session it has', () => {
    const network = create();
    const tell = (addPathBestOnly: boolean) => {
      const { config } = network.node(REFLECTOR).speaker;
      const peers = config.peers.map((item) =>
        item.address === watcher ? { ...item, addPathBestOnly } : item,
      );
      network.send(REFLECTOR, { kind: 'configure', config: { ...config, peers } });
      network.run();
    };
    for (const name of [one, two, three]) originate(network, name, '10.1.0.0/26', '10.2.0.0/26');
    network.run();
    tell(true);
    expect([...receivedBy(network, watcher, REFLECTOR).keys()]).toEqual(['10.1.0.0/26 1', '10.2.0.0/26 1']);
    expect(pathsOf(network)).toEqual({ 1: one });
    originate(network, one, '10.2.0.0/26');
    network.run();
    expect(receivedBy(network, watcher, REFLECTOR).get('10.1.0.0/26 1')?.attributes.nextHop).toBe(two);
    expect(receivedBy(network, watcher, REFLECTOR).get('10.2.0.0/26 1')?.attributes.nextHop).toBe(one);
    tell(false);
    expect(receivedBy(network, watcher, REFLECTOR).size).toBe(5);
    expect(network.node(REFLECTOR).speaker.status()[3]?.establishedCount).toBe(1);
  });

  test('a peer that comes later is told every path', () => {
    const network = create();
    network.kill(watcher);
    network.advance(200_000);
    for (const name of [one, two, three]) originate(network, name, '10.1.0.0/26');
    network.run();
    network.restart(watcher, speaker(watcher, AS, [peer(REFLECTOR, AS, { addPath: 'receive' })]));
    originate(network, watcher);
    network.advance(20_000);
    expect(pathsOf(network)).toEqual({ 1: one, 2: two, 3: three });
  });
});

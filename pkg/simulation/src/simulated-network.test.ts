import type { Prefix } from '@weft/ip';
import { nodeAddresses } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { type ClusterResources, clusterStates } from './cluster.ts';
import { blockOf, type ClusterTopology, generateCluster, nodeName } from './generated-cluster.ts';
import { changeNode, startNode } from './simulated-cluster.ts';
import { type NetworkOptions, SimulatedNetwork } from './simulated-network.ts';

const NODES = 30;
const SURROUNDINGS = { digestOf: () => new Uint8Array(32), secrets: new Map<string, string>() };
const TOPOLOGIES: readonly ClusterTopology[] = [
  { kind: 'mesh' },
  { kind: 'reflectors', reflectors: 3 },
  { kind: 'zones', zones: 5, reflectors: 2 },
];
const ALL_BLOCKS = Array.from({ length: NODES }, (_, index) => blockOf(index)).sort();

function started(resources: ClusterResources, options: Partial<NetworkOptions> = {}): SimulatedNetwork {
  const network = new SimulatedNetwork({ seed: 1, latencyMilliseconds: { from: 0.5, to: 3 }, ...options });
  const states = clusterStates(resources, SURROUNDINGS);
  for (const node of resources.nodes) {
    const state = states.get(node.metadata.name);
    if (state !== undefined) startNode(network, node, state);
    network.runFor(20);
  }
  return network;
}

function blocksAt(network: SimulatedNetwork, name: string): Prefix[] {
  return [...network.speaker(name).locRib('ipv4-unicast')].map(({ prefix }) => prefix).sort();
}

/** Each node's block and the address packets to it are sent to. */
function waysAt(network: SimulatedNetwork, name: string): Record<string, string> {
  const routes = [...network.speaker(name).locRib('ipv4-unicast')];
  return Object.fromEntries(
    routes
      .map(({ prefix, best }) => [prefix, best?.nextHops.map((hop) => hop.address).join(' ') ?? ''])
      .sort(),
  );
}

describe.each(TOPOLOGIES)('a cluster of 30 nodes: $kind $reflectors', (topology) => {
  const resources = generateCluster({ nodes: NODES, topology });

  test('every node comes to know the way to every block', () => {
    const network = started(resources);
    expect(network.runUntilQuiet().quiet).toBe(true);
    for (const [index, node] of resources.nodes.entries()) {
      const ways = waysAt(network, node.metadata.name);
      const expected = resources.nodes.map((other, at) => [
        blockOf(at),
        at === index ? '' : nodeAddresses(other)[0],
      ]);
      expect(ways).toEqual(Object.fromEntries(expected));
    }
  });

  test('the loss of a node takes exactly its block away, once its hold time is over', () => {
    const network = started(resources);
    network.runUntilQuiet();
    network.isolate(nodeName(NODES - 1));
    expect(network.runFor(45_000).updates).toBe(0);
    for (const name of network.names.slice(0, -1)) expect(blocksAt(network, name)).toEqual(ALL_BLOCKS);
    network.runFor(60_000);
    const left = ALL_BLOCKS.filter((block) => block !== blockOf(NODES - 1));
    for (const name of network.names.slice(0, -1)) expect(blocksAt(network, name)).toEqual(left);
  });

  test('a killed process keeps its routes where they were, and comes back to the same', () => {
    const network = started(resources);
    network.runUntilQuiet();
    const before = waysAt(network, nodeName(20));
    const last = resources.nodes.at(-1);
    const state = last && clusterStates(resources, SURROUNDINGS).get(last.metadata.name);
    if (last === undefined || state === undefined) throw new Error('there is no last node');
    network.remove(last.metadata.name);
    network.runFor(5_000);
    expect(waysAt(network, nodeName(20))).toEqual(before);
    startNode(network, last, state);
    network.runUntilQuiet();
    for (const name of network.names) expect(blocksAt(network, name)).toEqual(ALL_BLOCKS);
  });

  test('a partition leaves each side its own blocks, and heals', () => {
    const network = started(resources);
    network.runUntilQuiet();
    // Each side keeps a reflector: of each zone, where there are zones.
    const sideOf = (index: number) =>
      (topology.kind === 'zones' ? Math.floor(index / topology.zones) : index) % 2;
    const indexes = Array.from({ length: NODES }, (_, index) => index);
    const sides = [0, 1].map((side) => indexes.filter((index) => sideOf(index) === side));
    network.partition(...sides.map((side) => side.map(nodeName)));
    network.runFor(100_000);
    for (const side of sides)
      for (const index of side) expect(blocksAt(network, nodeName(index))).toEqual(side.map(blockOf).sort());
    network.partition();
    network.runUntilQuiet();
    for (const name of network.names) expect(blocksAt(network, name)).toEqual(ALL_BLOCKS);
  });

  test('the same seed gives the same trace, another seed another', () => {
    const trace = (seed: number) => {
      let hash = 0;
      const onSent: NetworkOptions['onSent'] = (from, to, bytes, now) => {
        for (const text of [from, to, now.toFixed(3)])
          for (const letter of text) hash = mix(hash, letter.charCodeAt(0));
        for (const byte of bytes) hash = mix(hash, byte);
      };
      const network = started(resources, { seed, onSent });
      return { ...network.runUntilQuiet(), hash };
    };
    expect(trace(5)).toEqual(trace(5));
    expect(trace(5).hash).not.toBe(trace(6).hash);
  });
});

function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x0100_0193) >>> 0;
}

test('a node that joins is known everywhere, and knows everything', () => {
  const after = generateCluster({ nodes: NODES, topology: { kind: 'mesh' } });
  const before = { ...after, nodes: after.nodes.slice(0, -1) };
  const network = started(before);
  network.runUntilQuiet();
  const states = clusterStates(after, SURROUNDINGS);
  for (const [name, state] of states) if (network.names.includes(name)) changeNode(network, name, state);
  const last = after.nodes.at(-1);
  const state = states.get(nodeName(NODES - 1));
  if (last === undefined || state === undefined) throw new Error('there is no last node');
  startNode(network, last, state);
  const run = network.runUntilQuiet();
  for (const name of network.names) expect(blocksAt(network, name)).toEqual(ALL_BLOCKS);
  // Each session tells a block, and End-of-RIB, each way; no other session says anything.
  expect(run.updates).toBe((NODES - 1) * 4);
});

describe('what lies between two nodes', () => {
  const pair = generateCluster({ nodes: 2, topology: { kind: 'mesh' } });
  const [one, other] = [nodeName(0), nodeName(1)];
  const both = [blockOf(0), blockOf(1)];

  test('a link that is down for less than the hold time is not noticed', () => {
    const network = started(pair);
    network.runUntilQuiet();
    network.cut(one, other);
    network.runFor(40_000);
    network.announce(one, []);
    network.runFor(1_000);
    expect(blocksAt(network, other)).toEqual(both);
    network.heal(one, other);
    const { updates } = network.runUntilQuiet();
    expect(blocksAt(network, other)).toEqual([blockOf(1)]);
    expect(updates).toBe(0);
    expect(network.speaker(one).status()[0]?.establishedCount).toBe(1);
  });

  test('one that is down for longer ends the session, and another comes when it is up again', () => {
    const network = started(pair);
    network.runUntilQuiet();
    network.cut(one, other);
    network.runFor(100_000);
    expect(blocksAt(network, other)).toEqual([blockOf(1)]);
    network.heal(one, other);
    network.runUntilQuiet();
    expect(blocksAt(network, other)).toEqual(both);
    expect(network.speaker(one).status()[0]?.establishedCount).toBe(2);
  });

  test('different passwords keep a session from coming up, and do not end the run', () => {
    const network = started(pair);
    network.runUntilQuiet();
    const { config } = network.speaker(one);
    network.configure(one, {
      ...config,
      peers: config.peers.map((peer) => ({ ...peer, password: 'secret' })),
    });
    expect(network.runUntilQuiet({ quietMilliseconds: 30_000 }).quiet).toBe(true);
    expect(network.speaker(one).status()[0]?.state).not.toBe('Established');
  });

  test('a run that does not come to rest ends at its limit', () => {
    const network = started(pair);
    network.runUntilQuiet();
    expect(network.runUntilQuiet({ quietMilliseconds: 10_000, limitMilliseconds: 5_000 })).toMatchObject({
      quiet: false,
    });
    expect(network.now).toBeGreaterThan(5_000);
  });

  test('who reads no UPDATEs announces as anybody else', () => {
    const network = new SimulatedNetwork({ seed: 1, latencyMilliseconds: 1 });
    const states = clusterStates(pair, SURROUNDINGS);
    for (const node of pair.nodes) {
      const state = states.get(node.metadata.name);
      if (state !== undefined) startNode(network, node, state, { readsUpdates: node.metadata.name === one });
    }
    network.runUntilQuiet();
    expect(blocksAt(network, one)).toEqual(both);
    expect(blocksAt(network, other)).toEqual([blockOf(1)]);
  });

  test('a host that is switched off says nothing more, not even that its sessions are over', () => {
    const network = started(generateCluster({ nodes: 3, topology: { kind: 'mesh' } }));
    network.runUntilQuiet();
    network.switchOff(one);
    expect(network.names).toEqual([other, nodeName(2)]);
    // The two that are left lose a session each, and have nothing to tell each other.
    expect(network.runFor(120_000).updates).toBe(0);
    expect(blocksAt(network, other)).toEqual([blockOf(1), blockOf(2)].sort());
    expect(() => network.speaker(one)).toThrow('there is no node');
  });

  test.each([
    ['that is switched off does not answer', 'switchOff', false],
    ['whose process was killed refuses', 'remove', true],
  ] as const)('a host %s', (_what, end, refuses) => {
    const heard = new Set<string>();
    const network = started(pair, { onEvent: (_name, { kind }) => heard.add(kind) });
    heard.clear();
    network[end](one);
    network.runFor(120_000);
    expect(network.speaker(other).status()[0]?.state).not.toBe('Established');
    expect(heard.has('connect-failed')).toBe(refuses);
  });

  test('an address where nobody listens refuses, and is asked again', () => {
    const network = started({ ...pair, nodes: pair.nodes.slice(0, 1) });
    const states = clusterStates(pair, SURROUNDINGS);
    const [, second] = pair.nodes;
    const later = states.get(other);
    const earlier = states.get(one);
    if (second === undefined || later === undefined || earlier === undefined) throw new Error('two nodes');
    changeNode(network, one, earlier);
    network.runFor(10_000);
    expect(network.speaker(one).status()[0]?.state).not.toBe('Established');
    startNode(network, second, later);
    network.runUntilQuiet();
    expect(blocksAt(network, one)).toEqual(both);
  });
});

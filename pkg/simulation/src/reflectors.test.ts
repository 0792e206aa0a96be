import { expect, test } from 'vitest';
import { clusterStates } from './cluster.ts';
import { generateCluster, nodeName } from './generated-cluster.ts';
import { startNode } from './simulated-cluster.ts';
import { SimulatedNetwork } from './simulated-network.ts';

const CLUSTERS = 10;

test('ten reflectors of as many clusters: of each other one, a reflector has one path to a block at most', () => {
  const resources = generateCluster({
    nodes: 2 * CLUSTERS,
    topology: { kind: 'zones', zones: CLUSTERS, reflectors: 1 },
  });
  const network = new SimulatedNetwork({ seed: 1, latencyMilliseconds: { from: 0.5, to: 3 } });
  const states = clusterStates(resources, { digestOf: () => new Uint8Array(32), secrets: new Map() });
  for (const node of resources.nodes) {
    const state = states.get(node.metadata.name);
    if (state !== undefined) startNode(network, node, state);
  }
  // As many walks as there are through ten reflectors would not come to an end.
  const run = network.runUntilQuiet({ limitMilliseconds: 60_000 });
  expect(run.quiet).toBe(true);
  for (let reflector = 0; reflector < CLUSTERS; reflector += 1) {
    const speaker = network.speaker(nodeName(reflector));
    for (const { address } of speaker.status()) {
      const received = [...speaker.adjRibIn(address, 'ipv4-unicast')];
      expect(received.length, address).toBeGreaterThan(0);
      expect(new Set(received.map(({ prefix }) => prefix)).size, address).toBe(received.length);
      expect(received.map(({ pathId }) => pathId)).not.toContain(0);
    }
  }
});

/** Which nodes stand for which, and what is planned of a cluster of which not all nodes are looked at. */
import { type ClusterResources, generateCluster, nodeName } from '@weft/simulation';
import { describe, expect, test } from 'vitest';
import { kindsOf, make, meshOff, planned, type Row, rows, rulesOf, SURROUNDINGS } from '../test/changes.ts';
import { alikeNodes } from './alike.ts';
import { planChange, planWith } from './plan.ts';
import type { RoutePlan } from './routes.ts';

describe('two nodes stand for others', () => {
  const six = generateCluster({ nodes: 6, topology: { kind: 'mesh' } });
  const names = (...indexes: number[]) => indexes.map(nodeName);
  const peer = (spec: object) => ({
    ...six,
    bgpPeers: [make('BGPPeer', 'one', { asNumber: 65_000, ...spec })],
  });
  const changed = (at: number, spec: object, metadata: object = {}): ClusterResources => ({
    ...six,
    nodes: six.nodes.map((node, index) =>
      index === at
        ? make(
            'Node',
            node.metadata.name,
            { bgp: { ...node.spec.bgp, ...spec } },
            { ...node.metadata, ...metadata },
          )
        : node,
    ),
  });
  const labelled = changed(2, {}, { labels: { rack: 'a' } });

  test.each<[string, ClusterResources, number[], number[]]>([
    ['that nothing tells apart', six, [0, 5], [1, 2, 3, 4]],
    ['whatever labels say that nobody asks for', labelled, [0, 5], [1, 2, 3, 4]],
    [
      'but not for one that a selector chooses',
      {
        ...labelled,
        bgpPeers: [make('BGPPeer', 'one', { nodeSelector: "rack == 'a'", peerIP: '172.16.9.9' })],
      },
      [0, 5],
      [1, 3, 4],
    ],
    [
      'but not for one with a BGPPeer of its own',
      peer({ node: nodeName(2), peerIP: '172.16.9.9' }),
      [0, 5],
      [1, 3, 4],
    ],
    ['but not for one whose address a BGPPeer has', peer({ peerIP: '172.16.0.3:1790' }), [0, 5], [1, 3, 4]],
    ['but not for one in another AS', changed(2, { asNumber: 65_001 }), [0, 5], [1, 3, 4]],
    ['but not for a reflector', changed(2, { routeReflectorClusterID: '244.0.0.1' }), [0, 5], [1, 3, 4]],
    ['but not for one that moves', changed(2, { ipv4Address: '172.16.9.3/12' }), [0, 5], [1, 3, 4]],
    ['but not for one of Calico', changed(2, {}, { annotations: {} }), [0, 5], [1, 3, 4]],
    [
      'but not for one of the other family',
      changed(2, { ipv4Address: undefined, ipv6Address: 'fd00::3/64' }),
      [0, 5],
      [1, 3, 4],
    ],
    [
      'but not for one with settings of its own',
      { ...six, bgpConfigurations: [make('BGPConfiguration', `node.${nodeName(2)}`, { listenPort: 1790 })] },
      [0, 5],
      [1, 3, 4],
    ],
    ['but not for one that goes', { ...six, nodes: six.nodes.toSpliced(2, 1) }, [0, 5], [1, 3, 4]],
  ])('%s', (_, after, lookedAt, others) => {
    const expected = [{ lookedAt: names(...lookedAt), others: names(...others) }];
    expect(alikeNodes(six, after)).toEqual(expected);
    expect(alikeNodes(after, six)).toEqual(expected);
  });

  test('of each kind, where each has a BGPPeer with one of two peers', () => {
    const bgpPeers = six.nodes.map(({ metadata }, at) =>
      make('BGPPeer', metadata.name, { node: metadata.name, peerIP: `172.16.9.${at % 2}`, asNumber: 65_000 }),
    );
    expect(alikeNodes(six, { ...six, bgpPeers })).toEqual([
      { lookedAt: names(0, 4), others: names(2) },
      { lookedAt: names(1, 5), others: names(3) },
    ]);
  });
});

const zones = generateCluster({ nodes: 16, topology: { kind: 'zones', zones: 2, reflectors: 2 } });
const twelve = generateCluster({ nodes: 12, topology: { kind: 'mesh' } });
const inRacks: ClusterResources = {
  ...twelve,
  nodes: twelve.nodes.map(({ metadata, spec }, at) =>
    make('Node', metadata.name, spec, { ...metadata, labels: { rack: at < 6 ? 'a' : 'b' } }),
  ),
  bgpPeers: ['a', 'b'].map((rack, at) =>
    make('BGPPeer', rack, {
      nodeSelector: `rack == '${rack}'`,
      peerIP: `172.16.9.${at}`,
      asNumber: 65_000,
    }),
  ),
};
const changes: readonly Pick<Row, 'name' | 'before' | 'change'>[] = [
  ...rows,
  { name: 'a zone without its reflectors', before: zones, change: { bgpPeers: zones.bgpPeers.slice(1) } },
  { name: 'zones apart', before: zones, change: { bgpPeers: zones.bgpPeers.slice(0, 2) } },
  { name: 'a reflector less', before: zones, change: { nodes: zones.nodes.slice(1) } },
  { name: 'a rack without its router', before: inRacks, change: { bgpPeers: inRacks.bgpPeers.slice(1) } },
  { name: 'racks without a mesh', before: inRacks, change: { bgpConfigurations: meshOff } },
];

describe('of the nodes that are looked at, the plan is what it is where all are', () => {
  test.each(changes)('$name', ({ before, change }) => {
    const after = { ...before, ...change };
    const alike = alikeNodes(before, after);
    const others = new Set(alike.flatMap((group) => group.others));
    expect(others.size).toBeGreaterThan(0);
    const result = planWith(before, after, SURROUNDINGS, alike);
    if (result.kind !== 'planned') throw new Error(result.kind);
    const all = planned(before, change);
    const isSeen = (name: string) => !others.has(name);
    const sets = ({ moved, ...routes }: RoutePlan) => routes;
    expect(result.plan.sessions).toEqual(
      all.sessions.filter(({ node, peer }) => isSeen(node) || isSeen(peer)),
    );
    expect(result.plan.nodes).toEqual(all.nodes.filter(({ name }) => isSeen(name)));
    // Which of the nodes alike pass a route on is not seen, but that one does.
    expect(result.plan.peers.map(sets)).toEqual(all.peers.map(sets));
    expect(rulesOf(result.plan)).toEqual(rulesOf(all));
    expect(result.plan.addresses).toEqual(
      all.addresses.map((address) => ({
        ...address,
        reachableFrom: address.reachableFrom.filter(isSeen),
        unreachableFrom: address.unreachableFrom.filter(isSeen),
      })),
    );
  });
});

describe('a large cluster', () => {
  const reflectors = generateCluster({ nodes: 300, topology: { kind: 'reflectors', reflectors: 2 } });
  const large: ClusterResources = {
    ...reflectors,
    ...generateCluster({ nodes: 300, topology: { kind: 'mesh' } }),
  };

  test('goes from mesh to reflectors, and what is not looked at is said', () => {
    const plan = planned(large, reflectors);
    const examples = [nodeName(2), nodeName(299)];
    expect(plan.alike).toEqual([
      { lookedAt: examples, others: large.nodes.slice(3, 299).map(({ metadata }) => metadata.name) },
    ]);
    expect(plan.assumptions.join()).toContain('two of them are looked at');
    expect(plan.nodes).toEqual([]);
    expect(plan.risks).toEqual([]);
    // Four nodes with every other: those of the reflectors stay, those of the two between themselves and with the others end.
    expect(kindsOf(plan)).toEqual({ changes: 597, closes: 593 });
  });

  test('loses the mesh: each of the two has lost the routes to all others', () => {
    const plan = planned(large, { bgpConfigurations: meshOff });
    expect(plan.nodes.map(({ before, after }) => [before, after])).toEqual([
      [299, 0],
      [299, 0],
    ]);
    expect(rulesOf(plan)).toEqual(['no-session', 'mass-withdrawal', 'blocks-not-announced']);
    for (const rule of ['no-session', 'blocks-not-announced'])
      expect(plan.risks.filter((risk) => risk.rule === rule)).toHaveLength(300);
  });

  test('of nodes that are all unlike has too many sessions', () => {
    const nodes = large.nodes.map(({ metadata, spec }, at) =>
      make('Node', metadata.name, { ...spec, bgp: { ...spec.bgp, asNumber: 65_001 + at } }, metadata),
    );
    expect(planChange({ ...large, nodes }, { ...large, nodes }, SURROUNDINGS)).toEqual({
      kind: 'too-large',
      limit: 30_000,
      nodes: 300,
      unlike: 300,
    });
  });
});

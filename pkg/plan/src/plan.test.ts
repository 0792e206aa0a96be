import { address, prefix } from '@weft/ip';
import { blockOf, type ClusterResources, generateCluster, nodeName } from '@weft/simulation';
import { describe, expect, test } from 'vitest';
import {
  busy,
  kindsOf,
  make,
  mesh,
  meshOff,
  planned,
  poolWith,
  rows,
  rulesOf,
  SURROUNDINGS,
  TOR,
  tor,
  tunneled,
  workload,
} from '../test/changes.ts';
import { type Plan, planChange } from './plan.ts';

describe('what becomes of sessions, and which risks are named', () => {
  test.each(rows)('$name', ({ before, change, sessions, risks }) => {
    const plan = planned(before, change);
    expect(kindsOf(plan)).toEqual(sessions);
    expect(rulesOf(plan)).toEqual(risks);
  });
});

test('from mesh to reflectors no node loses a route', () => {
  const row = rows.find(({ name }) => name === 'from mesh to reflectors');
  const plan = planned(row?.before ?? mesh, row?.change ?? {});
  expect(plan.nodes.flatMap(({ lost }) => lost)).toEqual([]);
});

describe('routes of tunnels', () => {
  const [first, second] = [nodeName(0), nodeName(1)];
  const routesOf = ({ nodes }: Plan, node: string) => nodes.find(({ name }) => name === node);
  const inVxlan = { ...tunneled, bgpConfigurations: meshOff };

  test('stay when BGP goes, and that packets of tunnels get through is assumed', () => {
    const plan = planned(tunneled, { bgpConfigurations: meshOff });
    expect(plan.nodes).toEqual([]);
    expect(plan.addresses).toEqual([]);
    expect(plan.assumptions.join()).toContain('packets of tunnels get through');
    expect(planned(mesh, {}).assumptions.join()).not.toContain('tunnels');
  });

  test('take the place of those by BGP when a pool gets VXLAN', () => {
    const { after, before, gained, lost, moved } =
      routesOf(planned(busy, { pools: tunneled.pools }), first) ?? {};
    expect({ after, before, gained, lost }).toEqual({ after: 3, before: 3, gained: [], lost: [] });
    expect(moved?.find(({ prefix }) => prefix === blockOf(1))).toEqual({
      prefix: blockOf(1),
      from: '172.16.0.2',
      to: `vxlan.calico to ${second}`,
    });
  });

  test('with CrossSubnet are the routes they were, in one subnet', () => {
    const plan = planned(busy, { pools: poolWith({ vxlanMode: 'CrossSubnet' }) });
    expect(plan.nodes).toEqual([]);
  });

  test('are gained and lost by themselves where there is no BGP', () => {
    const silent = { ...busy, bgpConfigurations: meshOff };
    const blocks = [1, 2, 3].map(blockOf).sort();
    expect(routesOf(planned(silent, { pools: tunneled.pools }), first)?.gained).toEqual(blocks);
    const back = planned(inVxlan, { pools: busy.pools });
    expect(routesOf(back, first)?.lost).toEqual(blocks);
    expect(back.addresses.map(({ unreachableFrom }) => unreachableFrom)).toEqual([
      [first, nodeName(2), nodeName(3)],
    ]);
  });

  test('lead to a borrowed address at the node of its workload', () => {
    const spec = { ...workload.spec, ipNetworks: ['10.0.0.135/32'] };
    const borrowing = {
      ...mesh,
      endpoints: [make('WorkloadEndpoint', workload.metadata.name, spec, workload.metadata)],
    };
    const plan = planned(borrowing, { pools: tunneled.pools });
    expect(routesOf(plan, first)?.moved.at(1)).toMatchObject({
      prefix: '10.0.0.135/32',
      to: `vxlan.calico to ${second}`,
    });
  });
});

test('a pool that is deleted with its blocks leaves its addresses without a way', () => {
  const plan = planned(busy, { pools: [], blockAffinities: [] });
  expect(plan.addresses).toEqual([
    {
      address: '10.0.0.65',
      workload: 'default/c1',
      node: nodeName(1),
      leavesPools: true,
      unreachableFrom: [nodeName(0), nodeName(2), nodeName(3)],
      reachableFrom: [],
    },
  ]);
  expect(rulesOf(plan)).toContain('pool-deleted-in-use');
});

test.each([
  ['its pod', { pod: 'web-1', workload: 'web' }, 'web-1'],
  ['its workload', { workload: 'node1-pod1' }, 'node1-pod1'],
  ['its container, in short', {}, 'a51070a6de17'],
])('a workload is called by %s', (_, named, name) => {
  const containerID = 'a51070a6de1798b8dc414908f755841cebdcc7664bde8f83905890558d42b06b';
  const endpoint = { ...workload, spec: { ...workload.spec, containerID, ...named } };
  const plan = planned({ ...mesh, endpoints: [endpoint] }, { pools: [], blockAffinities: [] });
  expect(plan.addresses.map((address) => address.workload)).toEqual([`default/${name}`]);
});

test('a peer outside gains what the nodes export', () => {
  const plan = planned(mesh, { bgpPeers: [tor] });
  const blocks = [0, 1, 2, 3].map(blockOf).sort();
  expect(plan.peers).toEqual([{ name: TOR, before: 0, after: 4, lost: [], gained: blocks, moved: [] }]);
  expect(plan.assumptions.join()).toContain(`${TOR} (AS 65000) takes all it is told`);
});

describe('what nodes have of peers outside now', () => {
  const other = '172.16.9.8';
  const [everywhere, office] = [prefix('0.0.0.0/0'), prefix('192.0.2.0/24')];
  const second = make('BGPPeer', 'tor2', { peerIP: other, asNumber: 65_000 });
  const heard = new Map([[address(TOR), [everywhere, office]]]);
  const both = { ...mesh, bgpPeers: [tor, second] };

  function plannedWith(known: typeof heard, before: ClusterResources, nodes = 4): Plan {
    const result = planChange(
      before,
      { ...before, bgpPeers: [second] },
      {
        ...SURROUNDINGS,
        heard: { routes: known, nodes },
      },
    );
    if (result.kind !== 'planned') throw new Error(result.kind);
    return result.plan;
  }

  test('is lost with the session it came by, and a default route is named', () => {
    const plan = plannedWith(heard, both);
    expect(plan.nodes.map(({ lost }) => lost)).toEqual(Array(4).fill([everywhere, office]));
    expect(
      plan.risks.filter(({ rule }) => rule === 'default-route-lost').map(({ object }) => object),
    ).toEqual([0, 1, 2, 3].map((index) => `Node ${nodeName(index)}`));
    expect(plan.assumptions.join()).toContain(
      `${TOR} (AS 65000) takes all it is told, announces the 2 routes that nodes have of it now, and is not changed`,
    );
  });

  test('is said to be known as far as it is', () => {
    const known = new Map([...heard, [address(other), []]]);
    const { assumptions } = plannedWith(known, both, 3);
    expect(assumptions).toEqual(
      expect.arrayContaining([
        expect.stringContaining(
          `announces the 2 routes that nodes have of it now as far as 3 of 4 nodes say,`,
        ),
        expect.stringContaining('announces nothing as far as 3 of 4 nodes say,'),
      ]),
    );
    expect(plannedWith(known, both).assumptions.join()).toContain('announces nothing, and is not changed');
    expect(plannedWith(new Map(), both, 3).assumptions.join()).toContain(
      'announces nothing that is known of: no node has said what it has of it, and is not changed',
    );
  });

  test('comes by another peer that announces it, too', () => {
    const plan = plannedWith(new Map([...heard, [address(other), [everywhere]]]), both);
    expect(plan.nodes.map(({ lost }) => lost)).toEqual(Array(4).fill([office]));
    expect(rulesOf(plan)).not.toContain('default-route-lost');
  });

  test('is not what the peer passes on from another node', () => {
    const [first, second] = [0, 1].map((index) =>
      make('BGPPeer', `tor${index}`, {
        node: nodeName(index),
        peerIP: TOR,
        asNumber: 65_000,
        numAllowedLocalASNumbers: 1,
      }),
    );
    const two = generateCluster({ nodes: 2, topology: { kind: 'mesh' } });
    const bgpPeers = [first, second].filter((peer) => peer !== undefined);
    const before = { ...two, bgpConfigurations: meshOff, bgpPeers };
    const passedOn = new Map([[address(TOR), [prefix(blockOf(1)), office]]]);
    const after = { ...before, bgpPeers: bgpPeers.slice(0, 1) };
    const result = planChange(before, after, {
      ...SURROUNDINGS,
      heard: { routes: passedOn, nodes: 2 },
    });
    if (result.kind !== 'planned') throw new Error(result.kind);
    const lost = (routes: Plan['nodes']) => routes.map(({ lost, name }) => [name, ...lost]);
    expect(lost(result.plan.nodes)).toEqual([
      [nodeName(0), blockOf(1)],
      [nodeName(1), blockOf(0), office],
    ]);
    expect(lost(result.plan.peers)).toEqual([[TOR, blockOf(1)]]);
  });
});

test('a stand-alone reflector is taken for one', () => {
  const peer = make('BGPPeer', 'rr', { peerIP: '172.16.9.8', asNumber: 64_512 });
  const plan = planned(mesh, { bgpPeers: [peer], bgpConfigurations: meshOff });
  expect(kindsOf(plan)).toEqual({ opens: 4, closes: 6 });
  expect(plan.nodes).toEqual([]);
});

describe('a reflector beside a node: every session opens, no route is lost', () => {
  const bgpPeers = ['172.16.0.1', '172.16.0.2'].map((host, at) =>
    make('BGPPeer', `rr${at}`, { peerIP: `${host}:1790`, asNumber: 64_512 }),
  );

  test('where there was no BGP', () => {
    const plan = planned({ ...mesh, bgpConfigurations: meshOff }, { bgpPeers });
    expect(kindsOf(plan)).toEqual({ opens: 8 });
    expect(plan.nodes.map(({ after }) => after)).toEqual([3, 3, 3, 3]);
    expect(plan.risks).toEqual([]);
  });

  test('in place of the mesh', () => {
    const plan = planned(mesh, { bgpPeers, bgpConfigurations: meshOff });
    expect(plan.sessions.filter(({ node, peer }) => node === nodeName(0) && peer === '172.16.0.1')).toEqual([
      expect.objectContaining({ kind: 'opens' }),
    ]);
    expect(kindsOf(plan)).toMatchObject({ opens: 2, resets: 6 });
    expect(plan.nodes).toEqual([]);
    expect(plan.risks).toEqual([]);
  });
});

test('a node with more than 100 routes loses most of them: the fuse is named', () => {
  const large = generateCluster({ nodes: 103, topology: { kind: 'reflectors', reflectors: 2 } });
  const plan = planned(large, { bgpPeers: [] });
  expect(rulesOf(plan)).toContain('mass-withdrawal');
  expect(plan.risks.find(({ rule }) => rule === 'mass-withdrawal')?.text).toContain('weftctl fuse');
});

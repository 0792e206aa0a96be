/**
 * From the mesh to reflectors, from one reflector to another, and back, while pods ping each other every 10 ms: no packet is
 * lost and no route to a block is taken out of a kernel.
 *
 * Where nothing keeps the old sessions, Calico's way, this loses packets in nearly every step.
 */
import { chooseTopology, restartDaemon, status, stopDaemon } from '@weft/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useLab } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { Changing } from './changing.ts';
import { monitorRoutes, type RouteMonitor } from './route-monitor.ts';
import { pingStream, type Stream } from './stream.ts';

const { topology, baseDirectory } = chooseTopology(
  `${import.meta.dirname}/../../topologies/route-reflector/mesh.yaml`,
  0,
  0,
);
const NODES = ['node1', 'node2', 'node3'];
const [ONE, TWO, THREE, REFLECTOR] = ['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.253'];
const MESH = { node1: [TWO, THREE], node2: [ONE, THREE], node3: [ONE, TWO] };
/** One cluster for all, as in Calico's documentation: what one has reflected, the next would refuse (RFC 4456 §8). */
const isReflector = { labels: { role: 'reflector' }, clusterId: '244.0.0.1' };
const isNone = { labels: { role: 'none' }, clusterId: null };

describe('sessions are handed over', () => {
  const lab = useLab('topo-mbb', topology, baseDirectory);
  const streams: Stream[] = [];
  const monitors: RouteMonitor[] = [];
  let changing: Changing;

  const meshIs = (nodeToNodeMeshEnabled: boolean): Promise<void> =>
    changing.put('BGPConfiguration', 'default', { nodeToNodeMeshEnabled });

  beforeAll(async () => {
    changing = await Changing.of(lab);
    await changing.settle(MESH);
    const { pods } = await status(lab.name);
    for (const [index, { name }] of pods.entries()) {
      const next = pods[(index + 1) % pods.length];
      for (const address of next?.addresses ?? []) {
        await waitFor(`${name} reaches ${address}`, () => lab.pings(name, address));
        streams.push(await pingStream(lab.namespaceOf(name), address, 0.01));
      }
    }
    for (const node of NODES) monitors.push(await monitorRoutes(lab.namespaceOf(node)));
  }, 60_000);

  afterAll(async () => {
    await Promise.all(streams.map((stream) => stream.stop()));
    await Promise.all(monitors.map((monitor) => monitor.stop()));
    await changing.close();
  });

  it('from the mesh to a reflector that is not up: the mesh is kept, and says so, until the reflector has told everybody', async () => {
    await stopDaemon(lab.name, 'reflector', 'SIGTERM');
    await meshIs(false);
    await changing.put('BGPPeer', 'reflector', { peerIP: REFLECTOR, asNumber: 64512 });
    for (const node of NODES)
      await waitFor(`${node} keeps two sessions`, async () => {
        const kept = (await changing.peers(node)).filter(({ info }) => info.startsWith('kept until '));
        return kept.length === 2 && kept.every(({ state }) => state === 'Established');
      });
    const [{ info } = { info: '' }] = await changing.peers('node1');
    expect(info).toMatch(
      /^kept until .* at the latest: no resource asks for it any more, and nothing else leads to /,
    );
    await restartDaemon(lab.name, 'reflector');
    await changing.settle({ node1: [REFLECTOR], node2: [REFLECTOR], node3: [REFLECTOR] });
  });

  it('from the reflector back to the mesh, in the order that leaves nothing for a moment', async () => {
    await changing.remove('BGPPeer', 'reflector');
    await meshIs(true);
    await changing.settle(MESH);
  });

  it('from the mesh to a node that becomes a reflector, whose session with each other node goes on', async () => {
    const before = await changing.sessions(NODES);
    await changing.change('node3', isReflector);
    await meshIs(false);
    await changing.put('BGPPeer', 'reflectors', {
      nodeSelector: 'all()',
      peerSelector: "role == 'reflector'",
    });
    await changing.settle({ node1: [THREE], node2: [THREE], node3: [ONE, TWO] });
    expect(before).toMatchObject(await changing.sessions(NODES));
  });

  it('from one reflector to another', async () => {
    const before = await changing.sessions(NODES);
    await changing.change('node3', isNone);
    await changing.change('node2', isReflector);
    await changing.settle({ node1: [TWO] });
    await waitFor('node2 has them all', async () =>
      (await changing.peers('node2')).every(({ state }) => state === 'Established'),
    );
    expect((await changing.sessions(['node2']))['node2 10.1.0.3']).toBe(before['node2 10.1.0.3']);
  });

  it('to a second reflector beside it, of the same cluster, and back', async () => {
    await changing.change('node3', isReflector);
    await changing.settle({ node1: [TWO, THREE] });
    await changing.change('node3', isNone);
    await changing.settle({ node1: [TWO] });
  });

  it('from the reflector to the mesh, and the reflector reflects until the others have met', async () => {
    await changing.change('node2', isNone);
    await changing.remove('BGPPeer', 'reflectors');
    await meshIs(true);
    await changing.settle({ node1: [TWO, THREE] });
    const info = (await changing.peers('node2')).map((peer) => peer.info);
    expect(info).toEqual(info.map(() => expect.stringContaining('reflected for now')));
  });

  it('no packet was lost in all of it, and no block has left a kernel', async () => {
    const results = await Promise.all(streams.map((stream) => stream.stop()));
    expect(results).toHaveLength(6);
    expect(results.map(({ lost }) => lost.join(' '))).toEqual(results.map(() => ''));
    for (const { sent } of results) expect(sent).toBeGreaterThan(50);
    const blocks = (await Promise.all(NODES.map((node) => lab.blocksOf(node)))).flat();
    expect(monitors.flatMap((monitor) => monitor.deleted(blocks))).toEqual([]);
  });
});

/**
 * From the mesh to reflectors that run beside weftd on two of its hosts, at their addresses and another port, and back, while pods
 * ping each other every 10 ms: the layout of `manifests/overlays/route-reflectors`.
 *
 * The address of a peer stays and another speaker answers there, which tells everything it has before it has heard of all nodes.
 */
import { resolveLab, status } from '@weft/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { WeftdProcess } from '../../harness/weftd-process.ts';
import { Changing } from './changing.ts';
import { pingStream, type Stream } from './stream.ts';

const NODES = ['node1', 'node2', 'node3', 'node4'];
const [ONE, TWO, THREE, FOUR] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
const PORT = 1790;
const MESH = {
  node1: [TWO, THREE, FOUR],
  node2: [ONE, THREE, FOUR],
  node3: [ONE, TWO, FOUR],
  node4: [ONE, TWO, THREE],
};
const REFLECTED = Object.fromEntries(NODES.map((node) => [node, [ONE, TWO]]));

describe('reflectors beside weftd', () => {
  const lab = useLab('topo-beside', smallTopology(NODES.length, 1));
  const reflectors = [new WeftdProcess(), new WeftdProcess()];
  const streams: Stream[] = [];
  let changing: Changing;

  beforeAll(async () => {
    changing = await Changing.of(lab);
    await changing.settle(MESH);
    const { datastore } = await resolveLab(lab.name);
    const file = datastore.type === 'embedded' ? datastore.path : '';
    for (const [index, reflector] of reflectors.entries()) {
      const host = `node${index + 1}`;
      const identity = ['--role', 'route-reflector', '--node-name', `reflector.${host}`];
      const args = [...identity, '--listen-port', `${PORT}`, '--datastore', file];
      await reflector.start({ lab: lab.name, host, args });
      await reflector.status();
    }
    const { pods } = await status(lab.name);
    for (const { name } of pods)
      for (const { addresses } of pods.filter((pod) => pod.name !== name))
        for (const address of addresses) {
          await waitFor(`${name} reaches ${address}`, () => lab.pings(name, address));
          streams.push(await pingStream(lab.namespaceOf(name), address, 0.02));
        }
  }, 60_000);

  afterAll(async () => {
    await Promise.all(streams.map((stream) => stream.stop()));
    await Promise.all(reflectors.map((reflector) => reflector.dispose()));
    await changing.close();
  });

  it('take over from the mesh', async () => {
    for (const [name, address] of Object.entries({ one: ONE, two: TWO }))
      await changing.put('BGPPeer', name, { peerIP: `${address}:${PORT}`, asNumber: 64512 });
    await changing.put('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false });
    await changing.settle(REFLECTED);
  });

  it('give back to the mesh', async () => {
    await changing.put('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: true });
    for (const name of ['one', 'two']) await changing.remove('BGPPeer', name);
    await changing.settle(MESH);
  });

  it('lose no packet either way', async () => {
    const results = await Promise.all(streams.map((stream) => stream.stop()));
    expect(results).toHaveLength(24);
    expect(results.map(({ lost }) => lost.join(' '))).toEqual(results.map(() => ''));
  });
});

/**
 * From a peer behind a gateway of its own to one on an interface, from one interface to another, and back, while pods ping each other
 * every 10 ms: no packet is lost, since the way to a peer stays for as long as its session.
 */
import { chooseTopology } from '@weft/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useLab } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { Changing } from './changing.ts';
import { pingStream, type Stream } from './stream.ts';

const { topology, baseDirectory } = chooseTopology(`${import.meta.dirname}/ways-to-peers.yaml`, 0, 0);
const NODES = ['node1', 'node2'];
/** Each for one end: the way back of a BGPPeer has no gateway. */
const common = { asNumber: 64512, reversePeering: 'Manual' };
const GATEWAYS = {
  'to-node1': { ...common, node: 'node2', peerIP: '10.1.0.1', reachableBy: '10.9.0.1' },
  'to-node2': { ...common, node: 'node1', peerIP: '10.2.0.2', reachableBy: '10.9.0.2' },
};

describe('the way to a peer stays for as long as its session', () => {
  const lab = useLab('topo-ways', topology, baseDirectory);
  const streams: Stream[] = [];
  let changing: Changing;

  const wire = (name: string): Promise<void> =>
    changing.put('BGPPeer', name, {}, { 'weft.dev/interface': name === 'wire1' ? 'eth1' : 'eth2' });

  /** Waits until each node has one session, with a peer of such an address. */
  async function settle(expected: RegExp): Promise<void> {
    for (const node of NODES)
      await waitFor(
        `${node} has one peer, ${expected}`,
        async () => {
          const [peer, ...others] = await changing.peers(node);
          return (
            others.length === 0 &&
            peer?.state === 'Established' &&
            peer.info === '' &&
            expected.test(peer.address)
          );
        },
        90_000,
        50,
      );
  }

  const hostRoutes = (): Promise<string[]> =>
    Promise.all([
      lab.run('node1', 'ip', 'route', 'show', '10.2.0.2'),
      lab.run('node2', 'ip', 'route', 'show', '10.1.0.1'),
    ]);

  beforeAll(async () => {
    changing = await Changing.of(lab);
    await settle(/^10\./);
    for (const [from, to] of [
      ['node1-pod1', 'node2-pod1'],
      ['node2-pod1', 'node1-pod1'],
    ] as const) {
      const address = await lab.addressOf(to);
      await waitFor(`${from} reaches ${address}`, () => lab.pings(from, address), 20_000);
      streams.push(await pingStream(lab.namespaceOf(from), address, 0.01));
    }
  }, 120_000);

  afterAll(async () => {
    await Promise.all(streams.map((stream) => stream.stop()));
    await changing.close();
  });

  it('from a gateway to a wire: the session says that it is kept, and its route is there; then both go', async () => {
    for (const name of Object.keys(GATEWAYS)) await changing.remove('BGPPeer', name);
    for (const node of NODES)
      await waitFor(`${node} keeps its session`, async () => {
        const [peer] = await changing.peers(node);
        return peer?.state === 'Established' && peer.info.startsWith('kept until ');
      });
    expect(await hostRoutes()).toEqual([
      expect.stringContaining('via 10.9.0.2'),
      expect.stringContaining('via 10.9.0.1'),
    ]);
    await wire('wire1');
    await settle(/%eth1$/);
    await waitFor('the routes by the gateways are gone', async () => `${await hostRoutes()}` === ',');
  });

  it('from one wire to another', async () => {
    await changing.remove('BGPPeer', 'wire1');
    await wire('wire2');
    await settle(/%eth2$/);
  });

  it('from a wire to a gateway', async () => {
    await changing.remove('BGPPeer', 'wire2');
    for (const [name, spec] of Object.entries(GATEWAYS)) await changing.put('BGPPeer', name, spec);
    await settle(/^10\./);
  });

  it('no packet was lost in all of it', async () => {
    const results = await Promise.all(streams.map((stream) => stream.stop()));
    expect(results.map(({ lost }) => lost.join(' '))).toEqual(['', '']);
    for (const { sent } of results) expect(sent).toBeGreaterThan(50);
  });
});

/**
 * The topology of BGP changed step by step while it runs: each step opens, closes and makes anew the sessions it has to, and no
 * other, which the counts of Established tell; and the routes follow, in IPv4 and IPv6.
 */
import { chooseTopology, status } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useLab } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { Changing } from './changing.ts';
import { pingStream } from './stream.ts';

const { topology, baseDirectory } = chooseTopology(
  `${import.meta.dirname}/../../topologies/two-tors/topology.yaml`,
  0,
  0,
);
const NODES = ['node1', 'node2', 'node3', 'node4'];
const CORE = ['10.9.0.0/24', 'fd00:9::/64'];
const TOR1 = ['10.1.0.251', 'fd00:1::251'];
const TOR2 = ['10.1.0.252', 'fd00:1::252'];
/** For sessions that are made anew: BIRD may turn the first attempts down, and each next one waits longer. */
const DEADLINE_MS = 90_000;
const addressOf = (node: string): string => `10.1.0.${node.at(-1)}`;
const othersOf = (node: string): string[] => NODES.filter((other) => other !== node).map(addressOf);

describe('a change of the topology', () => {
  const lab = useLab('topo-live', topology, baseDirectory);
  let changing: Changing;
  let before: Record<string, number> = {};

  beforeAll(async () => {
    changing = await Changing.of(lab);
    for (const index of CORE.keys()) {
      await changing.remove('BGPPeer', `tor1-${index}`);
      await changing.remove('BGPPeer', `tor2-${index}`);
    }
    await changing.settle(Object.fromEntries(NODES.map((node) => [node, othersOf(node)])));
    before = await changing.sessions(NODES);
  }, 60_000);

  afterAll(() => changing.close());

  /** What became of the sessions since the last time this was asked. */
  async function news(): Promise<{ opened: string[]; closed: string[]; anew: string[] }> {
    const now = await changing.sessions(NODES);
    const then = before;
    before = now;
    return {
      opened: Object.keys(now)
        .filter((name) => !(name in then))
        .sort(),
      closed: Object.keys(then)
        .filter((name) => !(name in now))
        .sort(),
      anew: Object.keys(now)
        .filter((name) => name in then && now[name] !== then[name])
        .sort(),
    };
  }

  const NOTHING = { opened: [], closed: [], anew: [] };

  /** The routes of a host to a prefix, each with all its next hops in one line. */
  async function ways(host: string, prefix: string): Promise<string[]> {
    const family = prefix.includes(':') ? '-6' : '-4';
    const text = await lab.run(host, 'ip', '-o', family, 'route', 'show', prefix);
    const lines = text.split('\n').filter((line) => line.startsWith(prefix));
    return lines.map((line) => line.replaceAll(/\\\s*/g, ' ').replaceAll(/ +/g, ' '));
  }

  /** What BIRD on a ToR says of a prefix. */
  async function birdRoute(tor: string, prefix: string): Promise<string> {
    const socket = `/run/weft/lab/${lab.name}/hosts/${tor}/bird.ctl`;
    // While it has no route it ends with 1.
    return (await execa('birdc', ['-s', socket, 'show', 'route', 'for', prefix, 'all'], { reject: false }))
      .stdout;
  }

  /** Waits until a ToR has every block, and only by the nodes that `by` allows. */
  async function torHasAll(tor: string, by: (node: string, route: string) => boolean): Promise<void> {
    for (const node of NODES)
      for (const block of await lab.blocksOf(node))
        await waitFor(
          `${tor} has ${block} of ${node}`,
          async () => by(node, await birdRoute(tor, block)),
          DEADLINE_MS,
          50,
        );
  }

  const peerOf = (peerIP: string, more: object = {}): object => ({ peerIP, asNumber: 65000, ...more });

  it('a global BGPPeer opens a session on each node, and the ToR has every block', async () => {
    for (const [index, address] of TOR1.entries())
      await changing.put('BGPPeer', `tor1-${index}`, peerOf(address));
    await changing.settle(Object.fromEntries(NODES.map((node) => [node, [...othersOf(node), ...TOR1]])));
    expect(await news()).toEqual({
      ...NOTHING,
      opened: NODES.flatMap((node) => TOR1.map((address) => `${node} ${address}`)).sort(),
    });
    await torHasAll('tor1', (_, route) => route.includes('AS64512'));
    for (const prefix of CORE)
      for (const node of NODES)
        await waitFor(`${node} has ${prefix}`, async () => (await ways(node, prefix)).length === 1);
  });

  it('a BGPPeer for one node opens sessions there alone, and two ways as good as each other become one multipath route', async () => {
    for (const [index, address] of TOR2.entries())
      await changing.put('BGPPeer', `tor2-${index}`, peerOf(address, { node: 'node1' }));
    await changing.settle({
      node1: [...othersOf('node1'), ...TOR1, ...TOR2],
      node2: [...othersOf('node2'), ...TOR1],
    });
    expect(await news()).toEqual({ ...NOTHING, opened: TOR2.map((address) => `node1 ${address}`).sort() });
    for (const [index, prefix] of CORE.entries()) {
      const [route = ''] = await waitFor(`node1 has two ways to ${prefix}`, async () => {
        const found = await ways('node1', prefix);
        return found.length === 1 && found[0]?.includes(`${TOR2[index]} `) && found;
      });
      expect(route).toContain(`nexthop via ${TOR1[index]} dev eth0 weight 1`);
      expect(route).toContain(`nexthop via ${TOR2[index]} dev eth0 weight 1`);
      expect(await ways('node2', prefix)).toEqual([expect.stringContaining(`via ${TOR1[index]} `)]);
    }
  });

  it('one of the two ways goes and comes back, and no packet on the route is lost', async () => {
    const { pods } = await status(lab.name);
    const pod = pods.find(({ host }) => host === 'node1')?.name ?? '';
    const streams = [];
    for (const address of ['10.9.0.9', 'fd00:9::9']) {
      await waitFor(`${pod} reaches ${address}`, () => lab.pings(pod, address));
      streams.push(await pingStream(lab.namespaceOf(pod), address, 0.01));
    }
    for (const index of CORE.keys()) await changing.remove('BGPPeer', `tor2-${index}`);
    for (const [index, prefix] of CORE.entries())
      await waitFor(`node1 has one way to ${prefix}`, async () => {
        const [route = ''] = await ways('node1', prefix);
        return route.includes(`via ${TOR1[index]} `) && !route.includes(`${TOR2[index]} `);
      });
    expect(await news()).toEqual({ ...NOTHING, closed: TOR2.map((address) => `node1 ${address}`).sort() });
    for (const [index, address] of TOR2.entries())
      await changing.put('BGPPeer', `tor2-${index}`, peerOf(address, { node: 'node1' }));
    for (const [index, prefix] of CORE.entries())
      await waitFor(`node1 has two ways to ${prefix} again`, async () =>
        (await ways('node1', prefix))[0]?.includes(`via ${TOR2[index]} dev eth0 weight 1`),
      );
    expect(await news()).toEqual({ ...NOTHING, opened: TOR2.map((address) => `node1 ${address}`).sort() });
    const results = await Promise.all(streams.map((stream) => stream.stop()));
    expect(results.map(({ lost }) => lost.join(' '))).toEqual(['', '']);
  });

  it('a BGPFilter takes back what others have announced, and no session is made anew', async () => {
    const own = [{ action: 'Reject', source: 'RemotePeers' }];
    await changing.put('BGPFilter', 'own-blocks-only', { exportV4: own, exportV6: own });
    for (const [index, address] of TOR1.entries())
      await changing.put('BGPPeer', `tor1-${index}`, peerOf(address, { filters: ['own-blocks-only'] }));
    await torHasAll('tor1', (node, route) => {
      const from = [...route.matchAll(/via (\S+) on/g)].map(([, via]) => via);
      return from.length === 1 && [addressOf(node), `fd00:1::${node.at(-1)}`].includes(from[0] ?? '');
    });
    expect(await news()).toEqual(NOTHING);
  });

  it('prefixAdvertisements add their communities to what is announced, and no session is made anew', async () => {
    const prefixAdvertisements = ['10.244.0.0/16', 'fd00:10:244::/64'].map((cidr) => ({
      cidr,
      communities: ['pods'],
    }));
    await changing.put('BGPConfiguration', 'default', {
      communities: [{ name: 'pods', value: '64512:7' }],
      prefixAdvertisements,
    });
    await torHasAll('tor1', (_, route) => route.includes('BGP.community: (64512,7)'));
    expect(await news()).toEqual(NOTHING);
  });

  it('another local AS makes the sessions anew that it is for, and the ToR sees that alone', async () => {
    for (const [index, address] of TOR1.entries())
      await changing.put(
        'BGPPeer',
        `tor1-${index}`,
        peerOf(address, { filters: ['own-blocks-only'], localASNumber: 64600 }),
      );
    await torHasAll('tor1', (_, route) => route.includes('BGP.as_path: 64600\n'));
    await waitFor('all sessions are back', async () =>
      (await Promise.all(NODES.map((node) => changing.peers(node))))
        .flat()
        .every(({ state }) => state === 'Established'),
    );
    expect(await news()).toEqual({
      ...NOTHING,
      anew: NODES.flatMap((node) => TOR1.map((address) => `${node} ${address}`)).sort(),
    });
  });

  it('two clusters of reflectors take the place of the mesh: sessions that both have go on', async () => {
    await changing.change('node3', { clusterId: '244.0.0.3', labels: { reflects: 'a' } });
    await changing.change('node4', { clusterId: '244.0.0.4', labels: { reflects: 'b' } });
    await changing.put('BGPPeer', 'a', { nodeSelector: "rack == 'a'", peerSelector: "reflects == 'a'" });
    await changing.put('BGPPeer', 'b', { nodeSelector: "rack == 'b'", peerSelector: "reflects == 'b'" });
    await changing.put('BGPPeer', 'reflectors', {
      nodeSelector: 'has(reflects)',
      peerSelector: 'has(reflects)',
    });
    await changing.put('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false });
    await changing.settle({
      node1: [addressOf('node3'), ...TOR1, ...TOR2],
      node2: [addressOf('node4'), ...TOR1],
      node3: [addressOf('node1'), addressOf('node4'), ...TOR1],
      node4: [addressOf('node2'), addressOf('node3'), ...TOR1],
    });
    const gone = [
      ['1', '2'],
      ['1', '4'],
      ['2', '3'],
    ].flatMap(([one, other]) => [`node${one} 10.1.0.${other}`, `node${other} 10.1.0.${one}`]);
    expect(await news()).toEqual({ ...NOTHING, closed: gone.sort() });
    for (const node of NODES)
      for (const block of await lab.blocksOf(node))
        for (const other of NODES.filter((name) => name !== node))
          await waitFor(`${other} goes to ${block} by ${node}`, async () =>
            (await ways(other, block))[0]?.match(new RegExp(`via (10\\.1\\.0\\.|fd00:1::)${node.at(-1)} `)),
          );
  });

  it('another port makes the session anew of whoever opens it, and no other', async () => {
    await changing.put('BGPConfiguration', 'node.node1', { listenPort: 1790 });
    await waitFor('node3 has come to the new port', async () =>
      (await changing.peers('node3')).some(
        ({ address, port, state, counters }) =>
          address === addressOf('node1') &&
          port === 1790 &&
          state === 'Established' &&
          counters.established > 1,
      ),
    );
    expect(await news()).toEqual({ ...NOTHING, anew: ['node1 10.1.0.3', 'node3 10.1.0.1'] });
  });
});

/** `weftd --role route-reflector`: the nodes have no sessions with each other, and reach each other's pods all the same. */
import { ControlClient } from '@weft/control';
import { type OfKind, openDatastore } from '@weft/datastore';
import { chooseTopology, installation, pingAll, resolveLab, restartDaemon, stopDaemon } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const { topology, baseDirectory } = chooseTopology(
  `${import.meta.dirname}/../topologies/route-reflector/topology.yaml`,
  0,
  0,
);
const NODES = ['node1', 'node2', 'node3'];

describe('a route reflector', () => {
  const lab = useLab('t-rr', topology, baseDirectory);

  async function control(host: string): Promise<ControlClient> {
    const { hosts } = await resolveLab(lab.name);
    return new ControlClient(hosts.find(({ name }) => name === host)?.controlSocket ?? '');
  }

  async function established(client: ControlClient): Promise<string[]> {
    const { peers } = await client.bgpPeers();
    return peers.filter(({ state }) => state === 'Established').map(({ node, address }) => node ?? address);
  }

  async function pingsAnswered(): Promise<boolean> {
    return (await pingAll(lab.name, () => {})).every(({ ok }) => ok);
  }

  it('tells every node the blocks of all others, over one session each', async () => {
    expect(await pingsAnswered()).toBe(true);
    for (const node of NODES) expect(await established(await control(node))).toEqual(['10.1.0.253']);
    const reflector = await control('reflector');
    expect(await established(reflector)).toEqual(NODES);
    const { items } = await reflector.rib();
    const blocks = (await Promise.all(NODES.map((node) => lab.blocksOf(node)))).flat();
    expect(items.map(({ prefix }) => prefix)).toEqual(expect.arrayContaining(blocks));
    expect(await reflector.status()).toMatchObject({ role: 'route-reflector', readiness: { ok: true } });
  });

  it('writes nothing into its kernel and takes no containers', async () => {
    expect(await lab.routes('reflector', 'proto', 'weft')).toEqual([]);
    const attach = {
      orchestrator: 'cni',
      containerId: 'c1',
      netns: '/run/netns/x',
      interfaceName: 'eth0',
      families: ['ipv4'],
    } as const;
    await expect((await control('reflector')).attachEndpoint('c1', attach)).rejects.toMatchObject({
      message: expect.stringContaining('this weftd is a route reflector'),
    });
    const { stdout } = await weftctl('--lab', lab.name, 'get', 'nodes', '-o', 'name');
    expect(stdout).not.toContain('reflector');
  });

  it('is killed and comes back, and the routes stay meanwhile', async () => {
    await stopDaemon(lab.name, 'reflector', 'SIGKILL');
    expect(await pingsAnswered()).toBe(true);
    await restartDaemon(lab.name, 'reflector');
    const reflector = await control('reflector');
    await waitFor('every node is back', async () => (await established(reflector)).length === NODES.length);
    expect(await pingsAnswered()).toBe(true);
  });

  it('tells what happened to a route there, and a replay decides as it did', async () => {
    const [block = ''] = await lab.blocksOf('node1');
    const { stdout } = await weftctl('--lab', lab.name, 'history', block, '--node', 'reflector');
    expect(stdout).toMatch(/received .* announces it, next hop /);
    expect(stdout).toMatch(/best-path +best path: from \S+ \(iBGP\) via/);
    const { node, weftd } = await installation();
    const record = `/run/weft/lab/${lab.name}/hosts/reflector/record`;
    const replay = await execa(node, [weftd, 'replay', record, '-o', 'json'], { reject: false });
    const { divergences, failures, locRib, sessions } = JSON.parse(replay.stdout);
    expect({ divergences, failures, exitCode: replay.exitCode }).toEqual({
      divergences: [],
      failures: [],
      exitCode: 0,
    });
    expect(sessions.map(({ name }: { name: string }) => name)).toEqual(NODES);
    expect(locRib.map(({ prefix }: { prefix: string }) => prefix)).toContain(block);
  });

  it('keeps its sessions when its datastore has lost the cluster, and goes on when it has it again', async () => {
    const store = await openDatastore((await resolveLab(lab.name)).datastore);
    const reflector = await control('reflector');
    try {
      const information = await store.get({ kind: 'ClusterInformation', name: 'default' });
      const node = await store.get({ kind: 'Node', name: 'node1' });
      if (information === undefined || node === undefined) throw new Error('the lab has neither');
      await store.delete({ kind: 'ClusterInformation', name: 'default' });
      await store.delete({ kind: 'Node', name: 'node1' });
      await waitFor('it says so', async () =>
        `${(await reflector.status()).datastore.detail}`.includes(
          'It was emptied, and this route reflector has the sessions of cluster',
        ),
      );
      expect(await established(reflector)).toEqual(NODES);
      expect(await pingsAnswered()).toBe(true);
      for (const lost of [information, node] as OfKind<'ClusterInformation' | 'Node'>[]) {
        const { resourceVersion: _, ...metadata } = lost.metadata;
        await store.create({ ...lost, metadata });
      }
      await waitFor('it is ready again', async () => (await reflector.status()).readiness.ok);
      expect(await established(reflector)).toEqual(NODES);
    } finally {
      await store.close();
    }
  });

  it('lives beside the weftd of a node, on a port of its own', async () => {
    const { datastore } = await resolveLab(lab.name);
    if (datastore.type !== 'embedded') throw new Error('the lab has another datastore');
    const socket = `/run/weft/lab/${lab.name}/beside.sock`;
    const { node, weftd } = await installation();
    const beside = execa('nsenter', [
      `--net=/run/netns/${lab.namespaceOf('node3')}`,
      node,
      weftd,
      ...['--role', 'route-reflector', '--node-name', 'reflector.node3', '--listen-port', '1790'],
      ...['--datastore', datastore.path, '--control-socket', socket, '--hold-time-seconds', '9'],
    ]);
    beside.catch(() => undefined);
    afterAll(async () => {
      beside.kill('SIGKILL');
      await beside.catch(() => undefined);
    });
    await waitFor('it listens', () =>
      new ControlClient(socket).status().then(
        () => true,
        () => false,
      ),
    );
    const spec = { peerIP: '10.1.0.3:1790', asNumber: 64512 };
    const peer = { apiVersion: 'projectcalico.org/v3', kind: 'BGPPeer', metadata: { name: 'beside' }, spec };
    const applied = await execa({ input: JSON.stringify(peer) })`${weftctlPath} --lab ${lab.name} apply -f -`;
    expect(applied.exitCode).toBe(0);
    await waitFor('every node has a session with it', async () => {
      const nodes = await established(new ControlClient(socket));
      return NODES.every((name) => nodes.includes(name));
    });
    // From here on it is the only one: also node3, whose address is its own, is reflected by it.
    await weftctl('--lab', lab.name, 'delete', 'bgppeer', 'reflector');
    await stopDaemon(lab.name, 'reflector', 'SIGTERM');
    const client = await control('node2');
    await waitFor('node2 has no other session', async () => (await established(client)).length === 1);
    expect(await pingsAnswered()).toBe(true);
    const { items } = await new ControlClient(socket).rib();
    const blocks = await lab.blocksOf('node3');
    expect(items.map(({ prefix }) => prefix)).toEqual(expect.arrayContaining(blocks));
    expect(await lab.routes('node1', 'proto', 'weft')).toEqual(
      expect.arrayContaining(blocks.map((block) => expect.stringContaining(block))),
    );
  });
});

const weftctlPath = `${import.meta.dirname}/../../node_modules/.bin/weftctl`;

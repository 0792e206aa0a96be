/** `weftctl plan`: what it predicts for a running lab is what happens when the file is applied, and nothing else. */
import { ControlClient } from '@weft/control';
import { chooseTopology, resolveLab } from '@weft/lab';
import type { Plan } from '@weft/plan';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

async function read(lab: string, kind: string, name: string) {
  return JSON.parse((await weftctl('--lab', lab, 'get', kind, name, '-o', 'json')).stdout);
}

/** The addresses of a pool are announced no longer. */
async function silenced(lab: string): Promise<string> {
  const pool = await read(lab, 'ippool', 'default-ipv4-ippool');
  return JSON.stringify({ ...pool, spec: { ...pool.spec, disableBGPExport: true } });
}

/** node1 reflects, and the mesh ends. */
async function reflected(lab: string): Promise<string> {
  const node = await read(lab, 'node', 'node1');
  const apiVersion = 'projectcalico.org/v3';
  return [
    {
      ...node,
      metadata: { ...node.metadata, labels: { ...node.metadata.labels, reflects: '' } },
      spec: { ...node.spec, bgp: { ...node.spec.bgp, routeReflectorClusterID: '244.0.0.1' } },
    },
    {
      apiVersion,
      kind: 'BGPPeer',
      metadata: { name: 'reflector' },
      spec: { nodeSelector: 'all()', peerSelector: 'has(reflects)' },
    },
    {
      apiVersion,
      kind: 'BGPConfiguration',
      metadata: { name: 'default' },
      spec: { nodeToNodeMeshEnabled: false },
    },
  ]
    .map((resource) => JSON.stringify(resource))
    .join('\n---\n');
}

interface Seen {
  /** `node1 node2`: Established; with how often it became so. */
  readonly sessions: ReadonlyMap<string, string>;
  /** Prefixes a node has from others. */
  readonly routes: ReadonlyMap<string, readonly string[]>;
}

describe('weftctl plan', () => {
  const lab = useLab('sim-plan', smallTopology(3, 1));

  async function look(): Promise<Seen> {
    const { hosts } = await resolveLab(lab.name);
    const sessions = new Map<string, string>();
    const routes = new Map<string, readonly string[]>();
    for (const { controlSocket, name } of hosts) {
      const client = new ControlClient(controlSocket);
      const { peers } = await client.bgpPeers();
      for (const peer of peers)
        if (peer.state === 'Established' && name < (peer.node ?? ''))
          sessions.set(`${name} ${peer.node}`, `${peer.counters.established}`);
      const { items } = await client.rib();
      const learned = items.filter(({ best }) => best.peer !== undefined);
      routes.set(name, learned.map(({ prefix }) => prefix).sort());
    }
    return { sessions, routes };
  }

  async function plan(file: string, ...options: string[]): Promise<Plan> {
    const { stdout } = await planWith(file, '-o', 'json', ...options);
    return JSON.parse(stdout) as Plan;
  }

  function planWith(file: string, ...options: string[]) {
    return execa('cmd/weftctl/bin/weftctl', ['--lab', lab.name, 'plan', '-f', '-', ...options], {
      input: file,
    });
  }

  it.each([
    {
      name: 'a pool that is not exported',
      change: silenced,
      kept: ['node1 node2', 'node1 node3', 'node2 node3'],
      risk: 'IPPool default-ipv4-ippool',
    },
    {
      name: 'a reflector in place of the mesh',
      change: reflected,
      kept: ['node1 node2', 'node1 node3'],
      risk: undefined,
    },
  ])('predicts exactly the sessions and routes that change: $name', async ({ change, kept: left, risk }) => {
    const file = await change(lab.name);
    await waitFor('the mesh is up', async () => (await look()).sessions.size === 3);
    const before = await look();
    const predicted = await plan(file);
    expect((await planWith(file)).stdout).toContain('Sessions: ');

    await execa('cmd/weftctl/bin/weftctl', ['--lab', lab.name, 'apply', '-f', '-'], { input: file });
    const kept = new Set(before.sessions.keys());
    for (const { kind, node, peer } of predicted.sessions) {
      const key = [node, peer].sort().join(' ');
      if (kind === 'closes') kept.delete(key);
      if (kind === 'opens') kept.add(key);
    }
    expect([...kept]).toEqual(left);
    const expected = new Map(before.routes);
    for (const { gained, lost, name } of predicted.nodes) {
      const others = (before.routes.get(name) ?? []).filter((prefix) => !lost.includes(prefix as never));
      expected.set(name, [...others, ...gained].sort());
    }
    await waitFor('what is predicted has happened', async () => {
      const { routes, sessions } = await look();
      return sessions.size === kept.size && JSON.stringify([...routes]) === JSON.stringify([...expected]);
    });
    const after = await look();
    expect([...after.sessions.keys()]).toEqual([...kept]);
    // They were not predicted to reset, and are the sessions they were.
    for (const name of kept) expect(after.sessions.get(name)).toBe(before.sessions.get(name));
    const risks = predicted.risks.map(({ object }) => object);
    if (risk === undefined) expect(risks).toEqual([]);
    else expect(risks).toContain(risk);
  });

  it('plans what is applied already as nothing', async () => {
    const { stdout } = await weftctl('--lab', lab.name, 'get', 'bgpconfiguration', 'default', '-o', 'yaml');
    const predicted = await plan(stdout);
    expect(predicted.sessions).toEqual([]);
    expect(predicted.nodes).toEqual([]);
    expect(predicted.risks).toEqual([]);
  });

  it('refuses what apply refuses', async () => {
    const { stdout } = await weftctl('--lab', lab.name, 'get', 'ippools', '-o', 'json');
    const [pool] = JSON.parse(stdout).items;
    const changed = JSON.stringify({ ...pool, spec: { ...pool.spec, blockSize: pool.spec.blockSize + 1 } });
    const refused = await planWith(changed).catch((error: { exitCode: number; stderr: string }) => error);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('blockSize');
  });
});

describe('weftctl plan, with a peer outside', () => {
  const folder = `${import.meta.dirname}/../topologies/gobgp-neighbour`;
  const { baseDirectory, topology } = chooseTopology(`${folder}/topology.yaml`, 0, 0);
  const lab = useLab('sim-outside', topology, baseDirectory);
  const outside = '192.0.2.0/24';

  async function learned(): Promise<string[]> {
    const [{ controlSocket = '' } = {}] = (await resolveLab(lab.name)).hosts;
    const { items } = await new ControlClient(controlSocket).rib();
    return items.filter(({ best }) => best.peer !== undefined).map(({ prefix }) => prefix);
  }

  it('predicts what is lost with its session: what it has announced', async () => {
    await lab.run('neighbour', 'gobgp', 'global', 'rib', 'add', outside);
    await waitFor('the node has the route', async () => (await learned()).includes(outside));
    const { stdout: peers } = await weftctl('--lab', lab.name, 'get', 'bgppeers', '-o', 'json');
    const command = ['--lab', lab.name, 'plan', '--delete', '-f', '-', '-o', 'json'];
    const { stdout } = await execa('cmd/weftctl/bin/weftctl', command, { input: peers });
    const { nodes } = JSON.parse(stdout) as Plan;
    expect(nodes.map(({ lost, name }) => ({ lost, name }))).toEqual([{ name: 'node1', lost: [outside] }]);

    await execa('cmd/weftctl/bin/weftctl', ['--lab', lab.name, 'delete', '-f', '-'], { input: peers });
    await waitFor('the node has it no longer', async () => (await learned()).length === 0);
  });
});

/** Pods of a CrossSubnet pool go on talking when BGP withdraws their blocks: their routes come from IPAM. */
import { expect, it } from 'vitest';
import { topologyOf, useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { pingStream } from '../topology-changes/stream.ts';

const topology = topologyOf(`
subnets: { left: { prefixes: [10.1.0.0/24] }, right: { prefixes: [10.2.0.0/24] } }
hosts:
  router: { runs: none, interfaces: { left: [10.1.0.254/24], right: [10.2.0.254/24] } }
  node1: { pods: 1, interfaces: { left: [10.1.0.1/24] }, routes: [{ to: 10.2.0.0/24, via: 10.1.0.254 }] }
  node2: { pods: 1, interfaces: { left: [10.1.0.2/24] }, routes: [{ to: 10.2.0.0/24, via: 10.1.0.254 }] }
  node3: { pods: 1, interfaces: { right: [10.2.0.1/24] }, routes: [{ to: 10.1.0.0/24, via: 10.2.0.254 }] }
pools: []
resources:
  - apiVersion: projectcalico.org/v3
    kind: IPPool
    metadata: { name: pods }
    spec: { cidr: 10.244.0.0/16, vxlanMode: CrossSubnet }
`);
const lab = useLab('t-tunnel-peers', topology);
const others = ['node2', 'node3'];

/** How many of the others' blocks node1 knows by BGP. */
async function learned(): Promise<number> {
  const { stdout } = await weftctl('--lab', lab.name, 'rib', 'node1', '-o', 'json');
  const { nodes } = JSON.parse(stdout) as { nodes: { items: { prefix: string }[] }[] };
  const known = new Set(nodes[0]?.items.map(({ prefix }) => prefix));
  const blocks = await Promise.all(others.map((host) => lab.blocksOf(host)));
  return blocks.flat().filter((block) => known.has(block)).length;
}

it('loses no packet when no node announces blocks of the pool any more', { timeout: 120_000 }, async () => {
  await waitFor('node1 knows the blocks', async () => (await learned()) === others.length);
  const pods = await Promise.all(others.map((host) => lab.addressOf(`${host}-pod1`)));
  for (const pod of pods) await waitFor(`${pod} answers`, () => lab.pings('node1-pod1', pod));
  const namespace = lab.namespaceOf('node1-pod1');
  const streams = await Promise.all(pods.map((pod) => pingStream(namespace, pod, 0.05)));
  const patch = JSON.stringify({ spec: { disableBGPExport: true } });
  const done = await weftctl('--lab', lab.name, 'patch', 'ippool', 'pods', '-p', patch);
  expect(done).toMatchObject({ exitCode: 0 });
  await waitFor('node1 knows nothing by BGP', async () => (await learned()) === 0);
  for (const pod of pods) await waitFor(`${pod} answers still`, () => lab.pings('node1-pod1', pod));
  for (const stream of streams) expect(await stream.stop()).toMatchObject({ lost: [] });
});

/** Most blocks of another node are gone from the datastore at once: their routes stay until somebody says what that was. */
import { type Datastore, openDatastore } from '@weft/datastore';
import { resolveLab } from '@weft/lab';
import { type IPAMBlock, readResource } from '@weft/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topologyOf, useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

const LAB = 't-tunnel-fuse';
const COUNT = 120;
const numbers = Array.from({ length: COUNT }, (_, number) => number);

const topology = topologyOf(`
subnets: { rack: { prefixes: [10.1.0.0/24] } }
hosts: { node1: , node2: }
pools: []
resources:
  - apiVersion: projectcalico.org/v3
    kind: IPPool
    metadata: { name: pods }
    spec: { cidr: 10.244.0.0/16, vxlanMode: Always }
  - apiVersion: projectcalico.org/v3
    kind: BGPConfiguration
    metadata: { name: default }
    spec: { nodeToNodeMeshEnabled: false }
`);
const lab = useLab(LAB, topology);

let store: Datastore;
beforeAll(async () => {
  store = await openDatastore((await resolveLab(LAB)).datastore);
});
afterAll(() => store.close());

/** A block of node2 without addresses in use. */
function block(number: number): IPAMBlock {
  const read = readResource({
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPAMBlock',
    metadata: { name: `10-244-${number}-0-26` },
    spec: {
      cidr: `10.244.${number}.0/26`,
      affinity: 'host:node2',
      allocations: Array.from({ length: 64 }, () => null),
      unallocated: Array.from({ length: 64 }, (_, ordinal) => ordinal),
      attributes: [],
    },
  });
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  return read.resource as IPAMBlock;
}

async function give(): Promise<void> {
  await Promise.all(numbers.map((number) => store.create(block(number))));
}

async function take(): Promise<void> {
  const names = numbers.map((number) => block(number).metadata.name);
  await Promise.all(names.map((name) => store.delete({ kind: 'IPAMBlock', name })));
}

/** Routes of node1 to those blocks. */
async function haveRoutes(count: number): Promise<void> {
  await waitFor(`${count} routes`, async () => {
    const routes = await lab.routes('node1', 'proto', 'weft');
    return (
      routes.filter((route) => /^10\.244\.\d+\.0\/26 via \S+ dev vxlan\.calico/.test(route)).length === count
    );
  });
}

async function held(): Promise<unknown[]> {
  const { stdout } = await weftctl('--lab', LAB, 'fuse', 'show', 'node1', '-o', 'json');
  return (JSON.parse(stdout) as { nodes: { held: unknown[] }[] }).nodes[0]?.held ?? [];
}

describe('a datastore that loses 120 blocks of another node', () => {
  it('leaves their routes in the kernel, with the reason', async () => {
    await give();
    await haveRoutes(COUNT);
    await take();
    await waitFor('the fuse holds', async () => (await held()).length === 1);
    await waitFor('all are gone', async () => ((await held())[0] as { routes: number }).routes === COUNT);
    expect(await held()).toMatchObject([
      { table: 'encapsulated', state: 'held', causes: [{ cause: 'the datastore', routes: COUNT }] },
    ]);
    await haveRoutes(COUNT);
    const { stdout } = await weftctl('--lab', LAB, 'routes', 'node1');
    expect(stdout).toMatch(/10\.244\.7\.0\/26 .* held by the fuse since its block is gone with many others/);
  });

  it('finds the fuse whole again when they are back', async () => {
    await give();
    await waitFor('nothing is held', async () => (await held()).length === 0);
    await haveRoutes(COUNT);
  });

  it('is believed when somebody accepts', async () => {
    await take();
    await waitFor('all are held', async () => ((await held())[0] as { routes: number })?.routes === COUNT);
    const { stdout } = await weftctl('--lab', LAB, 'fuse', 'accept', 'node1', '--table', 'encapsulated');
    expect(stdout.trim()).toBe(`node1: ${COUNT} encapsulated routes accepted`);
    await haveRoutes(0);
  });
});

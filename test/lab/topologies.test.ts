/** BIRD and FRR as ToR or router learn every block and reach every pod, IPv4 and IPv6. */
import { chooseTopology, pingAll, status } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const topologies = `${import.meta.dirname}/../topologies`;

describe.each([
  ['a rack with BIRD as its ToR', 't-rack', 'rack-with-tor', 'tor'],
  ['two subnets with FRR between them', 't-subnets', 'two-subnets', 'router'],
])('%s', (_, name, folder, router) => {
  const { topology, baseDirectory } = chooseTopology(`${topologies}/${folder}/topology.yaml`, 0, 0);
  const lab = useLab(name, topology, baseDirectory);

  it('has every pod reach every pod', async () => {
    const pings = await pingAll(lab.name, () => {});
    expect(pings.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('the router learns every block and reaches every pod', async () => {
    const { hosts, pods } = await status(lab.name);
    const blocks = hosts.flatMap((host) => host.blocks);
    expect(blocks.length).toBeGreaterThanOrEqual(6);
    await waitFor(`${router} has all blocks`, async () => {
      const routes = await lab.routes(router);
      return blocks.every((block) => routes.some((route) => route.startsWith(`${block} `)));
    });
    for (const address of pods.flatMap((pod) => pod.addresses)) {
      expect({ address, answered: await lab.pings(router, address) }).toEqual({ address, answered: true });
    }
  });
});

describe('a neighbour that runs GoBGP', () => {
  const { topology, baseDirectory } = chooseTopology(`${topologies}/gobgp-neighbour/topology.yaml`, 0, 0);
  const lab = useLab('t-gobgp', topology, baseDirectory);

  it('learns the block of the node', async () => {
    const [block = 'no block'] = await lab.blocksOf('node1');
    await waitFor('GoBGP has the block', async () =>
      (await lab.run('neighbour', 'gobgp', 'global', 'rib')).includes(`${block} `),
    );
  });
});

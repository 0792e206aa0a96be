/** Most routes of a node go at once: they stay in its kernel until they are back, or until somebody says what that was. */
import { chooseTopology, restartDaemon } from '@weft/lab';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const LAB = 't-fuse';
const { topology, baseDirectory } = chooseTopology(
  `${import.meta.dirname}/../topologies/mass-withdrawal/topology.yaml`,
  0,
  0,
);
const lab = useLab(LAB, topology, baseDirectory);

/** Turns the routes of a static protocol of the router on or off. */
async function router(action: 'enable' | 'disable', protocol: 'few' | 'most'): Promise<void> {
  await execa('birdc', ['-s', `/run/weft/lab/${LAB}/hosts/router/bird.ctl`, action, protocol]);
}

async function routesOf(network: '172.16' | '172.17'): Promise<number> {
  const routes = await lab.routes('node1', 'proto', 'weft');
  return routes.filter((route) => route.startsWith(`${network}.`)).length;
}

async function haveRoutes(most: number, few: number): Promise<void> {
  await waitFor(`${most} and ${few} routes`, async () => {
    const found = [await routesOf('172.16'), await routesOf('172.17')];
    return found[0] === most && found[1] === few;
  });
}

/** Waits until node1 has heard of a withdrawal: its Loc-RIB has so many routes of the router. */
async function hasLearned(count: number): Promise<void> {
  await waitFor(`${count} learned routes`, async () => {
    const { stdout } = await weftctl('--lab', LAB, 'rib', 'node1', '-o', 'json');
    const { nodes } = JSON.parse(stdout) as { nodes: { items: { prefix: string }[] }[] };
    return nodes[0]?.items.filter(({ prefix }) => prefix.startsWith('172.')).length === count;
  });
}

async function held(): Promise<unknown> {
  const { stdout } = await weftctl('--lab', LAB, 'fuse', 'show', 'node1', '-o', 'json');
  return (JSON.parse(stdout) as { nodes: { held: unknown }[] }).nodes[0]?.held;
}

describe('a router that withdraws 120 of 130 routes at once', () => {
  it('announces them first, and may withdraw a few at any time', async () => {
    await haveRoutes(120, 10);
    await router('disable', 'few');
    await haveRoutes(120, 0);
    await router('enable', 'few');
    await haveRoutes(120, 10);
    expect(await held()).toEqual([]);
  });

  it('leaves them in the kernel, with the reason, and a word on what to do', async () => {
    await router('disable', 'most');
    await hasLearned(10);
    expect(await held()).toMatchObject([
      {
        table: 'learned',
        routes: 120,
        of: 130,
        state: 'held',
        causes: [{ cause: 'peer 10.1.0.254', routes: 120 }],
      },
    ]);
    await haveRoutes(120, 10);
    const { stdout, stderr } = await weftctl('--lab', LAB, 'fuse');
    expect(stdout).toMatch(/node1 +learned +held +120 of 130 .* peer 10\.1\.0\.254 +172\.16\.0\.0\/24,/);
    expect(stderr).toMatch(/weftctl fuse accept withdraws them/);
    const routes = await weftctl('--lab', LAB, 'routes', 'node1');
    expect(routes.stdout).toMatch(
      /172\.16\.7\.0\/24 .* held by the fuse since peer 10\.1\.0\.254 withdrew it/,
    );
  });

  it('finds the fuse whole again when it announces them again', async () => {
    await router('enable', 'most');
    await waitFor('nothing is held', async () => ((await held()) as unknown[]).length === 0);
    await hasLearned(130);
    await haveRoutes(120, 10);
  });

  it('is not believed when somebody rejects, and the routes are repaired as any other', async () => {
    await router('disable', 'most');
    await hasLearned(10);
    const { stdout } = await weftctl('--lab', LAB, 'fuse', 'reject', 'node1');
    expect(stdout.trim()).toBe('node1: 120 learned routes rejected');
    expect(await held()).toMatchObject([{ state: 'rejected' }]);
    await lab.run('node1', 'ip', 'route', 'flush', 'proto', 'weft');
    await haveRoutes(120, 10);
  });

  it('is believed when somebody accepts', async () => {
    const { stdout } = await weftctl('--lab', LAB, 'fuse', 'accept', 'node1', '--table', 'learned');
    expect(stdout.trim()).toBe('node1: 120 learned routes accepted');
    await haveRoutes(0, 10);
    const again = await weftctl('--lab', LAB, 'fuse', 'accept', 'node1');
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toMatch(/No routes are held/);
  });
});

describe('a weftd that comes back and is told of a few of its routes', () => {
  it('sweeps nothing until somebody accepts', async () => {
    await router('enable', 'most');
    await haveRoutes(120, 10);
    await lab.killWeftd('node1');
    await router('disable', 'most');
    await restartDaemon(LAB, 'node1');
    await waitFor('the sweep is held', async () => ((await held()) as unknown[]).length === 1);
    expect(await held()).toMatchObject([{ table: 'left-over', routes: 120, state: 'held' }]);
    await haveRoutes(120, 10);
    await weftctl('--lab', LAB, 'fuse', 'accept', 'node1');
    await haveRoutes(0, 10);
  });
});

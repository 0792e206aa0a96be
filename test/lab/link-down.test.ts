/** A host whose cable is out: the others drop its routes when the hold timer says so, and take them back. */
import { switchNamespace } from '@weft/lab';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-link', smallTopology(3, 1, 3));

async function setPort(port: string, state: 'up' | 'down'): Promise<void> {
  await execa('ip', ['-n', switchNamespace(lab.name), 'link', 'set', port, state]);
}

it('the routes of a host go with the hold timer and come back with its link', {
  timeout: 60_000,
}, async () => {
  const [block = ''] = await lab.blocksOf('node3');
  const hasRoute = async (): Promise<boolean> =>
    (await lab.routes('node1')).some((route) => route.startsWith(block));
  expect(await hasRoute()).toBe(true);

  const cut = performance.now();
  await setPort('node3.0', 'down');
  await waitFor('node1 drops the route to node3', async () => !(await hasRoute()), 10_000);
  // The timer is what drops them: a keepalive may just have come, so between two thirds of it and all of it have passed.
  expect(performance.now() - cut).toBeGreaterThan(1900);

  await setPort('node3.0', 'up');
  await waitFor('node1 has the route again', hasRoute, 30_000);
  const address = await lab.addressOf('node3-pod1');
  await waitFor('pods reach each other again', () => lab.pings('node1-pod1', address));
});

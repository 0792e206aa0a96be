/** Most routes of a node are withdrawn at once: what they lead to is reached until somebody says that they may go. */
import { chooseTopology } from '@weft/lab';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { LossMeter } from './loss-meter.ts';
import { report } from './report.ts';
import { passes } from './sessions.ts';

const LAB = 'f-withdrawal';
const file = `${import.meta.dirname}/../topologies/mass-withdrawal/topology.yaml`;
const { baseDirectory, topology } = chooseTopology(file, 0, 0);
const lab = useLab(LAB, topology, baseDirectory);
/** Behind the router, in the first of the 120 networks that it withdraws. */
const SERVER = '172.16.0.1';

async function router(action: 'enable' | 'disable'): Promise<void> {
  await execa('birdc', ['-s', `/run/weft/lab/${LAB}/hosts/router/bird.ctl`, action, 'most']);
}

async function holds(routes: number): Promise<void> {
  await waitFor(`node1 holds ${routes} routes`, async () => {
    const { stdout } = await weftctl('--lab', LAB, 'fuse', 'show', 'node1', '-o', 'json');
    const { nodes } = JSON.parse(stdout) as { nodes: { held: { routes: number }[] }[] };
    return (nodes[0]?.held[0]?.routes ?? 0) === routes;
  });
}

it('a router withdraws 120 of 130 routes and announces them again; then once more, and that is accepted', async () => {
  await lab.addPods('node1', 1);
  await lab.run('router', 'ip', 'address', 'add', `${SERVER}/32`, 'dev', 'lo');
  await lab.run('router', 'ip', 'route', 'add', '10.244.0.0/16', 'via', '10.1.0.1');
  const meter = await LossMeter.start(
    [{ namespace: lab.namespaceOf('node1-pod1'), address: SERVER }],
    'fault',
  );
  await router('disable');
  await holds(120);
  await passes(2);
  await router('enable');
  await holds(0);
  await meter.allAnswer();
  const measurement = await meter.stop();
  report({
    group: 'network',
    fault: '120 of 130 routes withdrawn, held by the fuse: what they lead to',
    lossless: true,
    ...measurement,
  });
  expect(measurement).toMatchObject({ ipv4: { lost: 0 } });

  await router('disable');
  await holds(120);
  expect(await lab.pings('node1-pod1', SERVER)).toBe(true);
  await weftctl('--lab', LAB, 'fuse', 'accept', 'node1');
  await waitFor('nothing leads there any more', async () => !(await lab.pings('node1-pod1', SERVER)));
}, 120_000);

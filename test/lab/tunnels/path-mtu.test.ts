/** Packets that fit: `weftctl node checksystem --probe` names the peer whose path is too small, and pools may ask for less. */
import { addPod, chooseTopology, removePod, runIn } from '@weft/lab';
import { expect, it } from 'vitest';
import { useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

const file = `${import.meta.dirname}/../../topologies/overlay/narrow.yaml`;
const { topology, baseDirectory } = chooseTopology(file, 0, 0);
const lab = useLab('t-tunnel-path', topology, baseDirectory);
const program = `${import.meta.dirname}/../../../node_modules/.bin/weftctl`;

interface Check {
  readonly name: string;
  readonly result: string;
  readonly found: string;
  readonly hint?: string;
}

/** What the command says on a host of the paths to others. */
async function paths(host: string): Promise<Check[]> {
  const args = ['node', 'checksystem', '--lab', lab.name, '--probe', '-o', 'json'];
  const { stdout } = await runIn(lab.name, host, [program, ...args]);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return checks.filter(({ name }) => name.startsWith('path to'));
}

it('finds the path that is too small, to the byte, and nothing once the interface is as small', {
  timeout: 120_000,
}, async () => {
  expect(await paths('node1')).toEqual([
    {
      name: 'path to node2 (10.2.0.1)',
      result: 'FAIL',
      found: 'packets of 1400 bytes arrive, and not those of 1500 that eth0 sends',
      hint: expect.stringContaining('`ip link set eth0 mtu 1400`'),
    },
  ]);
  await lab.run('node1', 'ip', 'link', 'set', 'eth0', 'mtu', '1400');
  expect(await paths('node1')).toEqual([
    { name: 'path to node2 (10.2.0.1)', result: 'OK', found: 'packets of 1400 bytes arrive' },
  ]);
});

it('a pool asks for less by an annotation, for pods attached from then on, and never gets more than fits', async () => {
  await asks('1300');
  const small = await attachedWith(1300);
  await asks('9000');
  await attachedWith(1500);
  expect(await mtuOf(small)).toBe(1300);
});

/** Annotates the pool. */
async function asks(mtu: string): Promise<void> {
  const patch = JSON.stringify({ metadata: { annotations: { 'weft.dev/mtu': mtu } } });
  const { stderr, exitCode } = await weftctl(
    '--lab',
    lab.name,
    'patch',
    'ippool',
    'default-ipv4-ippool',
    '-p',
    patch,
  );
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
}

/** Attaches pods until one has this MTU, which is when weftd has read the annotation; the pod's name. */
function attachedWith(mtu: number): Promise<string> {
  return waitFor(`a new pod has an MTU of ${mtu}`, async () => {
    const { name } = await addPod(lab.name, 'node2');
    if ((await mtuOf(name)) === mtu) return name;
    await removePod(lab.name, name);
    return undefined;
  });
}

/** The MTU of a pod's interface. */
async function mtuOf(pod: string): Promise<number> {
  const [link] = JSON.parse(await lab.run(pod, 'ip', '-j', 'link', 'show', 'eth0')) as [{ mtu: number }];
  return link.mtu;
}

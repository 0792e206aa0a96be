/** `weftctl node checksystem --probe` names the peer whose path is too small for full-size packets, and what to set. */
import { chooseTopology, runIn } from '@weft/lab';
import { expect, it } from 'vitest';
import { useLab } from '../../harness/test-lab.ts';

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

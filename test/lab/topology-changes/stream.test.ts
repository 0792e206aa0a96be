/** A stream of pings sees a loss that is over, and one that lasts. */
import { expect, it } from 'vitest';
import { topologyOf, useLab } from '../../harness/test-lab.ts';
import { pingStream } from './stream.ts';

const topology = topologyOf(`
subnets: { rack: { prefixes: [10.1.0.0/24] } }
hosts: { n1: { runs: none }, n2: { runs: none } }`);
const lab = useLab('topo-stream', topology);

const link = (state: 'up' | 'down') => lab.run('n2', 'ip', 'link', 'set', 'eth0', state);
const stream = () => pingStream(lab.namespaceOf('n1'), '10.1.0.2', 0.01);

it('a stream that always had its answers lost nothing, however often that is asked', async () => {
  const pings = await stream();
  const result = await pings.stop();
  expect(result.lost).toEqual([]);
  expect(await pings.stop()).toBe(result);
});

it('a loss that is over is a gap', { timeout: 60_000 }, async () => {
  const pings = await stream();
  await link('down');
  await lab.run('n1', 'ping', '-c', '5', '-i', '0.01', '-W', '1', '10.1.0.2').catch(() => undefined);
  await link('up');
  expect((await pings.stop()).lost).not.toEqual([]);
});

it('a loss that lasts fails', { timeout: 60_000 }, async () => {
  const pings = await stream();
  await link('down');
  await expect(pings.stop()).rejects.toThrow(/10\.1\.0\.2 answers/);
  await link('up');
});

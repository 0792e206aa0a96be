/** ADD and DEL against a weftd of a lab, as runtimes call it. */
import { createNetns, deleteNetns, netnsPath } from '@weft/kernel';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CniCall, type CniOutcome, cniCall } from '../harness/cni-call.ts';
import { smallTopology, useLab } from '../harness/test-lab.ts';

const lab = useLab('t-cni', smallTopology(2, 1));
const containers = ['t-cni-c1', 't-cni-c2', 't-cni-c3'];
beforeAll(() => containers.forEach(createNetns));
afterAll(() => containers.forEach(deleteNetns));

const id = (digit: string): string => digit.repeat(64);
const call = async (wanted: CniCall): Promise<CniOutcome> =>
  cniCall(await lab.controlSocket('node1'), wanted);
const add = (digit: string, netns: string, more: Partial<CniCall> = {}): Promise<CniOutcome> =>
  call({ command: 'ADD', containerId: id(digit), netns: netnsPath(netns), ...more });
const del = (digit: string, more: Partial<CniCall> = {}): Promise<CniOutcome> =>
  call({ command: 'DEL', containerId: id(digit), ...more });

async function pings(netns: string, address: string): Promise<boolean> {
  const { exitCode } = await execa('ip', ['netns', 'exec', netns, 'ping', '-c', '1', '-W', '1', address], {
    reject: false,
  });
  return exitCode === 0;
}

describe('ADD', () => {
  it('gives a container an address that the other host reaches, and DEL takes it away, as often as it is asked', async () => {
    const added = await add('1', 't-cni-c1');
    expect(added).toMatchObject({ exitCode: 0 });
    const { interfaces, ips, routes } = added.output;
    expect(interfaces).toEqual([
      { name: `cali${id('1').slice(0, 11)}` },
      { name: 'eth0', mac: expect.stringMatching(/^[0-9a-f:]{17}$/), sandbox: netnsPath('t-cni-c1') },
    ]);
    expect(ips).toEqual([{ address: expect.stringMatching(/\/32$/), interface: 1 }]);
    expect(routes).toEqual([{ dst: ips[0].address }]);
    expect(await pings('t-cni-c1', await lab.addressOf('node2-pod1'))).toBe(true);
    expect(await add('1', 't-cni-c1')).toEqual(added);
    for (let time = 0; time < 2; time++) expect(await del('1')).toEqual({ exitCode: 0, output: undefined });
    expect(await lab.routes('node1')).not.toContain(expect.stringContaining(ips[0].address));
  });
});

describe('VERSION', () => {
  it('says what is spoken', async () => {
    const { output } = await call({ command: 'VERSION', configuration: '{"cniVersion":"0.4.0"}' });
    expect(output).toEqual({
      cniVersion: '0.4.0',
      supportedVersions: ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
    });
  });
});

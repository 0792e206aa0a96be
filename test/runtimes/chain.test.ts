/** What Debian's runtimes never ask of plugins, but newer ones and kubelet's do: runtimeConfig's limits, CHECK, GC, STATUS. */
import { createNetns, deleteNetns, netnsPath } from '@weft/kernel';
import { restartDaemon } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerTraces } from '../harness/container-traces.ts';
import { Chain, callWeft } from '../harness/libcni.ts';
import { type Plugin, weftNetwork } from '../harness/networks.ts';
import { useRuntimes } from '../harness/runtimes.ts';
import { smallTopology, useLab } from '../harness/test-lab.ts';

const lab = useLab('t-chain', smallTopology(1, 0));
const pods = weftNetwork('pods');
const runtimes = useRuntimes(lab, {
  hosts: ['node1'],
  containerd: true,
  networks: { '10-pods.conflist': pods },
});

const container = 't-chain-c1';
const sandbox = { containerId: 'a'.repeat(64), netns: netnsPath(container) };
let before: string[];
beforeAll(async () => {
  createNetns(container);
  before = await containerTraces(lab.name);
});
afterAll(() => deleteNetns(container));

// Without portmap, whose CHECK in Debian finds fault with what its own ADD did.
describe('weft + bandwidth, with the limits that a kubelet fills in', () => {
  const limits: Plugin = { type: 'bandwidth', capabilities: { bandwidth: true } };
  const burst = { ingressBurst: 800_000, egressBurst: 800_000 };
  const runtimeConfig = { bandwidth: { ingressRate: 10_000_000, egressRate: 5_000_000, ...burst } };

  it('limits both directions, passes CHECK, fails it when the address is gone, and leaves nothing', async () => {
    const chain = new Chain(runtimes.host('node1'), weftNetwork('limited', { after: [limits] }));
    const pod = { ...sandbox, runtimeConfig };
    const result = await chain.add(pod);
    expect(result).toMatchObject({ interfaces: [{ name: 'caliaaaaaaaaaaa' }, { name: 'eth0' }, {}] });
    const rates = await lab.run('node1', 'tc', 'qdisc', 'show');
    expect(rates).toMatch(/^qdisc tbf .* dev caliaaaaaaaaaaa root .* rate 10Mbit/m);
    expect(rates).toMatch(/^qdisc tbf .* dev bwp\S+ root .* rate 5Mbit/m);
    await chain.check(pod, result);
    await execa('ip', ['-n', container, 'address', 'flush', 'dev', 'eth0', 'scope', 'global']);
    await expect(chain.check(pod, result)).rejects.toThrow(/CHECK of weft ended with 1: .*10\.244\./);
    await chain.del(pod, result);
    expect(await containerTraces(lab.name)).toEqual(before);
  });
});

describe('GC and STATUS', () => {
  const [weft] = pods.plugins;
  const status = () =>
    callWeft(runtimes.host('node1'), 'STATUS', { ...weft, cniVersion: '1.1.0', name: 'pods' });
  const gc = (...valid: string[]) => {
    const attachments = valid.map((name) => ({
      containerID: runtimes.containerd('node1').containerId(name),
      ifname: 'eth0',
    }));
    const request = { ...weft, cniVersion: '1.1.0', name: 'pods', 'cni.dev/valid-attachments': attachments };
    return callWeft(runtimes.host('node1'), 'GC', request);
  };

  it('take back what containers of `ctr run -d` had, for which nobody calls DEL, and do not mind them', async () => {
    const containerd = runtimes.containerd('node1');
    await containerd.runDetached('gone', 'sleep', '1000');
    await containerd.runDetached('stays', 'sleep', '1000');
    await containerd.removeDetached('gone');
    const ended = (line: string) => line.includes(containerd.containerId('gone'));
    expect((await containerTraces(lab.name)).filter(ended)).toHaveLength(2);
    await lab.killWeftd('node1');
    await restartDaemon(lab.name, 'node1');
    expect((await containerTraces(lab.name)).filter(ended)).toHaveLength(2);
    expect(await status()).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await gc('stays')).toMatchObject({ exitCode: 0, stdout: '' });
    await containerd.removeDetached('stays');
    expect(await gc()).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await containerTraces(lab.name)).toEqual(before);
  });
});

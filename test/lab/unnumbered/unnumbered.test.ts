/** Peers on interfaces without addresses: weftd with FRR, with BIRD and with weftd, IPv4 by IPv6 link-local next hops, BFD, restarts. */
import { type BgpPeer, ControlClient } from '@weft/control';
import { chooseTopology, restartDaemon, stopDaemon } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { routeBecomes, startPing } from '../bfd/observe.ts';

describe.each([
  ['with FRR between them', 'leaf'],
  ['with BIRD between them', 'leaf-bird'],
  ['with a wire between them', 'wire'],
])('two nodes %s', (_, file) => {
  const { topology, baseDirectory } = chooseTopology(`${import.meta.dirname}/${file}.yaml`, 0, 0);
  const lab = useLab(`t-unnumbered-${file}`, topology, baseDirectory);

  /** The only peer of a host. */
  async function peerOf(host: string): Promise<BgpPeer | undefined> {
    return (await new ControlClient(await lab.controlSocket(host)).bgpPeers()).peers[0];
  }

  async function isUp(host: string): Promise<boolean> {
    const peer = await peerOf(host);
    return peer?.state === 'Established' && peer.bfd?.state === 'Up';
  }

  it('have sessions between link-local addresses, watched by BFD', { timeout: 120_000 }, async () => {
    for (const host of ['node1', 'node2']) await waitFor(`${host} has its peer`, () => isUp(host), 60_000);
    const { stdout } = await weftctl('--lab', lab.name, 'node', 'status', 'node1', '-o', 'wide');
    expect(stdout).toMatch(/\| fe80::[0-9a-f:]+%eth1 .*\| Up 3000ms \|/);
  });

  it('have routes by those, and pods reach each other by IPv4 and IPv6', { timeout: 90_000 }, async () => {
    const [block = ''] = (await lab.blocksOf('node2')).filter((text) => !text.includes(':'));
    await routeBecomes(lab, 'node1', block, 'there');
    const route = await lab.run('node1', 'ip', '-4', 'route', 'show', block);
    expect(route).toMatch(/via inet6 fe80::\S+ dev eth1 proto weft/);
    for (const family of [4, 6] as const) {
      const address = await lab.addressOf('node2-pod1', family);
      await waitFor(`node1-pod1 reaches ${address}`, () => lab.pings('node1-pod1', address), 20_000);
    }
  });

  it('lose no packet of a weftd that is killed, away longer than the detection time, and back', {
    timeout: 180_000,
  }, async () => {
    const ping = startPing(lab, 'node1-pod1', await lab.addressOf('node2-pod1'));
    await stopDaemon(lab.name, 'node2', 'SIGKILL');
    const since = performance.now();
    await waitFor('longer than the detection time', async () => performance.now() - since > 4000);
    await restartDaemon(lab.name, 'node2');
    await waitFor('node2 has its peer again', () => isUp('node2'), 60_000);
    await waitFor('node1 has its peer again', () => isUp('node1'), 60_000);
    expect(await ping.loss()).toBe('0% packet loss');
  });
});

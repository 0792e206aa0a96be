/** The whole of weft on a real etcd: it works, it outlives the death of etcd, and it comes up after it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient } from '@weft/control';
import {
  addPod,
  installation,
  pingAll,
  removePod,
  resolveLab,
  restartDaemon,
  restartEtcd,
  runIn,
  stopDaemon,
  stopEtcd,
} from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-etcd', { ...smallTopology(3, 1, 90), datastore: 'etcd' });

async function daemonOf(host: string): Promise<ControlClient> {
  const found = (await resolveLab(lab.name)).hosts.find(({ name }) => name === host);
  return new ControlClient(found?.controlSocket ?? '');
}

async function allPing(): Promise<boolean> {
  const pings = await pingAll(lab.name, () => {});
  return pings.length > 0 && pings.every(({ ok }) => ok);
}

/** The daemon has noticed whether the datastore answers. */
function untilSeen(daemon: ControlClient, inSync: boolean): Promise<true> {
  return waitFor(
    `inSync is ${inSync}`,
    async () => (await daemon.status()).datastore.inSync === inSync,
    60_000,
    50,
  );
}

describe('three hosts whose datastore is etcd', () => {
  it('pods ping, and weftctl reads and writes the same etcd', async () => {
    expect(await allPing()).toBe(true);
    const pools = await weftctl('--lab', lab.name, 'get', 'ippools', '-o', 'name');
    expect(pools.stdout).toContain('default-ipv4-ippool');
    const status = await (await daemonOf('node1')).status();
    expect(status.datastore).toMatchObject({ type: 'etcd', inSync: true });
    expect(status.datastore.location).toMatch(/^unix:\/\/\/run\/weft\/lab\/t-etcd\/etcd\//);
  });

  it('while etcd is away pods ping, and whoever asks is told; afterwards new pods work', {
    timeout: 180_000,
  }, async () => {
    const daemon = await daemonOf('node1');
    const before = (await lab.routes('node1', 'proto', 'weft')).sort();
    const address = await lab.addressOf('node2-pod1');
    await stopEtcd(lab.name, 'SIGKILL');
    await untilSeen(daemon, false);

    expect(await lab.pings('node1-pod1', address)).toBe(true);
    expect((await lab.routes('node1', 'proto', 'weft')).sort()).toEqual(before);
    const { datastore, readiness } = await daemon.status();
    expect(datastore.detail).toMatch(/^the datastore \(etcd unix:.*\) is away since 20.*Z: /);
    expect(readiness).toMatchObject({ ok: false, reasons: [datastore.detail] });
    const refused = daemon.attachEndpoint('new-pod', {
      containerId: 'new-pod',
      netns: `/run/netns/${lab.namespaceOf('node1-pod1')}`,
      interfaceName: 'eth9',
      orchestrator: 'lab',
      families: ['ipv4'],
    });
    await expect(refused).rejects.toMatchObject({
      code: 'unavailable',
      object: 'new-pod',
      what: expect.stringMatching(/^the datastore \(etcd unix:.*is away/),
      hint: expect.stringMatching(/^Bring the datastore back/),
    });

    await restartEtcd(lab.name);
    const pod = await addPod(lab.name, 'node1');
    await waitFor('the new pod is reached from everywhere', allPing, 60_000, 200);
    await untilSeen(daemon, true);
    await removePod(lab.name, pod.name);
  });

  it('a weftd that starts before etcd waits for it, and pods ping all the while', {
    timeout: 180_000,
  }, async () => {
    const address = await lab.addressOf('node3-pod1');
    await stopDaemon(lab.name, 'node3', 'SIGTERM');
    await stopEtcd(lab.name, 'SIGTERM');
    await restartDaemon(lab.name, 'node3');
    const daemon = await daemonOf('node3');
    const { ok, reasons } = await daemon.readiness();
    expect(ok).toBe(false);
    expect(reasons.slice(0, 2)).toEqual([
      'weftd is starting: it waits for the datastore',
      expect.stringContaining('is away since'),
    ]);
    expect(await lab.pings('node1-pod1', address)).toBe(true);
    await restartEtcd(lab.name);
    await waitFor('node3 is ready', async () => (await daemon.readiness()).ok, 60_000, 50);
    expect(await allPing()).toBe(true);
  });

  it('a second weftd of a name is refused, and the first goes on', { timeout: 120_000 }, async () => {
    const { node, weftd } = await installation();
    const { datastore } = await resolveLab(lab.name);
    const place = datastore.type === 'etcd' ? datastore.endpoints[0]?.replace('unix:', 'etcd:') : '';
    const command = [node, weftd, '--node-name', 'node1', '--datastore', place ?? ''];
    const directory = mkdtempSync(join(tmpdir(), 'weft-second-'));
    const paths = [
      '--control-socket',
      join(directory, 'weftd.sock'),
      '--ipam-journal',
      join(directory, 'journal.db'),
      '--nodename-file',
      join(directory, 'nodename'),
      '--cni-spool',
      join(directory, 'cni-spool'),
    ];
    const second = await runIn(lab.name, 'node1', [...command, ...paths]);
    rmSync(directory, { recursive: true });
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toMatch(/^weftd: a weftd of that name is running: process \d+/);
    expect((await (await daemonOf('node1')).readiness()).ok).toBe(true);
  });

  it('a weftd that is killed and started again adopts its pods', { timeout: 120_000 }, async () => {
    await stopDaemon(lab.name, 'node2', 'SIGKILL');
    // Its claim on the name ends with its lease.
    await waitFor('node2 starts', () => restartDaemon(lab.name, 'node2').then(() => true), 60_000, 500);
    const daemon = await daemonOf('node2');
    await waitFor('node2 is ready', async () => (await daemon.readiness()).ok, 60_000, 50);
    const { items } = await daemon.endpoints();
    expect(items.map(({ id }) => id)).toEqual(['node2-pod1']);
    expect(await allPing()).toBe(true);
  });
});

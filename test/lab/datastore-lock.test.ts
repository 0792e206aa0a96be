/** A locked datastore: nobody is plugged in or out, everything that runs goes on, and unlocking is enough. */
import { ControlClient } from '@weft/control';
import { openDatastore } from '@weft/datastore';
import { addPod, removePod, resolveLab, restartDaemon, stopDaemon } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-lock', smallTopology(2, 1));

/** What a migration does. */
async function setReady(datastoreReady: boolean): Promise<void> {
  const store = await openDatastore((await resolveLab(lab.name)).datastore);
  const current = await store.get({ kind: 'ClusterInformation', name: 'default' });
  if (current === undefined) throw new Error('no daemon has made ClusterInformation');
  const outcome = await store.update({ ...current, spec: { ...current.spec, datastoreReady } });
  expect(outcome.kind).toBe('written');
  await store.close();
}

async function client(host: string): Promise<ControlClient> {
  const found = (await resolveLab(lab.name)).hosts.find(({ name }) => name === host);
  return new ControlClient(found?.controlSocket ?? '');
}

const refusal = {
  code: 'unavailable',
  what: expect.stringContaining('ClusterInformation default: datastoreReady is false'),
  hint: expect.stringContaining('weftctl datastore migrate unlock'),
};

describe('while the datastore is locked', () => {
  it('attach and detach are refused by name of the lock, pods ping, and unlocking is enough', async () => {
    await setReady(false);
    await waitFor('attaching is refused', () =>
      addPod(lab.name, 'node1').then(
        () => false,
        () => true,
      ),
    );
    await expect(addPod(lab.name, 'node1')).rejects.toMatchObject(refusal);
    await expect(removePod(lab.name, 'node1-pod1')).rejects.toMatchObject(refusal);
    expect(await lab.pings('node1-pod1', await lab.addressOf('node2-pod1'))).toBe(true);
    await setReady(true);
    const { name } = await waitFor('attaching works', () => addPod(lab.name, 'node1').catch(() => undefined));
    await removePod(lab.name, name);
  });

  it('a weftd that starts waits, says so, and goes on when it is unlocked', async () => {
    await setReady(false);
    await stopDaemon(lab.name, 'node2', 'SIGTERM');
    await restartDaemon(lab.name, 'node2');
    const node2 = await client('node2');
    expect((await node2.readiness()).reasons.join()).toContain('datastoreReady is false');
    const attach = node2.attachEndpoint('x', {
      containerId: 'x'.repeat(64),
      netns: '/run/netns/none',
      interfaceName: 'eth0',
      orchestrator: 'lab',
      families: ['ipv4'],
    });
    await expect(attach).rejects.toMatchObject(refusal);
    expect(await lab.pings('node1-pod1', await lab.addressOf('node2-pod1'))).toBe(true);
    await setReady(true);
    await waitFor('node2 is ready', async () => (await node2.readiness()).ok, 30_000, 50);
  });
});

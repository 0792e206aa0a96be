/** Who had an address, when and why: the journals of the hosts, asked by weftctl, whatever became of their daemons. */
import { rmSync } from 'node:fs';
import { addPod, removePod, resolveLab, restartDaemon, stopDaemon } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';

const lab = useLab('t-history', smallTopology(2, 1));

interface Entry {
  readonly operation: string;
  readonly node?: string;
  readonly workload?: { readonly name?: string };
  readonly reason: string;
  readonly by: { readonly program: string; readonly verb: string };
  readonly found?: boolean;
}

async function historyOf(address: string): Promise<readonly Entry[]> {
  const { stdout } = await weftctl('ipam', 'history', address, '--lab', lab.name, '-o', 'json');
  return JSON.parse(stdout).entries;
}

/** The entries in one line each. */
function lines(entries: readonly Entry[]): string[] {
  return entries.map(
    ({ by, found, node, operation, reason, workload }) =>
      `${operation} ${node} ${workload?.name}: ${reason} (${by.program} ${by.verb}${found ? ', found' : ''})`,
  );
}

describe('the history of an address', () => {
  it('tells of a pod that came and went, and of the one that has it now', async () => {
    const { addresses, name } = await addPod(lab.name, 'node1');
    const [address = ''] = addresses;
    await removePod(lab.name, name);
    expect(lines(await historyOf(address))).toEqual([
      `assign node1 ${name}: own-block (weftd attach)`,
      `release node1 ${name}: the workload was detached (weftd detach)`,
    ]);
  });

  it('tells what somebody did by hand, although nobody asked the daemon', async () => {
    const { addresses, name } = await addPod(lab.name, 'node1');
    const [address = ''] = addresses;
    const release = await weftctl('--lab', lab.name, 'ipam', 'release', '--ip', address, '--force');
    expect(release).toMatchObject({ exitCode: 0, stderr: '' });
    expect(lines(await historyOf(address)).at(-1)).toBe(
      `release node1 ${name}: somebody released it by hand (weftctl ipam release)`,
    );
    await removePod(lab.name, name);
  });

  it('has what a daemon did not write down before it died', async () => {
    const address = await lab.addressOf('node1-pod1');
    await stopDaemon(lab.name, 'node1', 'SIGKILL');
    const { hosts } = await resolveLab(lab.name);
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${hosts[0]?.ipamJournal}${suffix}`, { force: true });
    await restartDaemon(lab.name, 'node1');
    expect(lines(await historyOf(address))).toEqual([
      'assign node1 node1-pod1: seen in its block (weftd start, found)',
    ]);
  });

  it('is a table, and says which host did not answer', async () => {
    const address = await lab.addressOf('node1-pod1');
    await stopDaemon(lab.name, 'node2', 'SIGTERM');
    const { exitCode, stderr, stdout } = await weftctl('ipam', 'history', address, '--lab', lab.name);
    expect(stdout).toMatch(/^TIME +OPERATION.*\n\S+Z +assign \(found\) +node1 +node1-pod1/);
    expect(stderr).toContain('Did not answer, so what they know is missing: node2.');
    expect(exitCode).toBe(1);
    await restartDaemon(lab.name, 'node2');
  });
});

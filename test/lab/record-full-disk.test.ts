/** A disk that is full: the record has a gap and says so, the node goes on, and it records again when there is room. */
import { closeSync, globSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { addPod, installation, restartDaemon, stopDaemon } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const LAB = 't-record-full';

describe('a node whose record has a disk of its own', () => {
  const lab = useLab(LAB, smallTopology(2, 1));
  const host = `/run/weft/lab/${LAB}/hosts/node1`;
  const record = join(host, 'record');
  const filler = join(record, 'filler');

  beforeAll(async () => {
    await stopDaemon(LAB, 'node1', 'SIGTERM');
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=700', 'tmpfs', record]);
    await restartDaemon(LAB, 'node1');
  }, 60_000);
  // The daemon still writes there, and ends with the lab.
  afterAll(() => execa('umount', ['--lazy', record], { reject: false }));

  function said(event: string): string[] {
    const lines = readFileSync(join(host, 'daemon.log'), 'utf8').split('\n');
    return lines.filter((line) => line.includes(`"event":"${event}"`));
  }

  /** Something to record: half a page of the disk. */
  async function change(round: number): Promise<void> {
    const label = `round${round}=${'x'.repeat(60)}`;
    const { exitCode, stderr } = await weftctl('--lab', LAB, 'label', 'ippool', 'default-ipv4-ippool', label);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  }

  function fillDisk(): void {
    const file = openSync(filler, 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(4096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  it('says once that there is no room, and goes on without', async () => {
    await waitFor('it records', () => globSync(join(record, 'segment-*.jsonl')).length > 0);
    fillDisk();
    let round = 0;
    await waitFor(
      'the disk is full',
      async () => {
        round += 1;
        await change(round);
        return said('record-failed').length > 0;
      },
      60_000,
    );
    expect(said('record-failed')[0]).toContain('the record has a gap: the disk is full (ENOSPC)');
    const pod = await addPod(LAB, 'node1');
    const [address = ''] = pod.addresses;
    expect(await lab.pings('node2-pod1', address)).toBe(true);
    expect(said('record-failed')).toHaveLength(1);
    const { stderr } = await weftctl('--lab', LAB, 'history', address, '--node', 'node1');
    expect(stderr).toContain('node1 records nothing just now: the disk is full (ENOSPC)');
  });

  it('records again when there is room, with the gap, and the record replays', async () => {
    rmSync(filler);
    await waitFor('it records again', () => said('record-resumed').length > 0, 30_000, 50);
    const [block = ''] = await lab.blocksOf('node1');
    const { stdout } = await weftctl('--lab', LAB, 'history', block, '--node', 'node1');
    expect(stdout).toContain('lines are missing before this: the disk took none');
    const { node, weftd } = await installation();
    const replay = await execa(node, [weftd, 'replay', record], { reject: false });
    expect(replay).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('The replay decides as was recorded.'),
    });
  });
});

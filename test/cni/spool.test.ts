/** DELs that the client left while weftd was away: they wait on disk, and are done when it starts. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveLab, restartDaemon, stopDaemon } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { cniBytes } from '../harness/cni-call.ts';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { Containers, drawn, held } from './containers.ts';

const lab = useLab('t-cni-spool', smallTopology(1, 0));
const containers = new Containers(lab, ['c1', 'c2']);
const done = { exitCode: 0, output: undefined };

/** The directory, which the client makes. */
async function spool(): Promise<string> {
  const { hosts } = await resolveLab(lab.name);
  const directory = hosts[0]?.cniSpool ?? '';
  mkdirSync(directory, { recursive: true });
  return directory;
}
const waiting = async (): Promise<string[]> => readdirSync(await spool()).sort();

/** As the client leaves it. */
async function leave(content: Uint8Array | string, time = BigInt(Date.now()) * 1_000_000n): Promise<string> {
  const name = `${time}-1`;
  writeFileSync(join(await spool(), name), content);
  return name;
}
const delOf = (digit: string): Uint8Array => cniBytes({ command: 'DEL', containerId: drawn(digit) });

const restart = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
  await stopDaemon(lab.name, 'node1', signal);
  await restartDaemon(lab.name, 'node1');
};

describe('DELs that the client left', () => {
  it('are done at the next start, before an ADD of the same container is answered', async () => {
    const before = await held(lab);
    await containers.add('c1', '1');
    await containers.add('c2', '2');
    await stopDaemon(lab.name, 'node1', 'SIGKILL');
    await leave(delOf('1'));
    await leave(delOf('2'), 1n);
    await restartDaemon(lab.name, 'node1');
    expect(await containers.add('c1', '1')).toMatchObject({ exitCode: 0 });
    const { interfaces } = await held(lab);
    expect(interfaces).toEqual([`cali${drawn('1').slice(0, 11)}`]);
    expect(await waiting()).toEqual([]);
    await restart('SIGTERM');
    expect((await held(lab)).interfaces).toEqual(interfaces);
    expect(await containers.del('1')).toEqual(done);
    expect(await held(lab)).toEqual(before);
  });

  it('that nobody can read are set aside, and the start goes on', async () => {
    const names = [
      await leave('garbage', 10n),
      await leave(delOf('1').subarray(0, 40), 11n),
      await leave(cniBytes({ command: 'ADD', containerId: drawn('1'), netns: '/run/netns/x' }), 12n),
      await leave(Buffer.alloc(1024 * 1024 + 1), 13n),
    ];
    const unfinished = '.14-1';
    writeFileSync(join(await spool(), unfinished), 'half a req');
    await restart('SIGTERM');
    expect(await waiting()).toEqual([unfinished, ...names.map((name) => `${name}.bad`)].sort());
    const log = join(await spool(), '..', 'daemon.log');
    await waitFor('each has a line in the log', () =>
      names.every((name) => readFileSync(log, 'utf8').includes(`${name}.bad","hint":`)),
    );
    expect(await containers.call({ command: 'STATUS', configuration: { cniVersion: '1.1.0' } })).toEqual(
      done,
    );
  });
});

/** CNI while the datastore cannot be reached. */
import { readdirSync } from 'node:fs';
import { resolveLab, restartEtcd, stopEtcd } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { Containers, drawn, held } from './containers.ts';

const lab = useLab('t-cni-away', { ...smallTopology(1, 0, 90), datastore: 'etcd' });
const containers = new Containers(lab, ['c1', 'c2']);
const done = { exitCode: 0, output: undefined };

/** DELs that the daemon keeps. */
async function waiting(): Promise<string[]> {
  const { hosts } = await resolveLab(lab.name);
  return readdirSync(hosts[0]?.cniSpool ?? '');
}

describe('while the datastore is away', () => {
  it('ADD is to be tried later, also one of a container that is there; DEL succeeds and is done when it is back, before an ADD of the same container', {
    timeout: 120_000,
  }, async () => {
    const before = await held(lab);
    await containers.add('c1', '3');
    await stopEtcd(lab.name, 'SIGKILL');
    const status = () => containers.call({ command: 'STATUS', configuration: { cniVersion: '1.1.0' } });
    const unready = await waitFor(
      'the daemon has noticed',
      async () => {
        const answer = await status();
        return answer.exitCode === 1 && answer;
      },
      60_000,
    );
    expect(unready.output).toMatchObject({ code: 50, msg: expect.stringContaining('etcd') });
    const { output } = await containers.add('c2', '4');
    expect(output).toMatchObject({
      code: 11,
      msg: expect.stringContaining('etcd'),
      details: expect.stringMatching(/\w/),
    });
    const repeated = await containers.add('c1', '3');
    expect(repeated.output).toMatchObject({ code: 11, msg: expect.stringContaining('etcd') });
    expect(await containers.pings('c1', '10.0.0.1')).toBe(true);
    expect(await containers.del('3')).toEqual(done);
    expect(await waiting()).toHaveLength(1);
    await restartEtcd(lab.name);
    const again = await waitFor(
      'an ADD is possible again',
      async () => {
        const added = await containers.add('c1', '3');
        return added.exitCode === 0 && added;
      },
      60_000,
      100,
    );
    expect(await waiting()).toHaveLength(0);
    expect(again.output.interfaces[0].name).toBe(`cali${drawn('3').slice(0, 11)}`);
    expect(await containers.del('3')).toEqual(done);
    expect(await held(lab)).toEqual(before);
  });
});

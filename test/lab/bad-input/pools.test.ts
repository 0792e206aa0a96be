/** Pools that cannot be, and pools that run out: the refusal says why, and nothing of the refused pod or host is left. */
import { addPod, removePod, status } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../../harness/refusal.ts';
import { weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { useBadLab } from './bad-lab.ts';

const bad = useBadLab();

describe('weftctl apply against a running lab', () => {
  it.each([
    [
      'overlaps another',
      'cidr: 10.50.0.0/16',
      /10.50.0.0\/16 overlaps 10.50.0.0\/30 of the IPPool tiny/,
      /outside 10.50.0.0\/30/,
    ],
    [
      'is smaller than its block',
      'cidr: 10.9.0.0/28',
      /a block of \/26 is larger than the pool/,
      /block size of 28 or more/,
    ],
    ['is link-local', 'cidr: 169.254.3.0/24', /the range holds link-local/, /outside 169.254.0.0\/16/],
    ['is link-local in IPv6', 'cidr: "fe80::/64"', /the range holds link-local/, /outside .*fe80::\/10/],
  ])('refuses a pool that %s', async (_, spec, what, next) => {
    const path = bad.file('pool.yaml', poolYaml('other', spec));
    expectRefusal(await weftctl('--lab', 't-bad', 'apply', '-f', path), what, 'other', next);
    expect((await weftctl('--lab', 't-bad', 'get', 'ippools', '-o', 'name')).stdout).toBe('ippool/tiny');
  });
});

describe('a pool that runs out', () => {
  it('gives every address, then refuses the pod, of which nothing is left', async () => {
    await bad.lab.addPods('node1', 3);
    const full = await bad.holdings();
    for (const host of ['node1', 'node2']) {
      const ended = await weftctl('lab', 'add-pod', '--name', 't-bad', host);
      expectRefusal(
        ended,
        /^No free IPv4 address \(pool tiny \(10.50.0.0\/30\): 1 of 1 blocks claimed/,
        `${host}-pod`,
        /Add a pool/,
      );
      expect(await bad.holdings()).toEqual(full);
    }
  });

  it('keeps out a new host whose pods find no address, and its Node', async () => {
    const full = await bad.holdings();
    const ended = await weftctl('lab', 'add-node', '--name', 't-bad', 'late', '--pods', '1');
    expectRefusal(ended, /^No free IPv4 address/, 'late-pod1', /Add a pool/);
    expect(await bad.holdings()).toEqual(full);
    expect((await weftctl('--lab', 't-bad', 'get', 'nodes', '-o', 'name')).stdout).toBe(
      'node/node1\nnode/node2',
    );
    expect((await status('t-bad')).hosts.map(({ name }) => name)).toEqual(['node1', 'node2', 'plain']);
  });

  it('gives a released address only after its cooldown, and says so', async () => {
    await removePod('t-bad', 'node1-pod4');
    const ended = await weftctl('lab', 'add-pod', '--name', 't-bad', 'node1');
    expectRefusal(ended, /^No free IPv4 address .*1 .*cool/, 'node1-pod4', /Add a pool/);
  });

  it('is helped by another pool, which can be deleted again', async () => {
    const path = bad.file('pool.yaml', poolYaml('more', 'cidr: 10.51.0.0/28, blockSize: 28'));
    expect(await weftctl('--lab', 't-bad', 'apply', '-f', path)).toMatchObject({ exitCode: 0, stderr: '' });
    const pod = await waitFor('the daemon knows the pool', () =>
      addPod('t-bad', 'node1').catch(() => undefined),
    );
    expect(pod.addresses).toEqual([expect.stringMatching(/^10\.51\.0\./)]);
    await removePod('t-bad', pod.name);
    expect(await weftctl('--lab', 't-bad', 'delete', 'ippool', 'more')).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
  });
});

function poolYaml(name: string, spec: string): string {
  return `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: ${name} }\nspec: { ${spec} }\n`;
}

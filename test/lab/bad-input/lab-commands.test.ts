/** What is wrong with a `weftctl lab` command is said in three parts, and nothing is changed. */
import { mkdtempSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@weft/lab';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../../harness/refusal.ts';
import { weftctl } from '../../harness/test-lab.ts';
import { end, repository, useBadLab } from './bad-lab.ts';

const bad = useBadLab();

describe('weftctl lab', () => {
  it.each([
    ['up', ['--name', 't-other']],
    ['down', ['--name', 't-bad']],
    ['status', ['--name', 't-bad']],
    ['add-node', ['--name', 't-bad']],
    ['exec', ['--name', 't-bad', 'node1', '--', 'true']],
  ])('%s needs root', async (verb, args) => {
    // Another user may not be allowed into the checkout's parents, so he sees it at another place.
    const script = `mount --bind '${repository}' /mnt && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"`;
    const words = ['/mnt/node_modules/.bin/weftctl', 'lab', verb, ...args];
    const ended = await end('unshare', ['--mount', 'sh', '-c', script, 'sh', ...words]);
    expectRefusal(ended, /^labs are network namespaces, which need root/, `lab ${args[1]}`, /sudo/);
    await bad.expectNothingLeft();
  });

  it.each([
    ['ip', 'iproute2', []],
    ['nsenter', 'util-linux', []],
    ['fping', 'fping', []],
    ['bird', 'bird2', ['--topology', join(repository, 'test/topologies/rack-with-tor/topology.yaml')]],
  ])('up says which package brings %s', async (program, debianPackage, args) => {
    const path = mkdtempSync(join(bad.directory, 'path-'));
    for (const other of ['sh', 'readlink', 'ip', 'nsenter', 'fping'].filter((name) => name !== program)) {
      const { stdout } = await execa('sh', ['-c', `command -v ${other}`]);
      symlinkSync(stdout, join(path, other));
    }
    const words = ['lab', 'up', '--name', 't-other', ...args];
    const ended = await end(join(repository, 'node_modules/.bin/weftctl'), words, { env: { PATH: path } });
    expectRefusal(ended, /is not installed/, program, new RegExp(`apt-get install ${debianPackage}$`));
    await bad.expectNothingLeft();
  });

  it('up refuses the name of a lab that is there, which is not disturbed', async () => {
    const ended = await weftctl('lab', 'up', '--name', 't-bad', '--nodes', '1');
    expectRefusal(
      ended,
      /^a lab of that name exists/,
      't-bad',
      /weftctl lab down --name t-bad\b.*--name NAME/,
    );
    expect((await status('t-bad')).hosts.map(({ name }) => name)).toEqual(['node1', 'node2', 'plain']);
  });

  it.each([
    ['up', '--name', 'T_x'],
    ['up', '--name', 'a-name-of-more-than-24-letters'],
    ['up', '--name', ''],
    ['down', '--name', './t-other'],
    ['status', '--name', '../lab/t-bad'],
  ])('%s refuses the name %s %j', async (...words) => {
    const ended = await weftctl('lab', ...words);
    expectRefusal(
      ended,
      /^lab name ".*" must be|^lab name .* has 30 characters/,
      'lab ',
      /choose another name/,
    );
    await bad.expectNothingLeft();
  });

  it.each([
    [['up', '--nodes', 'three']],
    [['up', '--nodes', '-1']],
    [['up', '--nodes', '1.5']],
    [['up', '--nodes', '']],
    [['up', '--pods', '0x10']],
    [['add-node', '--pods', 'NaN']],
  ])('a number that is none is a mistake of usage: %j', async (words) => {
    const { stdout, stderr, exitCode } = await weftctl('lab', ...words);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toMatch(/argument '.*' is invalid. A whole number is expected./);
    await bad.expectNothingLeft();
  });

  it.each([
    [['up', '--nodes', '0'], /^the number of nodes must be 1 to 200/, '--nodes 0'],
    [['up', '--nodes', '201'], /^the number of nodes must be 1 to 200/, '--nodes 201'],
    [['up', '--pods', '1000'], /^the number of pods on each node must be 0 to 250/, '--pods 1000'],
  ])('a number that is too small or too large: %j', async (words, what, object) => {
    expectRefusal(await weftctl('lab', ...words, '--name', 't-other'), what, object, /choose another number/);
    await bad.expectNothingLeft();
  });

  it('an output format that is none is a mistake of usage', async () => {
    const { stdout, stderr, exitCode } = await weftctl('lab', 'status', '-o', 'xml');
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toContain('Allowed choices are json');
  });

  const absent: [string[], RegExp, string, RegExp][] = [
    [['status', '--name', 't-no'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['ping', '--name', 't-no'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['down', '--name', 't-no'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['add-node', '--name', 't-no'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['add-pod', '--name', 't-no', 'node1'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['exec', '--name', 't-no', 'node1', '--', 'true'], /^there is no lab/, 't-no', /there are: .*t-bad/],
    [
      ['add-pod', '--name', 't-bad', 'node9'],
      /^there is no such host in lab t-bad/,
      'node9',
      /node1, node2, plain/,
    ],
    [
      ['add-pod', '--name', 't-bad', 'plain'],
      /^a host that runs none cannot have pods/,
      'plain',
      /runs weftd/,
    ],
    [
      ['rm-node', '--name', 't-bad', 'node9'],
      /^there is no such host in lab t-bad/,
      'node9',
      /node1, node2, plain/,
    ],
    [
      ['rm-pod', '--name', 't-bad', 'x'],
      /^there is no such pod in lab t-bad/,
      'x',
      /lab status --name t-bad/,
    ],
    [['exec', '--name', 't-bad', 'x', '--', 'true'], /^there is no such host or pod/, 'x', /node1-pod1/],
    [['exec', '--name', 't-bad', 'node1', '--'], /^No command is named/, 'node1', /-- ip route/],
    [['add-node', '--name', 't-bad', 'node1'], /is there already/, 'node1', /lab status --name t-bad/],
    [['add-node', '--name', 't-bad', 'node1-pod1'], /are those of pods/, 'node1-pod1', /lab status/],
    [['add-node', '--name', 't-bad', 'thirteen-char'], /at most 12 fit/, 'thirteen-char', /lab status/],
  ];
  it.each(absent)('%j', async (words, what, object, next) => {
    expectRefusal(await weftctl('lab', ...words), what, object, next);
    await bad.expectNothingLeft();
  });
});

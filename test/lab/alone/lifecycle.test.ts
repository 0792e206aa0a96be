/** A lab comes and goes: output for programs, interrupted runs, two labs beside each other, and nothing left at the end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addPod, down, existingLabs, pingAll, runIn, status } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from '../../harness/refusal.ts';
import { TestLab, weftctl } from '../../harness/test-lab.ts';
import { traces } from '../../harness/traces.ts';
import { waitFor } from '../../harness/wait-for.ts';

const silent = (): void => {};
const program = join(import.meta.dirname, '../../../node_modules/.bin/weftctl');
const directory = mkdtempSync(join(tmpdir(), 'weft-lifecycle-'));
afterAll(() => rmSync(directory, { recursive: true }));
const names = ['t-one', 't-one-b', 't-kill'];

let before: string[];
beforeAll(async () => {
  await removeLabs();
  before = await traces(...names);
});
afterAll(removeLabs);

async function removeLabs(): Promise<void> {
  for (const name of existingLabs().filter((lab) => names.includes(lab))) await down(name, silent);
}

describe('two labs with the same addresses, beside each other', () => {
  const one = new TestLab('t-one');
  const other = new TestLab('t-one-b');
  let ups: Awaited<ReturnType<typeof weftctl>>[];
  beforeAll(async () => {
    const up = (name: string) =>
      weftctl('lab', 'up', '--name', name, '--nodes', '2', '--pods', '1', '-o', 'json');
    ups = await Promise.all([up(one.name), up(other.name)]);
  });

  it('lab up -o json writes one JSON value to standard output, and its progress to standard error', () => {
    for (const { stdout, stderr, exitCode } of ups) {
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        phase: 'up',
        hosts: [{}, {}],
        pods: [{}, {}],
        pings: [{}, {}, {}, {}],
      });
      expect(stderr).toMatch(/^(\[ *\d+\.\d s\] .+\n?)+$/);
    }
  });

  it('lab list names them', async () => {
    const { stdout } = await weftctl('lab', 'list', '-o', 'json');
    expect(JSON.parse(stdout)).toEqual(expect.arrayContaining([one.name, other.name]));
  });

  it('have the same addresses and do not hear of each other', async () => {
    expect(await one.addressOf('node1-pod1')).toBe(await other.addressOf('node1-pod1'));
    const pod = await addPod(one.name, 'node1');
    const [address = ''] = pod.addresses;
    expect(await one.pings('node2-pod1', address)).toBe(true);
    expect(await other.pings('node2-pod1', address)).toBe(false);
    expect((await status(other.name)).pods.map(({ name }) => name)).toEqual(['node1-pod1', 'node2-pod1']);
  });

  describe('lab exec', () => {
    const run = (...words: string[]) => weftctl('lab', 'exec', '--name', 't-one', ...words);
    it.each([
      [
        'words with spaces and dashes',
        ['node1', '--', 'printf', '%s|', 'a  b', '--', '-x', '--name', 'y', ''],
        'a  b|--|-x|--name|y||',
        0,
      ],
      [
        'no -- before the command',
        ['node1', 'ip', '-o', '-4', 'addr', 'show', 'lo'],
        expect.stringContaining('127.0.0.1/8'),
        0,
      ],
      [
        'a pod',
        ['node1-pod1', '--', 'sh', '-c', 'cat /sys/class/net/eth0/address'],
        expect.stringMatching(/^[0-9a-f:]{17}$/),
        0,
      ],
      ['an exit code', ['node1', '--', 'sh', '-c', 'exit 37'], '', 37],
      ['a signal, as shells have it', ['node1', '--', 'sh', '-c', 'kill -KILL $$'], '', 137],
    ])('passes on %s', async (_, words, stdout, exitCode) => {
      expect(await run(...words)).toMatchObject({ stdout, exitCode });
    });

    it('puts output and exit code into one JSON value when asked', async () => {
      const { stdout, exitCode } = await weftctl(
        'lab',
        'exec',
        '--name',
        't-one',
        '-o',
        'json',
        'node1',
        '--',
        'sh',
        '-c',
        'echo a; echo b >&2; exit 3',
      );
      expect(JSON.parse(stdout)).toEqual({ stdout: 'a', stderr: 'b', exitCode: 3 });
      expect(exitCode).toBe(3);
    });
  });

  describe('weftctl --lab', () => {
    const ask = async (...words: string[]): Promise<string> => {
      const { stdout, stderr, exitCode } = await weftctl('--lab', 't-one', ...words);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      return stdout;
    };

    it('get nodes', async () => {
      expect(await ask('get', 'nodes')).toBe('NAME\nnode1\nnode2');
    });

    it('node status shows the daemon and its sessions', async () => {
      expect(await ask('node', 'status', 'node1')).toMatch(
        /^weftd is running on node1.*10\.0\.0\.2 +\| node-to-node mesh \| up /s,
      );
    });

    it('routes and rib show the block of the other host', async () => {
      const [block = ''] = await one.blocksOf('node2');
      const ofBlock = (text: string) => text.split('\n').find((line) => line.startsWith(`${block} `));
      expect(ofBlock(await ask('routes', 'node1'))).toMatch(
        / 10\.0\.0\.2 +eth0 +in-kernel +learned from 10\.0\.0\.2/,
      );
      expect(ofBlock(await ask('rib', 'node1'))).toMatch(/ 10\.0\.0\.2 .* only path$/);
    });

    it('apply and delete change the pools of the running lab, and of no other', async () => {
      const pool = join(directory, 'pool.yaml');
      writeFileSync(
        pool,
        'apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: more }\nspec: { cidr: 10.99.0.0/16 }\n',
      );
      await ask('apply', '-f', pool);
      expect(await ask('get', 'ippools', '-o', 'name')).toContain('ippool/more');
      expect((await weftctl('--lab', 't-one-b', 'get', 'ippools', '-o', 'name')).stdout).not.toContain(
        'more',
      );
      await ask('delete', '-f', pool);
      expect(await ask('get', 'ippools', '-o', 'name')).not.toContain('more');
    });
  });

  it('one with a broken state file says what to do, can be removed, and leaves the other alone', async () => {
    writeFileSync('/run/weft/lab/t-one/lab.json', '{"name": "t-o');
    expectRefusal(
      await weftctl('lab', 'status', '--name', 't-one'),
      /^the state of this lab cannot be read/,
      'lab.json',
      /weftctl lab down --name t-one$/m,
    );
    expectRefusal(
      await weftctl('lab', 'up', '--name', 't-one'),
      /^the state of this lab cannot be read/,
      'lab.json',
      /weftctl lab down --name t-one$/m,
    );
    expect((await weftctl('lab', 'down', '--name', 't-one')).stdout).toBe('lab t-one is gone');
    expect((await traces('t-one')).filter((trace) => trace.includes('t-one'))).toEqual([]);
    expect((await pingAll(other.name, silent)).filter(({ ok }) => !ok)).toEqual([]);
  });

  it('the last one leaves nothing, a shell in it included', async () => {
    const shell = runIn(other.name, 'node1-pod1', ['sleep', '1000']);
    const inPod = () => execa('ip', ['netns', 'pids', other.namespaceOf('node1-pod1')]);
    await waitFor('the shell runs', async () => (await inPod()).stdout !== '');
    expect((await weftctl('lab', 'down', '--name', other.name, '-o', 'json')).stdout).toBe(
      '{\n  "removed": "t-one-b"\n}',
    );
    expect((await shell).exitCode).not.toBe(0);
    expect(await traces(...names)).toEqual(before);
    expect(existsSync('/run/weft')).toBe(existingLabs().length > 0);
  });
});

describe('lab up that is killed', () => {
  afterEach(async () => {
    if (existingLabs().includes('t-kill')) await down('t-kill', silent);
  });

  /** Starts `lab up` and kills it as soon as a file is there. */
  async function upKilledAt(path: string): Promise<void> {
    const child = spawn(program, ['lab', 'up', '--name', 't-kill', '--nodes', '2', '--pods', '3'], {
      stdio: 'ignore',
    });
    await waitFor(path, () => existsSync(path));
    child.kill('SIGKILL');
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
  }

  const moments = [
    ['before the first namespace', '/run/weft/lab/t-kill/lock'],
    ['while it wires the hosts', '/run/netns/weft.t-kill.node1'],
    ['while the daemons start', '/run/weft/lab/t-kill/hosts/node2/daemon.log'],
    ['while it plugs in pods', '/run/netns/weft.t-kill.node1-pod2'],
  ] as const;

  it.each(moments)('%s: the next one takes over', async (_, path) => {
    await upKilledAt(path);
    const { stderr, exitCode } = await weftctl(
      'lab',
      'up',
      '--name',
      't-kill',
      '--nodes',
      '2',
      '--pods',
      '1',
    );
    expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 });
    expect((await status('t-kill')).pods.length).toBe(2);
    expect((await pingAll('t-kill', silent)).filter(({ ok }) => !ok)).toEqual([]);
  });

  it.each(moments)('%s: other commands say what it is, and lab down removes it', async (_, path) => {
    await upKilledAt(path);
    const ended = await weftctl('lab', 'add-pod', '--name', 't-kill', 'node1');
    expectRefusal(
      ended,
      /^of this lab only the leftover of an interrupted run is there/,
      't-kill',
      /lab up --name t-kill.*lab down --name t-kill/,
    );
    expect((await weftctl('lab', 'down', '--name', 't-kill')).exitCode).toBe(0);
    expect(await traces(...names)).toEqual(before);
  });

  it('is one of two that come at the same time: one builds, the other is told so', async () => {
    const up = () => weftctl('lab', 'up', '--name', 't-kill', '--nodes', '1', '--pods', '1');
    const ended = await Promise.all([up(), up()]);
    const [refused] = ended.filter(({ exitCode }) => exitCode !== 0);
    expect(ended.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1]);
    if (refused !== undefined)
      expectRefusal(
        refused,
        /^process \d+ is working on the lab|^a lab of that name exists/,
        't-kill',
        /try again|--name NAME/,
      );
    expect((await status('t-kill')).pods.length).toBe(1);
  });
});

/** What a runtime may get wrong, through the plugin as it is installed: an error that says what to do, and nothing left. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNetns, deleteNetns, netnsPath } from '@weft/kernel';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { containerTraces } from '../harness/container-traces.ts';
import { callWeft, type Sandbox } from '../harness/libcni.ts';
import type { Ended } from '../harness/refusal.ts';
import { useRuntimes } from '../harness/runtimes.ts';
import { smallTopology, useLab } from '../harness/test-lab.ts';

const small = { name: 'small', cidr: '10.99.0.0/30', blockSize: 30 };
const topology = smallTopology(1, 0);
const lab = useLab('t-bad-cni', { ...topology, pools: [...topology.pools, small] });
const runtimes = useRuntimes(lab, { hosts: ['node1'], networks: {} });

const containers = Array.from({ length: 5 }, (_, index) => `t-bad-cni-c${index}`);
const sandbox = (index: number): Sandbox => ({
  containerId: `c${index}`,
  netns: netnsPath(containers[index] ?? ''),
});
const configuration = { cniVersion: '1.0.0', name: 'pods', type: 'weft' };

const call = (command: string, stdin: string | object, of: Partial<Sandbox> = sandbox(0)): Promise<Ended> =>
  callWeft(runtimes.host('node1'), command, stdin, of);

/** Expects an error of the CNI specification that names what is wrong and says what to do. */
function expectError(ended: Ended, code: number, words: RegExp): void {
  const error: unknown = JSON.parse(ended.stdout);
  expect(error).toEqual({
    cniVersion: expect.stringMatching(/^\d\.\d\.\d$/),
    code,
    msg: expect.stringMatching(/\w/),
    details: expect.stringMatching(/\w/),
  });
  expect(ended.stdout).toMatch(words);
  expect(ended.stdout).not.toMatch(/\n\s+at |mistake in weft/);
  expect(ended.exitCode).toBe(1);
}

let before: string[];
beforeAll(async () => {
  containers.forEach(createNetns);
  before = await containerTraces(lab.name);
});
afterEach(async () => {
  expect(await containerTraces(lab.name)).toEqual(before);
});
afterAll(() => containers.forEach(deleteNetns));

describe('standard input', () => {
  it.each<[string, string | object, number, RegExp]>([
    ['is empty', '', 6, /JSON/],
    ['is no JSON', 'ADD me please', 6, /JSON/],
    ['breaks off', '{"cniVersion":"1.0.0","name":"po', 6, /JSON/],
    ['is a list', '[]', 6, /object/],
    ['is of a version that is not there yet', { ...configuration, cniVersion: '9.9.9' }, 1, /9\.9\.9/],
    ['has a version that is a number', { ...configuration, cniVersion: 1 }, 6, /cniVersion/],
    ['has no name', { cniVersion: '1.0.0', type: 'weft' }, 7, /name/],
    ['has a name of the wrong kind', { ...configuration, name: 7 }, 7, /name/],
    ['has an ipam that is a number', { ...configuration, ipam: 5 }, 7, /ipam/],
    ['has an MTU that is a text', { ...configuration, mtu: 'large' }, 7, /mtu/],
    [
      'names a pool that is not there',
      { ...configuration, ipam: { ipv4_pools: ['nowhere'] } },
      101,
      /nowhere/,
    ],
    [
      'asks for an address that is none',
      { ...configuration, runtimeConfig: { ips: ['10.244.1'] } },
      7,
      /10\.244\.1/,
    ],
  ])('%s', async (_words, stdin, code, words) => {
    expectError(await call('ADD', stdin), code, words);
  });
});

describe('the network namespace', () => {
  it('is a file', async () => {
    const file = join(runtimes.host('node1').directory, 'no-namespace');
    writeFileSync(file, '');
    expectError(
      await call('ADD', configuration, { containerId: 'c0', netns: file }),
      4,
      /CNI_NETNS.*no-namespace/s,
    );
  });

  it('is not there', async () => {
    const netns = '/run/netns/t-bad-cni-nowhere';
    expectError(await call('ADD', configuration, { containerId: 'c0', netns }), 3, /t-bad-cni-nowhere/);
  });

  it('is not said', async () => {
    expectError(await call('ADD', configuration, { containerId: 'c0' }), 4, /CNI_NETNS/);
  });
});

describe('addresses', () => {
  let added: Ended[];
  const addIn = (ipam: object) => (of: Sandbox) => call('ADD', { ...configuration, ipam }, of);
  beforeEach(() => {
    added = [];
  });

  it('are taken: another container has the one that is asked for', async () => {
    const wanted = { ...configuration, runtimeConfig: { ips: ['10.244.77.7'] } };
    added.push(await call('ADD', wanted, sandbox(0)));
    expectError(await call('ADD', wanted, sandbox(1)), 101, /10\.244\.77\.7/);
    await call('DEL', wanted, sandbox(0));
    expect(added).toMatchObject([{ exitCode: 0 }]);
  });

  it('are used up: a pool of four has no fifth', async () => {
    const add = addIn({ ipv4_pools: [small.name] });
    for (const index of [0, 1, 2, 3]) added.push(await add(sandbox(index)));
    expectError(await add(sandbox(4)), 101, /small|10\.99\.0\.0/);
    for (const index of [0, 1, 2, 3]) await call('DEL', configuration, sandbox(index));
    expect(added.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
  });
});

describe('a container', () => {
  it('vanished before its DEL, or was never there', async () => {
    expect(await call('DEL', configuration, { containerId: 'never' })).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    expect(await call('ADD', configuration, sandbox(0))).toMatchObject({ exitCode: 0 });
    deleteNetns(containers[0] ?? '');
    const gone = { containerId: 'c0', netns: netnsPath(containers[0] ?? '') };
    for (let time = 0; time < 2; time++)
      expect(await call('DEL', configuration, gone)).toMatchObject({ exitCode: 0 });
    createNetns(containers[0] ?? '');
  });
});

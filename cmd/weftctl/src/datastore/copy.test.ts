import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAll, hold, inStore, node, pool, workload } from '../../test/cluster.ts';
import { type Result, Workbench } from '../../test/run.ts';

let workbench: Workbench;

beforeEach(async () => {
  workbench = new Workbench();
  await inStore(workbench.path('a.db'), async (store, ipam) => {
    await createAll(store, node('n1'), pool('p', '10.0.0.0/16'), workload('w', 'n1', '10.0.0.1'));
    await hold(ipam, 'n1', 'w', '10.0.0.1');
  });
});

afterEach(() => workbench.remove());

function copy(...more: string[]): Promise<Result> {
  const places = ['--from', workbench.path('a.db'), '--to', workbench.path('b.db')];
  return workbench.run(['datastore', 'copy', ...places, ...more]);
}

async function show(file: string, ...args: string[]): Promise<string> {
  return (await workbench.run([...args, '--datastore', workbench.path(file)])).stdout;
}

describe('datastore copy', { timeout: 60_000 }, () => {
  test('copies everything, counts it, and IPAM goes on in the copy', async () => {
    const { code, stdout, stderr } = await copy();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^KIND +FOUND +CREATED +REPLACED +UNCHANGED +KEPT +FAILED\n/);
    expect(stdout).toMatch(/^IPAMBlock +1 +1 +0 +0 +0 +0$/m);
    expect(stdout).toMatch(/Both stores were compared and agree\.\n$/);
    expect(stderr).toMatch(/^IPPool: 1$/m);
    for (const command of [
      ['ipam', 'show'],
      ['ipam', 'check', '--show-all-ips'],
      ['ipam', 'show', '--ip', '10.0.0.1'],
    ])
      expect(await show('b.db', ...command)).toBe(await show('a.db', ...command));
  });

  test('a dry run writes nothing, not even a file', async () => {
    const { code, stdout } = await copy('--dry-run');
    expect(stdout).toMatch(/^IPPool +1 +1 /m);
    expect(stdout).toMatch(/Nothing was written: this was a dry run\.\n$/);
    expect({ code, exists: existsSync(workbench.path('b.db')) }).toEqual({ code: 0, exists: false });
  });

  test('a target that is not empty is refused, kept or replaced as told', async () => {
    await inStore(workbench.path('b.db'), (store) => createAll(store, pool('p', '10.9.0.0/16')));
    const refused = await copy();
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /not empty: the target holds IPPool "p"\..*\n {2}That is --existing keep or --existing replace\./,
    );
    const dry = await copy('--existing', 'replace', '--dry-run');
    expect(dry.stdout).toMatch(/^IPPool +1 +0 +1 /m);
    expect(await show('b.db', 'get', 'ippools')).toContain('10.9.0.0/16');
    const kept = await copy('--existing', 'keep');
    expect(kept.stdout).toMatch(/^IPPool +1 +0 +0 +0 +1 /m);
    expect(await show('b.db', 'get', 'ippools')).toContain('10.9.0.0/16');
    const replaced = await copy('--existing', 'replace');
    expect(replaced.code).toBe(0);
    expect(await show('b.db', 'get', 'ippools')).toContain('10.0.0.0/16');
  });

  test('--lock leaves the lock as it was', async () => {
    await workbench.run(['datastore', 'migrate', 'lock', '--datastore', workbench.path('a.db')]);
    await workbench.run(['datastore', 'migrate', 'unlock', '--datastore', workbench.path('a.db')]);
    expect((await copy('--lock')).code).toBe(0);
    for (const file of ['a.db', 'b.db'])
      expect(
        JSON.parse(await show(file, 'get', 'clusterinfo', 'default', '-o', 'json')).spec.datastoreReady,
      ).toBe(true);
  });

  test.each([
    ['no target', ['--from', 'x'], 2, /required option '--to/],
    [
      'a source that is none',
      ['--from', 'mysql://u:secret@h', '--to', 'x'],
      2,
      /--from does not name a datastore: .*\*\*\*@h/,
    ],
    ['the same twice', ['--from', 'x.db', '--to', 'x.db'], 2, /are the same datastore/],
    ['a choice that is none', ['--from', 'x', '--to', 'y', '--existing', 'merge'], 2, /Allowed choices/],
    [
      'a source that is away',
      ['--from', '/nonexistent/x.db', '--to', '/nonexistent/y.db'],
      1,
      /\/nonexistent\/x\.db/,
    ],
  ])('%s', async (_, args, code, message) => {
    const result = await workbench.run(['datastore', 'copy', ...args]);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toContain('secret');
    expect(result).toMatchObject({ code, stdout: '' });
  });
});

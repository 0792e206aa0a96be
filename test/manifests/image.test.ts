/** What the container image holds works without the repository around it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'weft-image-'));
const root = join(import.meta.dirname, '../..');

beforeAll(() => execa(process.execPath, [join(root, 'hack/build-image.ts'), folder]));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the programs of the image', () => {
  it('weftd opens the kernel of a host, and says what is wrong with it', async () => {
    const places = [
      'control-socket',
      'ipam-journal',
      'datastore',
      'nodename-file',
      'cni-spool',
      'record-directory',
    ].flatMap((name) => [`--${name}`, join(folder, name)]);
    const command = ['--net', process.execPath, join(folder, 'weftd.mjs'), '--node-name', 'node1', ...places];
    const { exitCode, stderr } = await execa('unshare', command, { cwd: '/', reject: false });
    expect(stderr).toContain('this node has no address that others could reach');
    expect(exitCode).toBe(1);
  });

  it('weft-controller and weftctl start', async () => {
    const run = (...args: string[]) => execa(process.execPath, args, { cwd: '/', reject: false });
    expect((await run(join(folder, 'weft-controller.mjs'), '--version')).stdout).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await run(join(folder, 'weftctl/main.mjs'), 'version')).stdout).toContain('Client Version:');
  });

  it('weftctl installs the plugin, as the init container does', async () => {
    const places = ['--bin-dir', join(folder, 'bin'), '--conf-dir', join(folder, 'net.d')];
    const install = [
      join(folder, 'weftctl/main.mjs'),
      'cni',
      'install',
      '--plugin',
      join(folder, 'weft'),
      ...places,
    ];
    expect((await execa(process.execPath, install, { cwd: '/' })).stdout).toContain('Installed');
  });
});

import { execFile, execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openKernel } from './linux-kernel.ts';
import { createNetns, deleteNetns, listNetns, netnsPath } from './namespaces.ts';
import { currentNetnsPath, netnsOfPid, withNetns } from './netns.ts';

const name = `wt-kernel-${process.pid}-ns`;
const here = (): string => readlinkSync(currentNetnsPath);

// Needs root.
describe('named namespaces', () => {
  afterEach(() => {
    if (listNetns().includes(name)) deleteNetns(name);
  });

  it('are those of `ip netns`', () => {
    createNetns(name);
    expect(listNetns()).toContain(name);
    expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).toContain(name);
    const links = execFileSync('ip', ['netns', 'exec', name, 'cat', '/proc/net/dev'], { encoding: 'utf8' });
    expect(links.match(/^ *\w+:/gm)).toEqual(['    lo:']);
    execFileSync('ip', ['netns', 'delete', name]);
    expect(listNetns()).not.toContain(name);
    execFileSync('ip', ['netns', 'add', name]);
    deleteNetns(name);
    expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).not.toContain(name);
  });

  it('leave the thread where it was', () => {
    const before = here();
    createNetns(name);
    expect(here()).toBe(before);
  });

  it('refuse a name that is taken, and one that is gone', () => {
    createNetns(name);
    expect(() => createNetns(name)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    deleteNetns(name);
    expect(() => deleteNetns(name)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it.each(['', '.', '..', '../x', 'a/b', 'a\0b'])('refuse the name %j, which would lead elsewhere', (bad) => {
    expect(() => createNetns(bad)).toThrow(TypeError);
    expect(() => deleteNetns(bad)).toThrow(TypeError);
  });

  it('are deleted even when only the file is left', () => {
    createNetns(name);
    execFileSync('umount', [netnsPath(name)]);
    deleteNetns(name);
    expect(existsSync(netnsPath(name))).toBe(false);
  });
});

describe('withNetns', () => {
  afterEach(() => {
    if (listNetns().includes(name)) deleteNetns(name);
  });

  it('runs inside and comes back, also from a nested one and from an exception', () => {
    createNetns(name);
    const home = here();
    const homeFd = openSync(currentNetnsPath, 'r');
    const inside = withNetns(netnsPath(name), () => {
      const nested = withNetns(homeFd, () => here());
      return { first: here(), nested };
    });
    closeSync(homeFd);
    expect(inside).toMatchObject({ kind: 'done', value: { nested: { kind: 'done', value: home } } });
    expect(inside.kind === 'done' && inside.value.first).not.toBe(home);
    expect(here()).toBe(home);
    const fail = (): never => {
      throw new Error('inside');
    };
    expect(() => withNetns(netnsPath(name), fail)).toThrow('inside');
    expect(here()).toBe(home);
  });

  it('refuses what is no namespace, and does not call the function', () => {
    const directory = mkdtempSync(join(tmpdir(), 'wt-kernel-'));
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const never = (): never => {
      throw new Error('called');
    };
    expect(withNetns(join(directory, 'nothing'), never)).toEqual({ kind: 'refused', errno: 'ENOENT' });
    expect(withNetns(file, never)).toEqual({ kind: 'refused', errno: 'EINVAL' });
    expect(() => openKernel({ netns: file })).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    rmSync(directory, { recursive: true });
  });

  it('leaves asynchronous file access at home, in a process that did nothing asynchronous before', async () => {
    createNetns(name);
    const script = `
      import { readlink, readdirSync, readlinkSync } from 'node:fs';
      import { withNetns } from ${JSON.stringify(join(import.meta.dirname, 'netns.ts'))};
      withNetns(${JSON.stringify(netnsPath(name))}, () => {
        readlink('/proc/thread-self/ns/net', (_error, seen) => {
          const tasks = readdirSync('/proc/self/task').map((task) => readlinkSync('/proc/self/task/' + task + '/ns/net'));
          console.log(JSON.stringify([seen, ...tasks]));
        });
      });`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const seen = JSON.parse(stdout) as string[];
    expect(new Set(seen)).toEqual(new Set([here()]));
    expect(await readlink(currentNetnsPath)).toBe(here());
  });

  it('aborts the process when there is no way back', async () => {
    createNetns(name);
    const script = `
      import { closeSync, readdirSync, readlinkSync } from 'node:fs';
      import { withNetns } from ${JSON.stringify(join(import.meta.dirname, 'netns.ts'))};
      const home = readlinkSync('/proc/thread-self/ns/net');
      withNetns(${JSON.stringify(netnsPath(name))}, () => {
        for (const fd of readdirSync('/proc/self/fd')) {
          let target = '';
          try { target = readlinkSync('/proc/self/fd/' + fd); } catch {}
          if (target === home) closeSync(Number(fd));
        }
      });
      console.log('went on');`;
    const run = promisify(execFile)('/bin/sh', [
      '-c',
      'ulimit -c 0; exec "$@"',
      'sh',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
    ]);
    await expect(run).rejects.toMatchObject({
      signal: 'SIGABRT',
      stdout: '',
      stderr: expect.stringContaining('cannot return to the network namespace'),
    });
  });
});

describe('a kernel', () => {
  it('stays in its namespace, whatever namespace the thread is in later', () => {
    createNetns(name);
    const kernel = openKernel();
    const before = kernel.links();
    const inside = withNetns(netnsPath(name), () => ({
      links: kernel.links(),
      sysctl: kernel.readSysctl('net/ipv4/ip_forward'),
    }));
    expect(inside).toEqual({
      kind: 'done',
      value: { links: before, sysctl: readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() },
    });
    kernel.close();
    deleteNetns(name);
  });

  it('leaves no descriptor behind when it is closed, and may be closed twice', async () => {
    createNetns(name);
    const home = openKernel();
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    for (let round = 0; round < 20; round += 1) {
      const opened = home.openNetns(netnsPath(name));
      if (opened.kind !== 'opened') throw new Error(opened.errno);
      opened.kernel.subscribe(() => {});
      opened.kernel.close();
      opened.kernel.close();
      // A namespace of another kind: the path opens, entering it is refused.
      expect(home.openNetns('/proc/self/ns/mnt')).toEqual({ kind: 'refused', errno: 'EINVAL' });
    }
    // Node closes the handle of a stream when the event loop turns.
    await vi.waitFor(() => expect(descriptors()).toBe(before));
    home.close();
    deleteNetns(name);
  });

  it('of a process is found by its id', () => {
    const kernels = [openKernel({ netns: netnsOfPid(process.pid) }), openKernel()];
    const [byId, own] = kernels.map((kernel) => kernel.links());
    expect(byId).toEqual(own);
    for (const kernel of kernels) kernel.close();
  });
});

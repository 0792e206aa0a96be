/**
 * Named network namespaces, as `ip netns` keeps them: a name is a file in /run/netns with the namespace mounted on it,
 * so that it lives without a process in it. What is made here `ip netns exec` can use, and the other way round.
 */
import { closeSync, mkdirSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { KernelError } from './errno.ts';
import { currentNetnsPath, returnHome, startPoolThreads } from './netns.ts';
import { detachMount, MS, mount, type SyscallResult, unshareNetns } from './syscalls.ts';

const directory = '/run/netns';

/** The path of a named namespace, for `openKernel` and `withNetns`. Throws TypeError for a name that is no file name. */
export function netnsPath(name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0'))
    throw new TypeError(
      `${JSON.stringify(name)} cannot name a network namespace: it has to be a plain file name`,
    );
  return `${directory}/${name}`;
}

/**
 * Makes a namespace; its loopback is down, as the kernel makes it.
 *
 * Throws KernelError: EEXIST when the name is taken, EPERM when not root.
 */
export function createNetns(name: string): void {
  const path = netnsPath(name);
  prepareDirectory();
  try {
    closeSync(openSync(path, 'wx', 0o000));
  } catch (cause) {
    throw new KernelError(
      `cannot make the network namespace ${name}`,
      (cause as NodeJS.ErrnoException).code ?? 'EIO',
    );
  }
  const mounted = mountNewNetns(path);
  if (mounted.ok) return;
  unlinkSync(path);
  throw new KernelError(`cannot make the network namespace ${name}`, mounted.errno);
}

/** Leaves home for a new namespace, pins it to the path, and comes back. */
function mountNewNetns(path: string): SyscallResult {
  startPoolThreads();
  const home = openSync(currentNetnsPath, 'r');
  try {
    const unshared = unshareNetns();
    if (!unshared.ok) return unshared;
    try {
      return mount(currentNetnsPath, path, 'none', MS.BIND);
    } finally {
      returnHome(home);
    }
  } finally {
    closeSync(home);
  }
}

/**
 * Deletes the name. The namespace itself goes, with everything in it, once no process and no descriptor holds it.
 *
 * Throws KernelError: ENOENT when there is none, EPERM when not root.
 */
export function deleteNetns(name: string): void {
  const path = netnsPath(name);
  // EINVAL: nothing is mounted there, a leftover of a machine that went down; the file still has to go.
  const detached = detachMount(path);
  if (!detached.ok && detached.errno !== 'EINVAL')
    throw new KernelError(`cannot delete the network namespace ${name}`, detached.errno);
  unlinkSync(path);
}

/** The names in use, sorted. */
export function listNetns(): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}

/** Makes the directory and shares its mounts, so that other mount namespaces see names come and go. */
function prepareDirectory(): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  if (mount('', directory, 'none', MS.SHARED | MS.REC).ok) return;
  // It is no mount point yet (EINVAL); being root is checked by what follows.
  mount(directory, directory, 'none', MS.BIND | MS.REC);
  mount('', directory, 'none', MS.SHARED | MS.REC);
}

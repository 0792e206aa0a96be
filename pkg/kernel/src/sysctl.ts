/**
 * Files below /proc/sys. Those under `net/` show the namespace of the thread that opens them, so the caller sees to
 * it that the thread is where it should be; only synchronous file access runs on that thread.
 */
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import type { ChangeResult, Refusal } from './kernel.ts';
import { MS, mount, type SyscallResult } from './syscalls.ts';

const root = '/proc/sys';

/** The value of a key without its line end; undefined where the key does not exist or cannot be read. */
export function readSysctlFile(key: string): string | undefined {
  try {
    return readFileSync(`${root}/${key}`, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}

/** Writes a key: ENOENT where it does not exist, EINVAL for a value the kernel does not take, EROFS in a locked container. */
export function writeSysctlFile(key: string, value: string): ChangeResult {
  try {
    writeFileSync(`${root}/${key}`, value);
    return null;
  } catch (cause) {
    return { errno: (cause as NodeJS.ErrnoException).code ?? 'EIO' };
  }
}

/** What became of a /proc/sys/net that may have been read-only. */
export type Unlocked =
  | { readonly kind: 'was-writable' }
  | { readonly kind: 'unlocked' }
  | ({ readonly kind: 'refused' } & Refusal);

/**
 * Makes /proc/sys/net writable where a container runtime has mounted /proc/sys read-only, in the mount namespace of the
 * process. All else of /proc/sys stays as it was mounted. It takes CAP_SYS_ADMIN, and no security module against it:
 * EPERM or EACCES otherwise.
 */
export function unlockNetworkSysctls(): Unlocked {
  if (!isReadOnly()) return { kind: 'was-writable' };
  const path = `${root}/net`;
  const bound = mount(path, path, '', MS.BIND);
  // A remount sets all flags anew, so those that a runtime gives to /proc are said again.
  const remounted = bound.ok ? mount('', path, '', MS.REMOUNT | MS.BIND | procFlags) : bound;
  return outcome(remounted);
}

const procFlags = MS.NOSUID | MS.NODEV | MS.NOEXEC;

function outcome(result: SyscallResult): Unlocked {
  return result.ok ? { kind: 'unlocked' } : { kind: 'refused', errno: result.errno };
}

/** Only what the mount says: whose file it is, the capabilities decide. */
function isReadOnly(): boolean {
  try {
    accessSync(`${root}/net/ipv4/ip_forward`, constants.W_OK);
    return false;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EROFS';
  }
}

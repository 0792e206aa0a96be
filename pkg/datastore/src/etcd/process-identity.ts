/**
 * Which process this is, for others to recognise: and whether one that has written its identity down has ended, which can
 * be told only on the same running kernel and in the same PID namespace.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** One process of one boot of one machine. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, in clock ticks since the boot: tells it from a later process with its pid. */
  readonly startTime: string;
  readonly bootId: string;
  readonly pidNamespace: string;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return {
    host: hostname(),
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
  };
}

/** True: it has ended. False: it runs. Undefined: that cannot be seen from here. */
export function isEnded(other: ProcessIdentity | undefined): boolean | undefined {
  const own = thisProcess();
  if (other?.bootId !== own.bootId || other.pidNamespace !== own.pidNamespace) return undefined;
  return startTimeOf(other.pid) !== other.startTime;
}

/** Field 22 of /proc/PID/stat, counted after the name in parentheses. A zombie has ended. */
function startTimeOf(pid: number): string | undefined {
  try {
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

/** What processes have used, from /proc. */
import { readFileSync } from 'node:fs';

/** Clock ticks of a second; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU time of processes with all their threads, in seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS;
}

/** Resident memory of processes together, now and at the most, in MiB. */
export function memory(pids: readonly number[]): { rssMiB: number; peakMiB: number } {
  let rssMiB = 0;
  let peakMiB = 0;
  for (const pid of pids) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    rssMiB += readKib(status, 'VmRSS') / 1024;
    peakMiB += readKib(status, 'VmHWM') / 1024;
  }
  return { rssMiB, peakMiB };
}

function readKib(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

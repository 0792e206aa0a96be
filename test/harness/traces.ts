/**
 * What a lab of the tests could leave on the machine: links and routes in the machine's own namespace, and the namespaces,
 * files and processes of labs whose names begin with `t-`.
 */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { listNetns } from '@weft/kernel';
import { execa } from 'execa';

const labs = '/run/weft/lab';

/** One line for each thing that is there now, to be compared with the lines of another moment. */
export async function traces(): Promise<string[]> {
  const ip = async (...args: string[]): Promise<string[]> => (await execa('ip', args)).stdout.split('\n');
  return [
    ...readdirSync('/sys/class/net').map((name) => `link ${name}`),
    ...(await ip('-4', 'route', 'show', 'table', 'all')).map((route) => `route ${route}`),
    ...(await ip('-6', 'route', 'show', 'table', 'all')).map(
      (route) => `route ${route.replace(/expires \d+sec/, '')}`,
    ),
    ...listNetns().flatMap((name) => (name.startsWith('weft.t-') ? `namespace ${name}` : [])),
    ...globSync(`${labs}/t-*/**`).map((path) => `file ${path}`),
    ...processesOfLabs(),
  ];
}

/** Daemons and their launchers: whatever has a path of a test lab on its command line. */
function processesOfLabs(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandLine)
    .filter((line) => line.includes(`${labs}/t-`))
    .map((line) => `process ${line}`);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it ended while we looked
  }
}

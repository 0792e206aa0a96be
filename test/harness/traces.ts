/**
 * What a lab of the tests could leave on the machine: links and routes in the machine's own namespace, and the namespaces,
 * files and processes of certain labs.
 */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { listNetns } from '@weft/kernel';
import { execa } from 'execa';

const directory = '/run/weft/lab';

/** One line for each thing that is there now, to be compared with the lines of another moment. */
export async function traces(...labs: string[]): Promise<string[]> {
  const ip = async (...args: string[]): Promise<string[]> => (await execa('ip', args)).stdout.split('\n');
  return [
    ...readdirSync('/sys/class/net').map((name) => `link ${name}`),
    ...(await ip('-4', 'route', 'show', 'table', 'all')).map((route) => `route ${route}`),
    ...(await ip('-6', 'route', 'show', 'table', 'all')).map(
      (route) => `route ${route.replace(/expires \d+sec/, '')}`,
    ),
    ...labs.flatMap((lab) => [...namespacesOf(lab), ...filesOf(lab), ...processesOf(lab)]),
  ];
}

function namespacesOf(lab: string): string[] {
  const names = listNetns().filter((name) => name.startsWith(`weft.${lab}.`));
  return names.map((name) => `namespace ${name}`);
}

function filesOf(lab: string): string[] {
  return globSync(`${directory}/${lab}/**`).map((path) => `file ${path}`);
}

/** Daemons and their launchers: whatever has a path of the lab on its command line. */
function processesOf(lab: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandLine)
    .filter((line) => line.includes(`${directory}/${lab}/`))
    .map((line) => `process ${line}`);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it ended while we looked
  }
}

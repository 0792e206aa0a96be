/**
 * What has to be so before a lab is touched: root, a name that is one, the programs a lab calls.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { packageOf, programOf } from './daemons.ts';
import { LabError } from './issues.ts';
import { nameIssue } from './names.ts';
import type { Topology } from './topology.ts';

/** Namespaces, and the files of labs, are for root alone. Throws `LabError` for anybody else. */
export function requireRoot(lab: string): void {
  if (process.getuid?.() === 0) return;
  throw new LabError(
    'labs are network namespaces, which need root',
    `lab ${lab}`,
    'run the command with sudo',
  );
}

/** A lab's name becomes a directory that `down` removes: nothing with a slash or a dot. Throws `LabError`. */
export function requireLabName(name: string): void {
  const issue = nameIssue('lab', name);
  if (issue !== undefined) throw new LabError(issue, `lab ${JSON.stringify(name)}`, 'choose another name');
}

/** Throws `LabError` that names the first program which is not installed, and the Debian package that brings it. */
export function requirePrograms({ datastore, hosts }: Topology): void {
  requireProgram('ip', 'iproute2');
  requireProgram('nsenter', 'util-linux');
  requireProgram('fping', 'fping');
  if (datastore === 'etcd') requireProgram('etcd', 'etcd-server');
  for (const { runs } of hosts) {
    if (runs === 'bird' || runs === 'frr' || runs === 'gobgp')
      requireProgram(programOf[runs], packageOf[runs]);
  }
}

function requireProgram(program: string, debianPackage: string): void {
  const directories = isAbsolute(program) ? [''] : (process.env.PATH ?? '').split(delimiter);
  if (directories.some((directory) => isExecutable(join(directory, program)))) return;
  throw new LabError(
    'a program that labs need is not installed',
    program,
    `run: apt-get install ${debianPackage}`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

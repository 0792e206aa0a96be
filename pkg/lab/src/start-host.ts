/**
 * Starts what a host runs, once its namespace stands: its directory, its configuration file, its daemons.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { execa } from 'execa';
import { configFileName, daemonCommands, type Installation } from './daemons.ts';
import { labDatastoreText } from './datastore.ts';
import { LabError } from './issues.ts';
import { hostFiles, namespaceOf } from './names.ts';
import { startDaemon } from './processes.ts';
import type { Host, Topology } from './topology.ts';

/** Starts the daemons of one host whose namespace stands. */
export async function startHost(
  lab: string,
  topology: Topology,
  host: Host,
  baseDirectory: string,
  installation: Installation,
): Promise<void> {
  const files = hostFiles(lab, host.name);
  mkdirSync(files.directory, { recursive: true, mode: 0o755 });
  if (host.config !== undefined) copyConfig(host, baseDirectory, join(files.directory, configFileName(host)));
  // FRR gives up root as soon as it runs, and then writes its pid file and sockets.
  if (host.runs === 'frr') await execa('chown', ['-R', 'frr:frr', files.directory]);
  const { holdTimeSeconds } = topology;
  const settings = { datastore: labDatastoreText(lab, topology), holdTimeSeconds };
  for (const command of daemonCommands(lab, host, settings, installation)) {
    await startDaemon(namespaceOf(lab, host.name), command, files.log);
  }
}

function copyConfig(host: Host, baseDirectory: string, target: string): void {
  const source = isAbsolute(host.config ?? '') ? (host.config ?? '') : join(baseDirectory, host.config ?? '');
  try {
    copyFileSync(source, target);
  } catch (cause) {
    throw new LabError(
      `the configuration of host ${host.name} cannot be read`,
      source,
      'correct `config` in the topology',
      { cause },
    );
  }
}

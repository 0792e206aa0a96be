/**
 * Where a lab's resources live: in a file, or in an etcd of the lab's own, as a user with more than one machine has it.
 *
 * That etcd lives in the namespace of the lab's switch, so that `down` finds it, and listens on a unix socket: every host, and
 * weftctl, shares the machine's files, and none shares a network with it.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatastoreChoice } from '@weft/datastore';
import type { DaemonCommand } from './daemons.ts';
import { labFiles, switchNamespace } from './names.ts';
import { endProcesses, processesIn, startDaemon } from './processes.ts';
import { requireState } from './state.ts';
import type { Topology } from './topology.ts';

/** The datastore of a lab with this topology. */
export function labDatastore(lab: string, { datastore }: Pick<Topology, 'datastore'>): DatastoreChoice {
  const files = labFiles(lab);
  return datastore === 'etcd'
    ? { type: 'etcd', endpoints: [`unix://${files.etcdSocket}`] }
    : { type: 'embedded', path: files.datastore };
}

/** The same in one word, as `--datastore` takes it. */
export function labDatastoreText(lab: string, { datastore }: Pick<Topology, 'datastore'>): string {
  const files = labFiles(lab);
  return datastore === 'etcd' ? `etcd://${files.etcdSocket}` : files.datastore;
}

/** Starts what the lab's datastore needs, when it is not a file: its data are those it had before, if any. */
export async function startDatastore(lab: string, topology: Pick<Topology, 'datastore'>): Promise<void> {
  if (topology.datastore !== 'etcd') return;
  const { etcdLog, etcdSocket } = labFiles(lab);
  const directory = dirname(etcdLog);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // A killed etcd leaves its sockets behind, and the next one takes them for those of another.
  for (const name of socketNames) rmSync(join(directory, name), { force: true });
  await startDaemon(switchNamespace(lab), etcdCommand(etcdSocket), etcdLog);
}

/** Ends the lab's etcd, as a failure of it would. */
export async function stopEtcd(lab: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  requireState(lab);
  await endProcesses(processesIn(switchNamespace(lab)), signal);
}

/** Starts the lab's etcd again. */
export function restartEtcd(lab: string): Promise<void> {
  return startDatastore(lab, requireState(lab).topology);
}

/** As etcd names them after its URLs. */
const socketNames = ['etcd:0', 'peer:0'] as const;

/** A URL of a unix socket is a file in the working directory to etcd 3.4, named by what stands for host and port. */
function etcdCommand(socket: string): DaemonCommand {
  const [clients = '', peers = ''] = socketNames.map((name) => `unix://${name}`);
  const options = {
    '--data-dir': 'data',
    '--listen-client-urls': clients,
    '--advertise-client-urls': clients,
    '--listen-peer-urls': peers,
    '--initial-advertise-peer-urls': peers,
    '--initial-cluster': `default=${peers}`,
  };
  return { program: 'etcd', args: Object.entries(options).flat(), waitFor: socket };
}

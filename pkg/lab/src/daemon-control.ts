/**
 * Ends and starts the daemon of one host, whose namespace, pods and routes stay as they are.
 */
import { installation } from './installation.ts';
import { LabError } from './issues.ts';
import { namespaceOf } from './names.ts';
import { endProcesses, processesIn } from './processes.ts';
import { startHost } from './start-host.ts';
import { type LabState, requireState } from './state.ts';
import type { Host } from './topology.ts';

/** Ends what a host runs, with SIGTERM as a service manager does or with SIGKILL as a crash does. */
export async function stopDaemon(lab: string, host: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  hostOf(requireState(lab), host);
  await endProcesses(processesIn(namespaceOf(lab, host)), signal);
}

/** Starts what a host runs again. */
export async function restartDaemon(lab: string, host: string): Promise<void> {
  const state = requireState(lab);
  await startHost(lab, state.topology, hostOf(state, host), state.baseDirectory, await installation());
}

function hostOf({ topology }: LabState, name: string): Host {
  const host = topology.hosts.find((candidate) => candidate.name === name);
  if (host === undefined)
    throw new LabError('there is no such host in the lab', name, 'see: weftctl lab status');
  return host;
}

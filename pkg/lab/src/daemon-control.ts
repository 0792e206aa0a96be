/**
 * Ends and starts the daemon of one host, whose namespace, pods and routes stay as they are.
 */
import type { Installation } from './daemons.ts';
import { installation } from './installation.ts';
import { namespaceOf } from './names.ts';
import { endProcesses, processesIn } from './processes.ts';
import { startHost } from './start-host.ts';
import { requireHost, requireState } from './state.ts';

/** Ends what a host runs, with SIGTERM as a service manager does or with SIGKILL as a crash does. */
export async function stopDaemon(lab: string, host: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  requireHost(requireState(lab), host);
  await endProcesses(processesIn(namespaceOf(lab, host)), signal);
}

/** Starts what a host runs again, from this checkout unless another installation is given. */
export async function restartDaemon(lab: string, host: string, from?: Installation): Promise<void> {
  const state = requireState(lab);
  const programs = from ?? (await installation());
  await startHost(lab, state.topology, requireHost(state, host), state.baseDirectory, programs);
}

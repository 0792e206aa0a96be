/**
 * `lab down`: removes a lab whole, also what a crash left of it. Works from the namespaces that are there, not from
 * the state file, so that nothing has to be whole for it to work.
 */
import { existsSync } from 'node:fs';
import { labFiles } from './names.ts';
import { endProcesses, processesIn } from './processes.ts';
import type { Progress } from './progress.ts';
import { noSuchLab, removeState } from './state.ts';
import { namespacesOf, removeNamespace } from './wiring.ts';

/** Ends a lab's processes and removes its namespaces and files. Throws `LabError` when there is nothing of it. */
export async function down(name: string, progress: Progress): Promise<void> {
  const namespaces = namespacesOf(name);
  if (namespaces.length === 0 && !existsSync(labFiles(name).directory)) throw noSuchLab(name);
  progress('ending processes');
  await endProcesses(namespaces.flatMap(processesIn));
  progress(`removing ${namespaces.length} namespaces`);
  namespaces.forEach(removeNamespace);
  removeState(name);
}

/**
 * `lab down`: removes a lab whole, also what a crash left of it. Works from the namespaces that are there, not from
 * the state file, so that nothing has to be whole for it to work.
 */
import { existsSync } from 'node:fs';
import { whileLocked } from './lock.ts';
import { labFiles } from './names.ts';
import { requireLabName, requireRoot } from './preconditions.ts';
import { endProcesses, processesIn } from './processes.ts';
import type { Progress } from './progress.ts';
import { clearFiles, noSuchLab, removeFiles } from './state.ts';
import { namespacesOf, removeNamespace } from './wiring.ts';

/** Ends a lab's processes and removes its namespaces and files. Throws `LabError` when there is nothing of it. */
export async function down(name: string, progress: Progress): Promise<void> {
  requireLabName(name);
  requireRoot(name);
  if (namespacesOf(name).length === 0 && !existsSync(labFiles(name).directory)) throw noSuchLab(name);
  await whileLocked(name, () => removeLab(name, progress));
}

/** `down` for the holder of the lab's lock. */
export async function removeLab(name: string, progress: Progress): Promise<void> {
  await clearLab(name, progress);
  removeFiles(name);
}

/** Removes everything of a lab but the lock, which its holder keeps. */
export async function clearLab(name: string, progress: Progress): Promise<void> {
  const namespaces = namespacesOf(name);
  progress('ending processes');
  await endProcesses(namespaces.flatMap(processesIn));
  progress(`removing ${namespaces.length} namespaces`);
  namespaces.forEach(removeNamespace);
  clearFiles(name);
}

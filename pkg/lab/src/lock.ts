/**
 * One change of a lab at a time. The lock is the operating system's, so it ends with the process that holds it, however
 * that ends: a lab that is not locked is being worked on by nobody.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { lockFile } from '@weft/kernel';
import { LabError } from './issues.ts';
import { labFiles, labsDirectory } from './names.ts';
import { requireWhole } from './state.ts';

/** Changes a lab that is up, while no other process does. Throws `LabError` when it is not, or somebody is at it. */
export function changeLab<T>(lab: string, change: () => Promise<T>): Promise<T> {
  requireWhole(lab);
  return whileLocked(lab, change);
}

/** Makes one change while no other process can make one. Throws `LabError` when somebody is at it. */
export async function whileLocked<T>(lab: string, change: () => Promise<T>): Promise<T> {
  const { directory, lock } = labFiles(lab);
  mkdirSync(labsDirectory, { recursive: true, mode: 0o755 });
  // Others may pass through: FRR runs as a user of its own. The datastore's file is for its owner alone.
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  const held = lockFile(lock);
  if (held.kind === 'held') throw isBusy(lab, held.holderPid);
  try {
    if (!isCurrent(lock)) throw isBusy(lab, undefined);
    return await change();
  } finally {
    held.release();
  }
}

/** False when `down` removed the file between our opening it and our locking it: the lock is then on no name. */
function isCurrent(lock: string): boolean {
  try {
    return Number.parseInt(readFileSync(lock, 'utf8'), 10) === process.pid;
  } catch {
    return false;
  }
}

function isBusy(lab: string, holderPid: number | undefined): LabError {
  const holder = holderPid === undefined ? 'another process' : `process ${holderPid}`;
  return new LabError(
    `${holder} is working on the lab`,
    lab,
    'wait until it is done, or end it, then try again',
  );
}

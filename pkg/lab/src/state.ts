/**
 * What a lab remembers between commands: one JSON file in its directory, replaced whole at every change.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { listNetns } from '@weft/kernel';
import { LabError } from './issues.ts';
import { labFiles, labOfNamespace, labsDirectory } from './names.ts';
import type { Topology } from './topology.ts';

/** A lab on disk. `creating` with its creator gone means that `lab up` was interrupted. */
export interface LabState {
  readonly name: string;
  readonly phase: 'creating' | 'up';
  readonly creatorPid: number;
  /** As it is now: hosts added and removed later are in it. */
  readonly topology: Topology;
  /** Where the topology's relative paths start. */
  readonly baseDirectory: string;
  readonly pods: readonly PodState[];
}

export interface PodState {
  readonly name: string;
  readonly host: string;
}

/** The lab's state, or undefined when there is no lab of that name. */
export function readState(name: string): LabState | undefined {
  const { state } = labFiles(name);
  if (!existsSync(state)) return undefined;
  try {
    return JSON.parse(readFileSync(state, 'utf8')) as LabState;
  } catch (cause) {
    throw new LabError(
      'the state of this lab cannot be read',
      state,
      `remove it: weftctl lab down --name ${name}`,
      { cause },
    );
  }
}

/** The lab's state; throws `LabError` when there is none of that name. */
export function requireState(name: string): LabState {
  const state = readState(name);
  if (state === undefined) throw noSuchLab(name);
  return state;
}

/** The error of a command on a lab that is not there; it names those that are. */
export function noSuchLab(name: string): LabError {
  const others = existingLabs();
  const hint =
    others.length === 0 ? 'make one: weftctl lab up' : `there are: ${others.join(', ')} (--name NAME)`;
  return new LabError('there is no lab of that name', name, hint);
}

/** Every lab of which anything is there: a directory or a namespace. */
export function existingLabs(): string[] {
  const fromNamespaces = listNetns().flatMap((namespace) => labOfNamespace(namespace) ?? []);
  return [...new Set([...labNames(), ...fromNamespaces])].sort();
}

/** Writes the state so that a reader sees the old one or the new one, never a half. */
export function writeState(state: LabState): void {
  const files = labFiles(state.name);
  // Others may pass through: FRR runs as a user of its own. The datastore's file is for its owner alone.
  mkdirSync(files.directory, { recursive: true, mode: 0o711 });
  writeFileSync(`${files.state}.new`, JSON.stringify(state, null, 1), { mode: 0o600 });
  renameSync(`${files.state}.new`, files.state);
}

/** Removes everything the lab has on disk. */
export function removeState(name: string): void {
  const files = labFiles(name);
  rmSync(files.directory, { recursive: true, force: true });
  rmSync(files.lock, { force: true });
  removeIfEmpty(labsDirectory);
  removeIfEmpty(dirname(labsDirectory));
}

function removeIfEmpty(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length === 0) rmSync(directory, { recursive: true });
}

/** The names of all labs that have a directory, whole or not. */
function labNames(): string[] {
  if (!existsSync(labsDirectory)) return [];
  return readdirSync(labsDirectory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

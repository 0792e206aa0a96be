/**
 * What a lab remembers between commands: one JSON file in its directory, replaced whole at every change.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { listNetns } from '@weft/kernel';
import { LabError } from './issues.ts';
import { labFiles, labOfNamespace, labsDirectory } from './names.ts';
import { requireLabName, requireRoot } from './preconditions.ts';
import type { Host, Topology } from './topology.ts';

/** A lab on disk. `creating` while nobody holds its lock means that `lab up` was interrupted. */
export interface LabState {
  readonly name: string;
  readonly phase: 'creating' | 'up';
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
  requireLabName(name);
  const { state } = labFiles(name);
  if (!existsSync(state)) return undefined;
  requireRoot(name);
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
  if (state !== undefined) return state;
  if (existingLabs().includes(name)) throw isLeftover(name);
  throw noSuchLab(name);
}

/** The lab's state; throws `LabError` also when `lab up` did not get to its end. */
export function requireWhole(name: string): LabState {
  const state = requireState(name);
  if (state.phase !== 'up') throw isLeftover(name);
  return state;
}

function isLeftover(name: string): LabError {
  const hint = `build it anew (weftctl lab up --name ${name}) or remove it (weftctl lab down --name ${name})`;
  return new LabError('of this lab only the leftover of an interrupted run is there', name, hint);
}

/** A host of the lab; throws `LabError` when there is none of that name. */
export function requireHost({ name: lab, topology }: LabState, name: string): Host {
  const host = topology.hosts.find((candidate) => candidate.name === name);
  if (host !== undefined) return host;
  const names = topology.hosts.map((other) => other.name).join(', ');
  throw new LabError(`there is no such host in lab ${lab}`, name, `its hosts are: ${names}`);
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
  writeFileSync(`${files.state}.new`, JSON.stringify(state, null, 1), { mode: 0o600 });
  renameSync(`${files.state}.new`, files.state);
}

/** Removes the lab's files but its lock. */
export function clearFiles(name: string): void {
  const { directory, lock } = labFiles(name);
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory)) {
    if (entry !== basename(lock)) rmSync(join(directory, entry), { recursive: true });
  }
}

/** Removes the lab's directory, and the directory of labs after the last one. */
export function removeFiles(name: string): void {
  rmSync(labFiles(name).directory, { recursive: true, force: true });
  removeIfEmpty(labsDirectory);
  removeIfEmpty(dirname(labsDirectory));
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Another lab is in it, or has just been removed with it.
  }
}

/** The names of all labs that have a directory, whole or not. */
function labNames(): string[] {
  if (!existsSync(labsDirectory)) return [];
  return readdirSync(labsDirectory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

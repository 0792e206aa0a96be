/**
 * What `lab up` is told on the command line, turned into a topology.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LabError, type LabIssue } from './issues.ts';
import { defaultTopology, parseTopology, type Topology } from './topology.ts';

/** A topology and the directory its relative paths start in. */
export interface Choice {
  readonly topology: Topology;
  readonly baseDirectory: string;
}

/** The topology of a file, or the default one of so many nodes and pods. Throws `LabError` with every issue. */
export function chooseTopology(file: string | undefined, nodes: number, pods: number): Choice {
  if (file === undefined) return { topology: defaultOf(nodes, pods), baseDirectory: process.cwd() };
  const parsed = parseTopology(readText(file));
  if (!parsed.ok) throw new LabError('the topology cannot be built', file, correctThese(parsed.issues));
  return { topology: parsed.topology, baseDirectory: dirname(resolve(file)) };
}

function defaultOf(nodes: number, pods: number): Topology {
  if (nodes < 1 || nodes > 200) {
    throw new LabError('the number of nodes must be 1 to 200', `--nodes ${nodes}`, 'choose another number');
  }
  if (pods > 250) {
    throw new LabError(
      'the number of pods on each node must be 0 to 250',
      `--pods ${pods}`,
      'choose another number',
    );
  }
  return defaultTopology(nodes, pods);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LabError(
      'the topology file cannot be read',
      file,
      'name a file that is there: --topology FILE',
      { cause },
    );
  }
}

function correctThese(issues: readonly LabIssue[]): string {
  const lines = issues.map(({ path, reason }) => `    ${path === '' ? reason : `${path}: ${reason}`}`);
  return `correct ${issues.length === 1 ? 'this' : `these ${issues.length} faults`} and try again:\n${lines.join('\n')}`;
}

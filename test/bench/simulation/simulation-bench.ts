/**
 * `npm run bench simulation`: clusters of 100 to 5,000 nodes in virtual time, as figures, and as the table and the plot
 * of docs/scale.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Figure } from '../run.ts';
import type { SimulatedPoint } from './cluster-life.ts';
import type { SimulatedFigures } from './one-point.ts';
import { plotScale } from './plot-scale.ts';
import { scaleTables } from './scale-tables.ts';

const THREE = { kind: 'reflectors', reflectors: 3 } as const;
const MESH = { kind: 'mesh' } as const;

/** The cheap ones first, so that a run that is broken off has most of them. */
const POINTS: readonly SimulatedPoint[] = [
  { nodes: 100, topology: MESH },
  { nodes: 200, topology: MESH },
  { nodes: 100, topology: THREE },
  { nodes: 500, topology: THREE },
  { nodes: 500, topology: MESH, whole: 10 },
  { nodes: 1_000, topology: MESH, whole: 10 },
  { nodes: 1_000, topology: THREE, whole: 10 },
  { nodes: 5_000, topology: MESH, whole: 3 },
  { nodes: 5_000, topology: THREE, whole: 10 },
];

const DOCS = join(import.meta.dirname, '../../../docs');

/** Runs all points, one after the other, and writes the document after each. */
export async function* simulationBench(): AsyncGenerator<Figure> {
  const points: SimulatedFigures[] = [];
  for (const point of POINTS) {
    const figures = await runAlone(point);
    points.push(figures);
    yield { benchmark: 'simulation', ...figures };
    writeDocument(points);
  }
}

function writeDocument(points: readonly SimulatedFigures[]): void {
  writeFileSync(join(DOCS, 'scale.svg'), plotScale(points));
  const page = join(DOCS, 'scale.md');
  writeFileSync(page, replaceMarked(readFileSync(page, 'utf8'), scaleTables(sorted(points))));
}

/** By topology, then by size. */
function sorted(points: readonly SimulatedFigures[]): SimulatedFigures[] {
  const order = ['mesh', 'reflectors'];
  return points.toSorted(
    (left, right) =>
      order.indexOf(`${left.topology}`) - order.indexOf(`${right.topology}`) ||
      Number(left.nodes) - Number(right.nodes),
  );
}

async function runAlone(point: SimulatedPoint): Promise<SimulatedFigures> {
  const program = join(import.meta.dirname, 'one-point.ts');
  const options = [
    '--conditions=source',
    '--expose-gc',
    '--max-old-space-size=6000',
    '--max-semi-space-size=64',
  ];
  const { stdout } = await execa(process.execPath, [...options, program, JSON.stringify(point)]);
  return JSON.parse(stdout) as SimulatedFigures;
}

const BEGIN = '<!-- written by npm run bench simulation -->';
const END = '<!-- end -->';

function replaceMarked(page: string, tables: string): string {
  const [before, rest = ''] = page.split(BEGIN);
  const [, after = ''] = rest.split(END);
  return `${before}${BEGIN}\n\n${tables}\n\n${END}${after}`;
}

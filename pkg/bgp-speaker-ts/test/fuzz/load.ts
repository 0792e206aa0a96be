/**
 * Has Node instrument the sources of the package while it loads them.
 *
 * Nothing is written to disk. A fault can be planted on the way (`planted-faults.ts`), to see that the fuzzer finds it.
 */

import { registerHooks } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { instrument } from './instrument.ts';
import { findPlantedFault } from './planted-faults.ts';

const SOURCE_FOLDER = join(import.meta.dirname, '../../src');
const COUNTERS = pathToFileURL(join(import.meta.dirname, 'counters.ts')).href;

/** An edge of the code. */
export interface Edge {
  /** Path below `src`. */
  readonly file: string;
  readonly line: number;
}

/** All edges of the files loaded so far; the index is the number of the counter. */
export const EDGES: Edge[] = [];

/** Comparisons in the files loaded so far. */
export function comparisonCount(): number {
  return comparisons;
}

/** All whole numbers in the code loaded so far. */
export const NUMBERS: Set<number> = new Set();

let comparisons = 0;

/** Instruments what is imported from now on; `fault` names the fault to plant. */
export function instrumentImports(fault: string | undefined): void {
  const planted = fault === undefined ? undefined : findPlantedFault(fault);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const file = url.startsWith('file:') ? relative(SOURCE_FOLDER, fileURLToPath(url)) : '..';
      if (file.startsWith('..') || file.includes('/test/') || !file.endsWith('.ts')) return loaded;
      const text = String(Buffer.from(loaded.source as Uint8Array));
      return { ...loaded, source: add(file, planted?.file === file ? planted.plant(text) : text) };
    },
  });
}

function add(file: string, text: string): string {
  const {
    source,
    lines,
    comparisons: added,
    numbers,
  } = instrument(text, EDGES.length, comparisons, COUNTERS);
  comparisons += added;
  for (const line of lines) EDGES.push({ file, line });
  for (const number of numbers) NUMBERS.add(number);
  return source;
}

/**
 * Fuzzes the speaker, target by target, and prints what was covered and found.
 *
 *     npm run fuzz -- [--inputs N] [--seconds S] [--target NAME] [--seed N] [--uncovered] [--save]
 *     npm run fuzz -- --target NAME --input HEX
 *     npm run fuzz -- --planted FAULT
 *
 * `--inputs` and `--seconds` are for all targets together, by their shares. `--uncovered` lists the edges not taken,
 * `--save` writes what is worth keeping to `corpus/`, `--input` runs one input, `--planted` plants a fault and fuzzes
 * the target that has to find it. Ends with 1 when something was found.
 */

import { parseArgs } from 'node:util';
import { type Finding, type FuzzResult, findFault, fuzz, takeSteps } from './fuzz.ts';
import { comparisonCount, EDGES, instrumentImports, NUMBERS } from './load.ts';
import { findPlantedFault } from './planted-faults.ts';
import type { Target } from './target.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string' },
    seconds: { type: 'string' },
    target: { type: 'string' },
    seed: { type: 'string', default: '1' },
    input: { type: 'string' },
    planted: { type: 'string' },
    uncovered: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
});

const DEFAULT_SECONDS = '10';

instrumentImports(values.planted);
const { TARGETS } = await import('./targets/index.ts');
process.exitCode = main(chooseTargets());

function main(targets: readonly Target[]): number {
  if (values.input !== undefined) return runOne(targets, values.input);
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const findings: Finding[] = [];
  let inputs = 0;
  const begin = performance.now();
  for (const target of targets) {
    const result = fuzzTarget(target, target.share / shares);
    inputs += result.inputs;
    report(target, result);
    if (result.finding !== undefined) findings.push(result.finding);
  }
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(`${inputs} inputs, ${targets.length} targets, ${seconds} s, ${findings.length} found`);
  return findings.length > 0 ? 1 : 0;
}

function chooseTargets(): readonly Target[] {
  const name = values.planted === undefined ? values.target : findPlantedFault(values.planted).target;
  const chosen = name === undefined ? TARGETS : TARGETS.filter((target) => target.name === name);
  if (chosen.length > 0) return chosen;
  throw new Error(`no target ${name}; there are ${TARGETS.map((target) => target.name).join(' ')}`);
}

function fuzzTarget(target: Target, part: number): FuzzResult {
  const { inputs, seconds = inputs === undefined ? DEFAULT_SECONDS : undefined } = values;
  return fuzz(target, {
    seed: Number(values.seed),
    inputs: inputs === undefined ? Number.POSITIVE_INFINITY : Math.ceil(Number(inputs) * part),
    deadline:
      seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + Number(seconds) * 1000 * part,
    edgeCount: EDGES.length,
    comparisonCount: comparisonCount(),
    numbers: NUMBERS,
  });
}

function report(
  target: Target,
  { corpus, inputs, milliseconds, heapGrowthBytes, finding }: FuzzResult,
): void {
  const edges = EDGES.map((edge, number) => ({ ...edge, taken: corpus.covers(number) })).filter(({ file }) =>
    target.covers.some((covered) => file.startsWith(covered)),
  );
  const taken = edges.filter((edge) => edge.taken).length;
  const rate = Math.round(inputs / (milliseconds / 1000));
  const figures = [
    `${inputs} inputs`,
    `${rate}/s`,
    `edges ${taken}/${edges.length}`,
    `corpus ${corpus.entries.length}`,
    `heap +${Math.round(heapGrowthBytes / 1024)} KiB`,
  ];
  console.log(`${target.name.padEnd(32)} ${figures.join('  ')}`);
  if (values.uncovered)
    for (const edge of edges) if (!edge.taken) console.log(`  not taken: ${edge.file}:${edge.line}`);
  if (values.save) corpus.save(target.name);
  if (finding !== undefined) describe(finding);
}

function describe({ target, message, input, afterInputs }: Finding): void {
  const hex = Buffer.from(input).toString('hex');
  console.log(`  FOUND after ${afterInputs} inputs: ${message}`);
  console.log(`  again: npm run fuzz -- --target ${target} --input '${hex}'`);
}

function runOne(targets: readonly Target[], hex: string): number {
  const input = new Uint8Array(Buffer.from(hex, 'hex'));
  const faults = targets
    .map((target) => findFault(target, input, takeSteps))
    .filter((fault) => fault !== undefined);
  for (const fault of faults) console.log(fault);
  return faults.length > 0 ? 1 : 0;
}

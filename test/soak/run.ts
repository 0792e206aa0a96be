/** `npm run soak`: a long random walk through a lab of its own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { down, installation, up } from '@weft/lab';
import { type Action, walk } from './actions.ts';
import { type MemoryPart, type MemorySample, trendOf } from './memory.ts';
import { type SoakResult, soak, soakTopology } from './soak.ts';

const HELP = `npm run soak -- [options]: random pods, nodes and faults in a lab, invariants checked all the time. Needs root.

  --seed N         the walk: the same seed, the same actions (default: chosen, and printed)
  --actions N      ends after so many actions; 1600 are two hours of a busy cluster (docs/faults.md) (default: 1600)
  --minutes M      ends after so many minutes, if that is sooner
  --replay FILE    does the actions of a file again instead of a walk: one JSON object a line, as a failing run writes it
  --out FILE       where a failing run writes its actions (default: soak-SEED.jsonl)
  --lab NAME       the lab's name (default: soak)
  --keep           leaves the lab up when something does not hold; weftctl lab down --name NAME removes it
  --verbose        prints each action
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    actions: { type: 'string', default: '1600' },
    minutes: { type: 'string' },
    replay: { type: 'string' },
    out: { type: 'string' },
    lab: { type: 'string', default: 'soak' },
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const seed = numberOf('--seed', values.seed ?? String(Date.now() % 1_000_000));
const most = numberOf('--actions', values.actions);
const deadline =
  values.minutes === undefined
    ? Number.POSITIVE_INFINITY
    : performance.now() + numberOf('--minutes', values.minutes) * 60_000;
const out = values.out ?? `soak-${seed}.jsonl`;
console.log(`seed ${seed}`);

const lab = values.lab;
const programs = await installation();
await up({ name: lab, topology: soakTopology(), baseDirectory: '/' }, programs, () => {});
const start = performance.now();
let result: SoakResult | undefined;
try {
  result = await soak({
    lab,
    seed,
    actions: values.replay === undefined ? walk(seed) : kept(values.replay),
    installation: programs,
    isOver: (done) => done >= most || performance.now() > deadline,
    progress: values.verbose ? console.log : () => {},
  });
} finally {
  if (!values.keep || result?.violations.length === 0) await down(lab, () => {});
}
tell(result);

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  console.error(`${option} ${text}: give a number above 0`);
  process.exit(2);
}

function kept(file: string): Action[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Action);
}

function tell({ actions, settled, longestSettlingMilliseconds, memory, violations }: SoakResult): void {
  const kinds = Map.groupBy(actions, ({ kind }) => kind);
  const minutes = (performance.now() - start) / 60_000;
  console.log(`${actions.length} actions in ${minutes.toFixed(1)} min`);
  for (const [kind, all] of [...kinds].sort()) console.log(`  ${kind}: ${all.length}`);
  console.log(
    `all invariants held ${settled} times, at most ${Math.round(longestSettlingMilliseconds)} ms after the actions`,
  );
  for (const part of ['objects', 'code', 'resident'] as const) tellMemory(part, memory);
  for (const violation of violations) console.log(`VIOLATED ${violation}`);
  if (violations.length === 0) return;
  writeFileSync(out, actions.map((action) => `${JSON.stringify(action)}\n`).join(''));
  console.log(`do it again: npm run soak -- --replay ${out}`);
  process.exitCode = 1;
}

function tellMemory(part: MemoryPart, memory: readonly MemorySample[]): void {
  const sizes = memory.map((sample) => sample[part] / 1024);
  if (sizes.length === 0) return;
  const trend = trendOf(memory, part);
  const line = trend && `${trend.kibibytesPerAction.toFixed(2)} KiB an action (${trend.samples} samples)`;
  console.log(
    `memory of node1, ${part}: ${Math.min(...sizes).toFixed(1)} to ${Math.max(...sizes).toFixed(1)} MiB; after the warm-up ${line ?? 'too few samples'}`,
  );
}

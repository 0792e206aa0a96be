/**
 * `npm run bench [NAME...]`: runs the benchmarks, each in namespaces of its own, and prints one JSON line a figure.
 */
import { attachBench } from './attach.ts';
import { cniBench } from './cni/cni-bench.ts';
import { dataplaneBench } from './dataplane/dataplane-bench.ts';
import { datastoreBench } from './datastore/datastore-bench.ts';
import { ipamBench } from './ipam/ipam-bench.ts';
import { kernelBench, plugBench } from './kernel.ts';
import { labBench } from './lab.ts';
import { pagesBench } from './pages.ts';
import { propagationBench } from './propagation.ts';
import { recordBench } from './record.ts';
import { repairBench } from './repair.ts';
import { scaleBench } from './scale.ts';
import { simulationBench } from './simulation/simulation-bench.ts';
import { speakerBench } from './speaker/speaker-bench.ts';

/** One figure: what was measured, of what, and the values with their units in the names. */
export type Figure = { readonly benchmark: string } & Readonly<Record<string, number | string>>;

const benchmarks: Readonly<Record<string, () => AsyncIterable<Figure>>> = {
  kernel: kernelBench,
  plug: plugBench,
  repair: repairBench,
  lab: labBench,
  attach: attachBench,
  cni: cniBench,
  dataplane: dataplaneBench,
  datastore: datastoreBench,
  ipam: ipamBench,
  pages: pagesBench,
  propagation: propagationBench,
  record: recordBench,
  scale: scaleBench,
  simulation: simulationBench,
  speaker: speakerBench,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are: ${Object.keys(benchmarks).join(', ')}`);
  process.exit(2);
}
for (const [name, run] of Object.entries(benchmarks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for await (const figure of run()) console.log(JSON.stringify(figure));
}

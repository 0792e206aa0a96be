/** One fault under traffic: what every test here has in common. */
import { expect } from 'vitest';
import type { TestLab } from '../harness/test-lab.ts';
import { expectWhole } from './invariants.ts';
import { LossMeter, type Measurement, type Pair } from './loss-meter.ts';
import { report } from './report.ts';

/** A fault and the traffic it is measured by. */
export interface Fault {
  readonly lab: TestLab;
  readonly group: string;
  /** As the table says it. */
  readonly fault: string;
  /** Pods that probe each other, in both directions and both families. */
  readonly between: readonly (readonly [string, string])[];
  /** True where not one packet may be lost. */
  readonly lossless: boolean;
}

/**
 * Does it while pods ping each other, waits until all of them are answered again, reports what was lost, and asserts that the
 * lab is whole afterwards.
 *
 * @param inject calls `healed` where the fault is taken back; the time to recover counts from there
 */
export async function measured(
  { between, fault, group, lab, lossless }: Fault,
  inject: (meter: LossMeter, healed: () => void) => Promise<void>,
): Promise<Measurement> {
  const meter = await LossMeter.start(await pairsOf(lab, between), 'fault');
  let measurement: Measurement;
  try {
    await inject(meter, () => meter.phase('recovery'));
    await meter.allAnswer();
    await expectWhole(lab.name);
    await meter.allAnswer();
  } finally {
    measurement = await meter.stop();
  }
  report({ group, fault, lossless, ...measurement });
  if (lossless) expect(measurement).toMatchObject({ ipv4: { lost: 0 }, ipv6: { lost: 0 } });
  return measurement;
}

async function pairsOf(lab: TestLab, between: Fault['between']): Promise<Pair[]> {
  const directions = between.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]);
  const pairs = directions.map(async ([from, to]) => {
    const namespace = lab.namespaceOf(from);
    return [
      { namespace, address: await lab.addressOf(to, 4) },
      { namespace, address: await lab.addressOf(to, 6) },
    ];
  });
  return (await Promise.all(pairs)).flat();
}

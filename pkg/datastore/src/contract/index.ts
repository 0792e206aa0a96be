/**
 * What every driver must do, as a vitest suite: a driver's test calls `datastoreContract` with a way to make itself.
 * The cases speak of outcomes, order and time only, never of how a driver does it, so that all pass it unchanged.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import { describeBursts } from './bursts.ts';
import { describeConcurrency } from './concurrency.ts';
import { describeConsistency } from './consistency.ts';
import { describeFaults } from './faults.ts';
import { describeLifecycle } from './lifecycle.ts';
import { describeLists } from './lists.ts';
import { describeOldValues } from './old-values.ts';
import { type ContractSubject, currentSubject } from './subject.ts';
import { describeValues } from './values.ts';
import { describeWatches } from './watches.ts';
import { describeWrites } from './writes.ts';

export { sampleOf } from './kind-samples.ts';
export type { ContractServer, ContractSubject, RawForm } from './subject.ts';

/** Declares the contract suite for one driver; every case gets a subject of its own, disposed of after it. */
export function datastoreContract(name: string, makeSubject: () => Promise<ContractSubject>): void {
  describe(`${name} keeps the datastore contract`, () => {
    const holder = currentSubject();
    beforeEach(async () => holder.set(await makeSubject()));
    afterEach(() => holder.get().dispose());

    describeWrites(holder.get);
    describeValues(holder.get);
    describeOldValues(holder.get);
    describeLists(holder.get);
    describeConcurrency(holder.get);
    describeConsistency(holder.get);
    describeWatches(holder.get);
    describeBursts(holder.get);
    describeFaults(holder.get);
    describeLifecycle(holder.get);
  });
}

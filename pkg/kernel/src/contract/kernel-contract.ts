/**
 * What every `Kernel` does, as one suite: the real one and the fake one both pass it, so that what is tested with the
 * fake holds on Linux.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeAddresses } from './address-contract.ts';
import { describeEvents } from './event-contract.ts';
import { describeFlows } from './flow-contract.ts';
import { describeLinks } from './link-contract.ts';
import { describeRoutes } from './route-contract.ts';
import type { TestMachine } from './test-machine.ts';
import { describeTunnels } from './tunnel-contract.ts';

/** Runs the suite against the kernels of a machine, a new one for each test. */
export function describeKernel(name: string, makeMachine: () => TestMachine): void {
  describe(name, () => {
    let machine: TestMachine;
    beforeEach(() => {
      machine = makeMachine();
    });
    afterEach(() => machine.remove());

    describeLinks(() => machine);
    describeAddresses(() => machine);
    describeRoutes(() => machine);
    describeEvents(() => machine);
    describeTunnels(() => machine);
    describeFlows(() => machine);

    it('refuses to open a namespace that is not there', () => {
      const opened = machine.host.openNetns('/run/netns/wt-kernel-none');
      expect(opened).toMatchObject({ kind: 'refused', errno: 'ENOENT' });
    });
  });
}

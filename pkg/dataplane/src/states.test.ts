/**
 * Named states of what is wanted, with the table each must lead to. They are walked in many ways: whatever came
 * before, the kernel ends up as the last state says.
 */
import type { DesiredRoute } from '@weft/calc';
import type { FakeKernel } from '@weft/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { desired, fakeHost } from '../test/fake-host.ts';
import { ipRouteText, text } from '../test/ip-route-text.ts';
import { ManualScheduler } from '../test/manual-scheduler.ts';
import { Dataplane } from './dataplane.ts';

interface State {
  readonly name: string;
  readonly local: readonly DesiredRoute[];
  readonly remote: readonly DesiredRoute[];
  readonly table: string;
}

const empty: State = { name: 'empty', local: [], remote: [], table: '' };

const states: readonly State[] = [
  {
    name: 'own block',
    local: [desired('10.1.0.0/26', [])],
    remote: [],
    table: 'blackhole 10.1.0.0/26 proto weft metric 1024',
  },
  {
    name: 'own block with a pod, a neighbour with one block',
    local: [desired('10.1.0.0/26', []), desired('10.1.0.1/32', ['cali1'])],
    remote: [desired('10.1.0.64/26', ['10.0.0.2'])],
    table: `
      blackhole 10.1.0.0/26 proto weft metric 1024
      10.1.0.1/32 dev cali1 proto weft scope link metric 1024
      10.1.0.64/26 via 10.0.0.2 dev eth0 proto weft metric 1024`,
  },
  {
    name: 'the block moved to the neighbour, its pod stayed here with a borrowed address',
    local: [desired('10.1.0.1/32', ['cali1'])],
    remote: [desired('10.1.0.0/26', ['10.0.0.2']), desired('10.1.0.64/26', ['10.0.0.2'])],
    table: `
      10.1.0.0/26 via 10.0.0.2 dev eth0 proto weft metric 1024
      10.1.0.1/32 dev cali1 proto weft scope link metric 1024
      10.1.0.64/26 via 10.0.0.2 dev eth0 proto weft metric 1024`,
  },
  {
    name: 'the pod migrates: the neighbour announces it with a better metric',
    local: [desired('10.1.0.1/32', ['cali1'])],
    remote: [desired('10.1.0.1/32', ['10.0.0.2'], { metric: 512 })],
    table: `
      10.1.0.1/32 via 10.0.0.2 dev eth0 proto weft metric 512
      10.1.0.1/32 dev cali1 proto weft scope link metric 1024`,
  },
  {
    name: 'here and there with the same metric: the local pod has it',
    local: [desired('10.1.0.1/32', ['cali1'])],
    remote: [desired('10.1.0.1/32', ['10.0.0.2'])],
    table: '10.1.0.1/32 dev cali1 proto weft scope link metric 1024',
  },
  {
    name: 'two ways, both families',
    local: [desired('fd00:1::1/128', ['cali1'])],
    remote: [desired('10.1.0.64/26', ['10.0.0.2', '10.0.0.3']), desired('fd00:1::40/122', ['fd00::2'])],
    table: `
      10.1.0.64/26 nexthop via 10.0.0.2 dev eth0 nexthop via 10.0.0.3 dev eth0 proto weft metric 1024
      fd00:1::1/128 dev cali1 proto weft metric 1024
      fd00:1::40/122 via fd00::2 dev eth0 proto weft metric 1024`,
  },
];

const walks: readonly { readonly name: string; readonly walk: readonly State[] }[] = [
  { name: 'forwards', walk: states },
  { name: 'backwards', walk: states.toReversed() },
  { name: 'with nothing in between', walk: states.flatMap((state) => [empty, state]) },
  { name: 'each twice', walk: states.flatMap((state) => [state, state]) },
  { name: 'there and back', walk: states.flatMap((state) => [state, empty, state]) },
  ...states.map((first) => ({
    name: `every other after "${first.name}"`,
    walk: states.flatMap((state) => [first, state]),
  })),
];

let kernel: FakeKernel;
let scheduler: ManualScheduler;
let dataplane: Dataplane;

beforeEach(() => {
  kernel = fakeHost();
  scheduler = new ManualScheduler();
  dataplane = new Dataplane({ kernel, scheduler });
  dataplane.start();
  dataplane.allowDeletes();
});
afterEach(() => dataplane.close());

const wantState = ({ local, remote }: State): void => {
  dataplane.wantAll(['local-workload', 'blackhole'], local);
  dataplane.wantAll(['no-encap'], remote);
};

describe.each(walks)('the states $name', ({ walk }) => {
  it('lead to their tables one after the other', async () => {
    for (const state of walk) {
      wantState(state);
      await scheduler.settle();
      expect(ipRouteText(kernel), state.name).toBe(text(state.table));
    }
  });

  it('lead to the last table when nothing was written in between', async () => {
    for (const state of walk) wantState(state);
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(text(walk.at(-1)?.table ?? ''));
  });

  it('lead to the same route by route, the remote ones first and in reverse', async () => {
    for (const { local, remote } of walk) {
      for (const route of remote.toReversed()) dataplane.want(route);
      for (const route of local.toReversed()) dataplane.want(route);
      await scheduler.settle();
    }
    wantState(walk.at(-1) ?? empty);
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(text(walk.at(-1)?.table ?? ''));
  });
});

import type { DesiredRoute } from '@weft/calc';
import { MAIN_TABLE, type Route, routeKey, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { desired } from '../test/fake-host.ts';
import { type Interfaces, kernelRoute } from './kernel-route.ts';
import { RouteTable } from './route-table.ts';

const interfaces: Interfaces = new Map([
  ['eth0', { index: 2, up: true }],
  ['eth1', { index: 3, up: false }],
  ['cali1', { index: 4, up: true }],
]);

function tableWith(...routes: readonly DesiredRoute[]): RouteTable {
  const table = new RouteTable();
  table.setInterfaces(interfaces);
  for (const route of routes) table.want(route);
  return table;
}

function inKernel(route: DesiredRoute): Route {
  const ready = kernelRoute(route, interfaces);
  if (ready.kind === 'waiting') throw new Error(ready.reason);
  return ready.route;
}

function work(table: RouteTable, deletes = true): string[] {
  return table.take(100, { deletes }).map(({ op, route }) => `${op} ${route.destination} ${route.metric}`);
}

const block = desired('10.1.0.0/26', ['10.0.0.2']);
const moved = desired('10.1.0.0/26', ['10.0.0.3']);
const pod = desired('10.1.1.1/32', ['cali1']);

describe('the difference of one slot', () => {
  const foreign = { ...inKernel(block), protocol: 4 };
  const cases: readonly {
    readonly name: string;
    readonly wanted: readonly DesiredRoute[];
    readonly kernel: readonly Route[];
    readonly expected: readonly string[];
  }[] = [
    { name: 'wanted and absent: add', wanted: [block], kernel: [], expected: ['add 10.1.0.0/26 1024'] },
    { name: 'wanted and there: nothing', wanted: [block], kernel: [inKernel(block)], expected: [] },
    {
      name: 'another gateway: replace',
      wanted: [moved],
      kernel: [inKernel(block)],
      expected: ['replace 10.1.0.0/26 1024'],
    },
    {
      name: 'there and not wanted: delete',
      wanted: [],
      kernel: [inKernel(block)],
      expected: ['delete 10.1.0.0/26 1024'],
    },
    {
      name: 'another metric: add the new before the old is deleted',
      wanted: [{ ...block, metric: 512 }],
      kernel: [inKernel(block)],
      expected: ['add 10.1.0.0/26 512', 'delete 10.1.0.0/26 1024'],
    },
    {
      name: 'a route of another protocol is not seen, so it is never deleted or replaced',
      wanted: [],
      kernel: [foreign],
      expected: [],
    },
    {
      name: 'a route of weft in another table is not seen',
      wanted: [],
      kernel: [{ ...inKernel(block), table: 100 }],
      expected: [],
    },
    {
      name: 'an interface that is missing: wait',
      wanted: [desired('10.1.1.2/32', ['cali2'])],
      kernel: [],
      expected: [],
    },
    {
      name: 'an interface that is down: wait',
      wanted: [desired('10.1.1.2/32', ['eth1'])],
      kernel: [],
      expected: [],
    },
  ];
  it.each(cases)('$name', ({ wanted, kernel, expected }) => {
    const table = tableWith(...wanted);
    table.setInKernel(kernel);
    expect(work(table)).toEqual(expected);
    expect(work(table)).toEqual([]);
  });
});

describe('classes that want one slot', () => {
  const remote = desired('10.1.1.1/32', ['10.0.0.2']);

  it('gives it to the local workload, whatever came first', () => {
    for (const routes of [
      [pod, remote],
      [remote, pod],
    ]) {
      const [view] = [...tableWith(...routes).slots()];
      expect(view?.winner).toEqual(pod);
      expect(view?.losers).toEqual([remote]);
    }
  });

  it('falls back to the other when the winner goes', () => {
    const table = tableWith(pod, remote);
    table.setInKernel([inKernel(pod)]);
    table.unwant('local-workload', pod.destination);
    expect(work(table)).toEqual(['replace 10.1.1.1/32 1024']);
  });

  it('are both there when their metrics differ', () => {
    const table = tableWith(pod, { ...remote, metric: 512 });
    expect(work(table)).toEqual(['add 10.1.1.1/32 1024', 'add 10.1.1.1/32 512']);
  });
});

describe('the work queue', () => {
  it('holds deletes back until they are allowed', () => {
    const table = tableWith(pod);
    table.setInKernel([inKernel(block)]);
    expect(table.hasWork({ deletes: false })).toBe(true);
    expect(work(table, false)).toEqual(['add 10.1.1.1/32 1024']);
    expect(table.hasWork({ deletes: false })).toBe(false);
    expect(work(table, true)).toEqual(['delete 10.1.0.0/26 1024']);
  });

  it('gives no more than asked for', () => {
    const table = tableWith(pod, block);
    expect(table.take(1, { deletes: true })).toHaveLength(1);
    expect(table.take(5, { deletes: true })).toHaveLength(1);
  });

  it('writes the way to a gateway before what lies behind it', () => {
    const gateway = desired('10.9.0.9/32', ['10.0.0.2'], { class: 'peer-gateway' });
    const blackhole = desired('10.1.2.0/26', []);
    const table = tableWith(blackhole, block, gateway, pod);
    expect(work(table)).toEqual([
      'add 10.1.1.1/32 1024',
      'add 10.9.0.9/32 1024',
      'add 10.1.0.0/26 1024',
      'add 10.1.2.0/26 1024',
    ]);
  });

  it('forgets what was queued for a slot that is right by now', () => {
    const table = tableWith(block);
    table.observe('new', inKernel(block));
    expect(work(table)).toEqual([]);
  });

  it('has a retried slot again only while it differs', () => {
    const table = tableWith(block);
    const [item] = table.take(1, { deletes: true });
    table.retry(item?.key ?? '');
    expect(work(table)).toEqual(['add 10.1.0.0/26 1024']);
    table.observe('new', inKernel(block));
    table.retry(item?.key ?? '');
    expect(work(table)).toEqual([]);
  });
});

describe('what the kernel tells', () => {
  it('wants a deleted route back', () => {
    const table = tableWith(block);
    table.setInKernel([inKernel(block)]);
    expect(table.observe('delete', inKernel(block))).toBe('clear');
    expect(work(table)).toEqual(['add 10.1.0.0/26 1024']);
  });

  it('cannot tell what became of ours when another route comes to its slot', () => {
    const table = tableWith(block);
    table.setInKernel([inKernel(block)]);
    expect(table.observe('new', { ...inKernel(moved), protocol: 3 })).toBe('unclear');
    expect(table.observe('new', { ...inKernel(pod), protocol: 3 })).toBe('clear');
  });

  it('takes up a waiting route when its interface comes up, and a new index when it is made again', () => {
    const table = tableWith(desired('10.1.1.2/32', ['cali2']));
    table.setInterface('cali2', { index: 9, up: false });
    expect(work(table)).toEqual([]);
    table.setInterface('cali2', { index: 9, up: true });
    const [item] = table.take(1, { deletes: true });
    expect(item?.route.nextHops).toEqual([{ interfaceIndex: 9 }]);
    if (item !== undefined) table.applied(item);
    table.setInterface('cali2', { index: 12, up: true });
    expect(table.take(1, { deletes: true })[0]?.route.nextHops).toEqual([{ interfaceIndex: 12 }]);
  });

  it('forgets routes that go with their interface, and is unsure of those with a second way', () => {
    const ecmp = desired('10.1.3.0/26', ['10.0.0.2', '10.0.0.3']);
    const table = tableWith(block, pod, ecmp);
    table.setInKernel([inKernel(block), inKernel(pod), inKernel(ecmp)]);
    expect(table.forgetInterface(4)).toBe('clear');
    expect(work(table)).toEqual(['add 10.1.1.1/32 1024']);
    expect(table.forgetInterface(2)).toBe('unclear');
    expect(work(table)).toEqual(['add 10.1.0.0/26 1024']);
  });

  it('names the routes nobody knew', () => {
    const table = tableWith(block);
    expect(table.setInKernel([inKernel(block), inKernel(pod)])).toEqual([routeKey(inKernel(pod))]);
    expect(table.setInKernel([inKernel(block), inKernel(pod)])).toEqual([]);
  });
});

describe('wantAll', () => {
  it('touches only the classes it names', () => {
    const table = tableWith(block, pod);
    table.wantAll(['local-workload', 'blackhole'], [desired('10.1.2.0/26', [])]);
    expect([...table.slots()].map(({ winner }) => winner?.destination)).toEqual([
      '10.1.0.0/26',
      '10.1.2.0/26',
    ]);
  });

  it('leaves equal routes alone and takes new reasons over', () => {
    const table = tableWith(block);
    table.setInKernel([inKernel(block)]);
    table.wantAll(['no-encap'], [{ ...block, reason: 'another reason' }]);
    expect(work(table)).toEqual([]);
    expect([...table.slots()][0]?.winner?.reason).toBe('another reason');
  });
});

describe('any history', () => {
  const destinations = ['10.1.0.0/26', '10.1.0.64/26', '10.1.1.1/32', 'fd00:1::/122', 'fd00:1::1/128'];
  const route = fc
    .record({
      destination: fc.constantFrom(...destinations),
      via: fc.constantFrom(['10.0.0.2'], ['10.0.0.3'], ['10.0.0.2', '10.0.0.3'], ['cali1'], []),
      metric: fc.constantFrom(512, 1024),
    })
    .map(({ destination, via, metric }) => desired(destination, via, { metric }));
  const step = fc.oneof(
    fc.record({ kind: fc.constant('want' as const), route }),
    fc.record({ kind: fc.constant('unwant' as const), route }),
    fc.record({ kind: fc.constant('written-by-hand' as const), route }),
    fc.record({ kind: fc.constant('deleted-by-hand' as const), route }),
    fc.record({ kind: fc.constant('apply' as const), count: fc.integer({ min: 1, max: 3 }) }),
  );

  it('ends with exactly the winners in the kernel once the work is done', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const table = tableWith();
        const kernel = new Map<string, Route>();
        const wanted = new Map<string, DesiredRoute>();
        const apply = (count: number): void => {
          for (const item of table.take(count, { deletes: true })) {
            if (item.op === 'delete') kernel.delete(item.key);
            else kernel.set(item.key, item.route);
            table.applied(item);
          }
        };
        for (const item of steps) {
          if (item.kind === 'apply') apply(item.count);
          else if (item.kind === 'want') {
            table.want(item.route);
            wanted.set(`${item.route.class} ${item.route.destination}`, item.route);
          } else if (item.kind === 'unwant') {
            table.unwant(item.route.class, item.route.destination);
            wanted.delete(`${item.route.class} ${item.route.destination}`);
          } else {
            const there = inKernel(item.route);
            if (item.kind === 'written-by-hand') kernel.set(routeKey(there), there);
            else kernel.delete(routeKey(there));
            table.observe(item.kind === 'written-by-hand' ? 'new' : 'delete', there);
          }
        }
        apply(1000);
        // The same, from what is wanted alone.
        const fresh = tableWith(...wanted.values());
        const expected = fresh.take(1000, { deletes: true }).map((item) => [item.key, item.route] as const);
        expect(new Map([...kernel].sort())).toEqual(new Map(expected.sort(([a], [b]) => (a < b ? -1 : 1))));
        expect(table.hasWork({ deletes: true })).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a wanted route in the terms of the kernel', () => {
  it('is in the main table, with the protocol of weft, as the kernel will show it', () => {
    const common = { table: MAIN_TABLE, protocol: WEFT_ROUTE_PROTOCOL };
    expect(inKernel(pod)).toMatchObject({ ...common, scope: 'link', nextHops: [{ interfaceIndex: 4 }] });
    // IPv6 has no scopes.
    expect(inKernel(desired('fd00:1::1/128', ['cali1']))).toMatchObject({ ...common, scope: 'global' });
    expect(inKernel(desired('10.1.2.0/26', []))).toMatchObject({ ...common, scope: 'global', nextHops: [] });
  });
});

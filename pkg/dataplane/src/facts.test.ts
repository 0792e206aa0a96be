import type { LocalFacts } from '@weft/calc';
import { address } from '@weft/ip';
import { type FakeKernel, type KernelError, MAIN_TABLE } from '@weft/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addInterface, fakeHost, handMade, indexOf, succeed } from '../test/fake-host.ts';
import { ManualScheduler } from '../test/manual-scheduler.ts';
import { FactsWatcher } from './facts-watcher.ts';
import { readFacts } from './read-facts.ts';

let kernel: FakeKernel;

beforeEach(() => {
  kernel = fakeHost();
});

describe('the local facts', () => {
  it('are the interfaces in the order of the kernel, workloads excepted, and the routes of others', () => {
    succeed(
      kernel,
      { op: 'add-route', route: handMade(kernel, '0.0.0.0/0', { metric: 0 }) },
      { op: 'add-route', route: handMade(kernel, '10.1.0.0/26', { protocol: 119 }) },
      { op: 'add-route', route: handMade(kernel, '10.2.0.0/16', { table: 100 }) },
      { op: 'add-route', route: handMade(kernel, '10.3.0.0/16', { type: 'unreachable', nextHops: [] }) },
    );
    const common = { up: true, running: true, mtuBytes: 1500 };
    expect(readFacts(kernel)).toEqual({
      interfaces: [
        { name: 'lo', leadsNowhere: true, up: false, running: false, mtuBytes: 65536, addresses: [] },
        { name: 'eth0', ...common, addresses: ['10.0.0.1/24', 'fd00::1/64'] },
      ],
      routes: [
        { destination: '10.0.0.0/24', interface: 'eth0', metric: 0 },
        { destination: 'fd00::/64', interface: 'eth0', metric: 256 },
        { destination: '0.0.0.0/0', gateway: '10.0.0.9', interface: 'eth0', metric: 0 },
        { destination: '10.3.0.0/16', metric: 1024 },
      ],
    });
  });

  it('list a route with several ways several times, and keep onlink', () => {
    const interfaceIndex = indexOf(kernel, 'eth0');
    const nextHops = [
      { gateway: address('10.0.0.2'), interfaceIndex },
      { gateway: address('192.0.2.1'), interfaceIndex, onlink: true },
    ];
    succeed(kernel, { op: 'add-route', route: handMade(kernel, '10.4.0.0/16', { nextHops }) });
    expect(readFacts(kernel).routes.filter(({ destination }) => destination === '10.4.0.0/16')).toEqual([
      { destination: '10.4.0.0/16', gateway: '10.0.0.2', interface: 'eth0', metric: 1024 },
      { destination: '10.4.0.0/16', gateway: '192.0.2.1', interface: 'eth0', metric: 1024, onlink: true },
    ]);
  });
});

describe('the watcher of the facts', () => {
  let scheduler: ManualScheduler;
  let told: LocalFacts[];
  let failures: KernelError[];
  let watcher: FactsWatcher;
  let reads: number;

  beforeEach(() => {
    scheduler = new ManualScheduler();
    told = [];
    failures = [];
    watcher = new FactsWatcher({
      kernel,
      scheduler,
      changed: (facts) => told.push(facts),
      failed: (error) => failures.push(error),
    });
    reads = 0;
    const links = kernel.links.bind(kernel);
    kernel.links = () => {
      reads += 1;
      return links();
    };
  });
  afterEach(() => watcher.close());

  it('knows them from the beginning', () => {
    expect(watcher.facts).toEqual(readFacts(kernel));
  });

  it('tells once of many changes', async () => {
    addInterface(kernel, 'eth1', '10.5.0.1/24');
    succeed(kernel, { op: 'add-route', route: handMade(kernel, '0.0.0.0/0', { metric: 0 }) });
    await scheduler.settle();
    expect(told).toHaveLength(1);
    expect(told[0]?.interfaces.map(({ name }) => name)).toEqual(['lo', 'eth0', 'eth1']);
    expect(watcher.facts).toBe(told[0]);
  });

  it('tells of a link that goes down, whose IPv4 routes go without an event', async () => {
    succeed(kernel, { op: 'set-link', index: indexOf(kernel, 'eth0'), up: false });
    await scheduler.settle();
    expect(told[0]?.routes).toEqual([]);
  });

  it('does not even look when pods come and go or weft writes routes', async () => {
    addInterface(kernel, 'cali2', 'fd00:1::1/128');
    succeed(kernel, { op: 'add-route', route: handMade(kernel, '10.1.0.0/26', { protocol: 119 }) });
    succeed(kernel, { op: 'delete-link', index: indexOf(kernel, 'cali2') });
    succeed(kernel, { op: 'delete-link', index: indexOf(kernel, 'cali1') });
    await scheduler.settle();
    expect({ reads, told }).toEqual({ reads: 0, told: [] });
  });

  it('does not look at routes of other tables, and tells nothing when nothing differs', async () => {
    const route = handMade(kernel, '10.6.0.0/16');
    succeed(kernel, { op: 'add-route', route: { ...route, table: 100 } });
    await scheduler.settle();
    expect(reads).toBe(0);
    succeed(kernel, { op: 'add-route', route }, { op: 'delete-route', route });
    await scheduler.settle();
    expect({ reads, told }).toEqual({ reads: 1, told: [] });
    expect(route.table).toBe(MAIN_TABLE);
  });

  it('reads again when events were lost', async () => {
    kernel.holdEvents();
    addInterface(kernel, 'eth1');
    kernel.loseEvents();
    await scheduler.settle();
    expect(told).toHaveLength(1);
  });

  it('says when the kernel cannot be read, and reads a second later', async () => {
    addInterface(kernel, 'eth1');
    kernel.failNext('read', 'ENOBUFS');
    await scheduler.settle();
    expect(failures.map(({ code }) => code)).toEqual(['ENOBUFS']);
    expect(told).toEqual([]);
    await scheduler.advance(1_000);
    expect(told).toHaveLength(1);
  });

  it('hears nothing after it is closed', async () => {
    watcher.close();
    addInterface(kernel, 'eth1');
    await scheduler.settle();
    expect(told).toEqual([]);
  });
});

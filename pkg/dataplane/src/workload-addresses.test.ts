import type { WorkloadLink } from '@weft/calc';
import { address } from '@weft/ip';
import { FakeKernel } from '@weft/kernel';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualScheduler } from '../test/manual-scheduler.ts';
import { type WorkloadAddressEvent, WorkloadAddresses } from './workload-addresses.ts';

const HOST4 = address('169.254.0.179');
const HOST6 = address('fd00:169::179');
const one: WorkloadLink = { interface: 'cali1', workload: address('10.1.0.5'), host: HOST4 };
const one6: WorkloadLink = { interface: 'cali1', workload: address('fd00:1::5'), host: HOST6 };
const two: WorkloadLink = { interface: 'cali2', workload: address('10.1.0.6'), host: HOST4 };

let kernel: FakeKernel;
let scheduler: ManualScheduler;
let events: WorkloadAddressEvent[];
let addresses: WorkloadAddresses;
let prefixes: readonly string[];

function create(): WorkloadAddresses {
  return new WorkloadAddresses({
    kernel,
    scheduler,
    workloadPrefixes: () => prefixes,
    report: (event) => events.push(event),
  });
}

beforeEach(() => {
  kernel = new FakeKernel();
  for (const name of ['eth0', 'cali1', 'cali2']) kernel.apply([{ op: 'add-bridge', name }]);
  scheduler = new ManualScheduler();
  events = [];
  prefixes = ['cali'];
  addresses = create();
});

function indexOf(name: string): number {
  return kernel.link(name)?.index ?? 0;
}

function give(name: string, text: string, prefixLength: number): void {
  const given = {
    interfaceIndex: indexOf(name),
    address: address(text),
    prefixLength,
    scope: 'link',
  } as const;
  kernel.apply([{ op: 'add-address', address: given }]);
}

/** Every address, sorted: "cali1 169.254.0.179/32 link". */
function shown(): string[] {
  const names = new Map(kernel.links().map(({ index, name }) => [index, name]));
  return kernel
    .addresses()
    .map((one) => `${names.get(one.interfaceIndex)} ${one.address}/${one.prefixLength} ${one.scope}`)
    .sort();
}

const kinds = (): string[] => events.map((event) => `${event.kind} ${event.interface} ${event.address}`);

describe('addresses for workloads to peer with', () => {
  it('are there before the call returns, one on each interface, and left alone after', async () => {
    addresses.want([one, one6, two]);
    const whole = ['cali1 169.254.0.179/32 link', `cali1 ${HOST6}/128 global`, 'cali2 169.254.0.179/32 link'];
    expect(shown()).toEqual(whole);
    await scheduler.settle();
    await scheduler.advance(60_000);
    expect(shown()).toEqual(whole);
    expect(events).toHaveLength(3);
  });

  it('follow what is wanted, and go with the last', () => {
    addresses.want([one, two]);
    addresses.want([{ ...two, host: address('169.254.0.1') }]);
    expect(shown()).toEqual(['cali2 169.254.0.1/32 link']);
    addresses.want([]);
    expect(shown()).toEqual([]);
    expect(kinds().slice(2)).toEqual([
      'workload-address-removed cali1 169.254.0.179',
      'workload-address-added cali2 169.254.0.1',
      'workload-address-removed cali2 169.254.0.179',
      'workload-address-removed cali2 169.254.0.1',
    ]);
  });

  it('that an earlier daemon left go with the first call, and nobody else does', () => {
    give('cali1', '169.254.0.179', 32);
    give('cali1', '10.9.0.1', 24);
    give('cali1', 'fe80::ecee:eeff:feee:eeee', 64);
    give('eth0', '192.0.2.1', 32);
    addresses.want([]);
    expect(shown()).toEqual([
      'cali1 10.9.0.1/24 link',
      'cali1 fe80::ecee:eeff:feee:eeee/64 link',
      'eth0 192.0.2.1/32 link',
    ]);
  });

  it('are back when somebody deletes one, and come with an interface that comes', async () => {
    addresses.want([one, { ...two, interface: 'cali3' }]);
    const [given] = kernel.addresses();
    if (given !== undefined) kernel.apply([{ op: 'delete-address', address: given }]);
    kernel.apply([{ op: 'add-bridge', name: 'cali3' }]);
    await scheduler.settle();
    await scheduler.advance(100);
    expect(shown()).toEqual(['cali1 169.254.0.179/32 link', 'cali3 169.254.0.179/32 link']);
  });

  it('are given to workloads whose interfaces are named as earlier ones were', () => {
    prefixes = ['tap'];
    addresses.want([one]);
    expect(shown()).toEqual(['cali1 169.254.0.179/32 link']);
  });

  it('cost no look at the kernel while the same ones are wanted', () => {
    const links = [one, two];
    addresses.want(links);
    const looks = vi.spyOn(kernel, 'links');
    addresses.want(links);
    expect(looks).not.toHaveBeenCalled();
    addresses.want([...links]);
    expect(looks).toHaveBeenCalled();
  });

  it('stay when the daemon ends', () => {
    addresses.want([one]);
    addresses.close();
    expect(shown()).toEqual(['cali1 169.254.0.179/32 link']);
  });

  it('that the kernel refuses are told once, and tried again', async () => {
    kernel.failNext('add-address', 'EPERM', { times: 2 });
    addresses.want([one]);
    await scheduler.advance(5_000);
    expect(shown()).toEqual(['cali1 169.254.0.179/32 link']);
    expect(kinds()).toEqual([
      'workload-address-failed cali1 169.254.0.179',
      'workload-address-added cali1 169.254.0.179',
    ]);
  });
});

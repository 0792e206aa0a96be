/** What a real kernel does to a workload's interface with its last IPv4 address. Needs root. */
import { execFileSync } from 'node:child_process';
import { address } from '@weft/ip';
import { createNetns, deleteNetns, type Kernel, netnsPath, openKernel } from '@weft/kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WorkloadAddresses } from './workload-addresses.ts';

const name = `wt-wa-${process.pid}`;
const ip = (command: string): string =>
  execFileSync('ip', ['-n', name, ...command.split(' ')], { encoding: 'utf8' }).trim();

let kernel: Kernel;

beforeEach(() => {
  createNetns(name);
  kernel = openKernel({ netns: netnsPath(name) });
  ip('link add cali1 type veth peer name eth1');
  ip('link set cali1 up');
  ip('link set eth1 up');
});
afterEach(() => {
  kernel.close();
  deleteNetns(name);
});

it('an address that goes takes neither the host route of its workload along nor its neighbour entry', () => {
  ip('route add 10.1.0.5 dev cali1 proto 119 metric 1024 scope link');
  ip('neighbour add 10.1.0.5 dev cali1 lladdr 02:00:00:00:00:05 nud permanent');
  const before = [ip('-4 route'), ip('neighbour show nud permanent')];
  const addresses = new WorkloadAddresses({ kernel, workloadPrefixes: () => ['cali'], report: () => {} });
  const host = address('169.254.0.179');
  const workload = { interface: 'cali1', workload: address('10.1.0.5'), host };
  const workload6 = { interface: 'cali1', workload: address('fd00::5'), host: address('fd00:169::179') };
  addresses.want([workload, workload6]);
  expect(ip('-o -4 address show dev cali1')).toMatch(/inet 169\.254\.0\.179\/32 scope link cali1/);
  expect(ip('-o -6 address show dev cali1')).toMatch(/inet6 fd00:169::179\/128 scope global nodad/);
  addresses.want([]);
  addresses.close();
  expect(ip('-o -4 address show dev cali1')).toBe('');
  expect(ip('-o -6 address show dev cali1')).not.toContain('fd00:169');
  expect([ip('-4 route'), ip('neighbour show nud permanent')]).toEqual(before);
});

/**
 * The disk of a host is full: datastore, journal, spool, name and log lie on it. New containers are refused and leave nothing;
 * those that run are not touched, also when weftd is restarted meanwhile; all goes on when there is room.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatastore } from '@weft/datastore';
import { createNetns, deleteNetns, netnsPath } from '@weft/kernel';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CniOutcome, cniCall } from '../harness/cni-call.ts';
import { topologyOf, useLab } from '../harness/test-lab.ts';
import { WeftdProcess } from '../harness/weftd-process.ts';
import { LossMeter } from './loss-meter.ts';
import { report } from './report.ts';

const topology = topologyOf(`
subnets:
  rack: { prefixes: [10.1.0.0/24, "fd00:1::/64"] }
hosts:
  one: { runs: none }
  two: { runs: none }`);
const lab = useLab('f-disk', topology);
const HOSTS = ['one', 'two'] as const;
const CONTAINERS = ['f-disk-a', 'f-disk-b', 'f-disk-c'] as const;

const daemons = HOSTS.map(() => new WeftdProcess());
const disks = daemons.map(({ directory }) => directory);
const [onOne, onTwo] = daemons as [WeftdProcess, WeftdProcess];

beforeAll(async () => {
  CONTAINERS.forEach(createNetns);
  for (const disk of disks) await execa('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
  for (const host of HOSTS) await start(host);
});
afterAll(async () => {
  for (const daemon of daemons) await daemon.stop('SIGKILL').catch(() => undefined);
  for (const disk of disks) await execa('umount', ['--lazy', disk], { reject: false });
  for (const daemon of daemons) await daemon.dispose();
  CONTAINERS.forEach(deleteNetns);
});

async function start(host: (typeof HOSTS)[number]): Promise<void> {
  const daemon = host === 'one' ? onOne : onTwo;
  const args = [
    '--node-name',
    host,
    '--datastore',
    join(onOne.directory, 'weft.db'),
    '--hold-time-seconds',
    '90',
  ];
  await daemon.start({ lab: lab.name, host, args });
  await daemon.status();
}

function call(daemon: WeftdProcess, command: 'ADD' | 'DEL', name: string): Promise<CniOutcome> {
  return cniCall(join(daemon.directory, 'weftd.sock'), {
    command,
    containerId: name.padEnd(64, '0'),
    netns: netnsPath(name),
    configuration: { ipam: { type: 'weft', assign_ipv4: 'true', assign_ipv6: 'true' } },
  });
}

const addressesIn = (outcome: CniOutcome): string[] =>
  outcome.output.ips.map(({ address }: { address: string }) => address.split('/')[0]);

/** Writes until nothing fits any more; the answer makes room again. */
function fill(disk: string): () => void {
  const path = join(disk, 'filling');
  for (const bytes of [1 << 16, 1 << 12, 1])
    try {
      for (;;) writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
  return () => rmSync(path);
}

/** What is there of containers: their ends on both hosts, and their records. */
async function held(): Promise<{ interfaces: number; records: number; handles: number }> {
  const links = await Promise.all(
    HOSTS.map((host) => lab.run(host, 'ip', '-j', 'link', 'show', 'type', 'veth')),
  );
  const names = links.flatMap((text) => JSON.parse(text) as { ifname: string }[]);
  const store = await openDatastore({ type: 'embedded', path: join(onOne.directory, 'weft.db') });
  const [endpoints, handles] = [await store.list('WorkloadEndpoint'), await store.list('IPAMHandle')];
  await store.close();
  return {
    interfaces: names.filter(({ ifname }) => ifname.startsWith('cali')).length,
    records: endpoints.items.length,
    handles: handles.items.length,
  };
}

it('refuses new containers and touches none that runs, also over a restart of weftd', async () => {
  const [a, b] = [await call(onOne, 'ADD', CONTAINERS[0]), await call(onTwo, 'ADD', CONTAINERS[1])];
  const pairs = [
    ...addressesIn(b).map((address) => ({ namespace: CONTAINERS[0], address })),
    ...addressesIn(a).map((address) => ({ namespace: CONTAINERS[1], address })),
  ];
  const before = await held();
  const meter = await LossMeter.start(pairs, 'fault');
  const makeRoom = disks.map(fill);

  const refused = await call(onOne, 'ADD', CONTAINERS[2]);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output.msg + refused.output.details).toMatch(/full/);
  expect(await held()).toEqual(before);
  const { pid } = await onOne.status();
  await onTwo.stop('SIGTERM');
  const started = await start('two').then(
    () => 'started',
    (error: Error) => error.message,
  );
  expect(started).toMatch(/^started$|is full/);

  meter.phase('recovery');
  for (const make of makeRoom) make();
  if (started !== 'started') await start('two');
  expect(await call(onOne, 'ADD', CONTAINERS[2])).toMatchObject({ exitCode: 0 });
  await onTwo.ready();
  expect(await call(onOne, 'DEL', CONTAINERS[2])).toMatchObject({ exitCode: 0 });
  expect(await held()).toEqual(before);
  expect((await onOne.status()).pid).toBe(pid);
  await meter.allAnswer();
  const measurement = await meter.stop();
  report({
    group: 'host',
    fault: 'disk full, weftd restarted meanwhile',
    lossless: true,
    ...measurement,
  });
  expect(measurement).toMatchObject({ ipv4: { lost: 0 }, ipv6: { lost: 0 } });
});

/** An ADD and a DEL of one container at the same time, most of all with addresses of an IPAM plugin. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Annotations, encodeCall } from '@weft/cni';
import { type Endpoint, refuse } from '@weft/control';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fakeCniHost } from '../../test/fake-cni-host.ts';
import type { CniHost } from './cni-host.ts';
import { CniPlugin } from './plugin.ts';

/** Holds one address while `reserved` is there, notes what it is asked for, and does what files beside it tell. */
const IPAM_PLUGIN = `#!/bin/sh
cd "\${0%/*}"
wait_while() { while [ -e "$1" ]; do sleep 0.01; done; }
echo "$CNI_COMMAND" >> commands
[ ! -e "fail-$CNI_COMMAND" ] || exit 1
wait_while "hold-$CNI_COMMAND"
if [ "$CNI_COMMAND" = DEL ]; then rm -f reserved; exit; fi
touch reserved
wait_while hold-answer
echo '{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.7/32"}]}'
`;

let directory: string;
let plugin: CniPlugin;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-crossing-'));
  writeFileSync(join(directory, 'ipam'), IPAM_PLUGIN);
  chmodSync(join(directory, 'ipam'), 0o755);
  mkdirSync(join(directory, 'spool'));
});
afterEach(() => {
  plugin.close();
  rmSync(directory, { recursive: true });
});

const tell = (order: string): void => writeFileSync(join(directory, order), '');
const untell = (order: string): void => rmSync(join(directory, order));
const isReserved = (): boolean => existsSync(join(directory, 'reserved'));
const kept = (): string[] => readdirSync(join(directory, 'spool'));

/** Waits until the IPAM plugin has been asked for these, one after the other. */
function asked(...commands: string[]): Promise<void> {
  const seen = (): string => readFileSync(join(directory, 'commands'), 'utf8');
  return vi.waitFor(() => expect(seen()).toBe(`${commands.join('\n')}\n`), { timeout: 30_000 });
}

/** Containers that are plugged in, with their addresses. */
type Containers = Map<string, readonly string[]>;

/** A daemon in memory, listening. */
async function listening(containers: Containers, other: Partial<CniHost> = {}): Promise<void> {
  const host = fakeCniHost({
    attach: async (id, { addresses = [] }) => {
      containers.set(id, addresses);
      const timing = { ipamMilliseconds: 0, wiringMilliseconds: 0, totalMilliseconds: 0 };
      const ends = { hostInterface: 'cali1', mac: '02:00:00:00:00:01', mtuBytes: 1500 };
      return { kind: 'attached', id, addresses: [...addresses], ...ends, timing };
    },
    detach: async (id) => {
      containers.delete(id);
      return { kind: 'not-attached', id, addresses: [] };
    },
    isPluggedIn: (id) => containers.has(id),
    endpoint: (id) => (containers.has(id) ? ({} as Endpoint) : undefined),
    ...other,
  });
  plugin = new CniPlugin(host, join(directory, 'spool'), Date.now);
  await plugin.sweep();
  await plugin.listens();
}

function callOf(command: string, ipam: string): Uint8Array {
  const environment = {
    CNI_ARGS: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web',
    CNI_COMMAND: command,
    CNI_CONTAINERID: 'c1',
    CNI_IFNAME: 'eth0',
    CNI_NETNS: '/run/netns/none',
    CNI_PATH: directory,
  };
  return encodeCall({
    environment,
    stdin: JSON.stringify({ cniVersion: '1.0.0', name: 'net', ipam: { type: ipam } }),
  });
}

/** The code of the answer, 0 for success. */
async function call(command: 'ADD' | 'DEL', ipam = 'ipam'): Promise<number> {
  const { exitCode, stdout } = await plugin.answer(callOf(command, ipam));
  return exitCode === 0 ? 0 : JSON.parse(stdout).code;
}

it.each([
  ['before it has an address', 'hold-ADD'],
  ['when it has one', 'hold-answer'],
])('a DEL that comes while the plugin is asked, %s, ends what the ADD has made', async (_, hold) => {
  const containers: Containers = new Map();
  await listening(containers);
  tell(hold);
  const adding = call('ADD');
  await asked('ADD');
  if (hold === 'hold-answer') await vi.waitFor(() => expect(isReserved()).toBe(true), { timeout: 30_000 });
  const deleting = call('DEL');
  untell(hold);
  expect(await Promise.all([adding, deleting])).toEqual([0, 0]);
  expect(containers.size).toBe(0);
  expect(isReserved()).toBe(false);
});

it.each([
  ['weft itself', 'weft'],
  ['an IPAM plugin', 'ipam'],
])(
  'a DEL that comes while an ADD reads what its Pod wishes of %s ends what the ADD has made',
  async (_, ipam) => {
    const containers: Containers = new Map();
    const reading = Promise.withResolvers<void>();
    const read = Promise.withResolvers<{ pod: Annotations; namespace: Annotations }>();
    const annotations = (): typeof read.promise => {
      reading.resolve();
      return read.promise;
    };
    await listening(containers, { pods: { annotations, podCidrs: async () => [] } });
    const adding = call('ADD', ipam);
    await reading.promise;
    const deleting = call('DEL', ipam);
    read.resolve({ pod: {}, namespace: {} });
    expect(await Promise.all([adding, deleting])).toEqual([0, 0]);
    expect(containers.size).toBe(0);
    expect(isReserved()).toBe(false);
  },
);

it('an ADD waits until the plugin has done the DEL before it, which would take its address', async () => {
  const containers: Containers = new Map();
  await listening(containers);
  await call('ADD');
  tell('hold-DEL');
  const deleting = call('DEL');
  await asked('ADD', 'DEL');
  expect(await call('ADD')).toBe(11);
  untell('hold-DEL');
  expect(await deleting).toBe(0);
  expect(await call('ADD')).toBe(0);
  expect(containers.get('net:c1:eth0')).toEqual(['10.0.0.7']);
  expect(isReserved()).toBe(true);
});

it('a container whose ADD has failed and that could not be taken out has its address until its DEL', async () => {
  const containers: Containers = new Map();
  await listening(containers, {
    attach: async (id, { addresses = [] }) => {
      containers.set(id, addresses);
      return refuse('internal', 'its interface cannot be taken away', id, 'Detach it.');
    },
  });
  expect(await call('ADD')).not.toBe(0);
  expect(isReserved()).toBe(true);
  expect(await call('DEL')).toBe(0);
  expect(isReserved()).toBe(false);
});

it('two DELs that were kept for one container are both done at once', async () => {
  const containers: Containers = new Map();
  for (const name of ['1000-7', '2000-7'])
    writeFileSync(join(directory, 'spool', name), callOf('DEL', 'ipam'));
  await listening(containers);
  expect(kept()).toEqual([]);
});

it('a DEL that was kept and has failed does not take the address of an ADD that is under way', async () => {
  const containers: Containers = new Map();
  writeFileSync(join(directory, 'spool', '1000-7'), callOf('DEL', 'ipam'));
  tell('fail-DEL');
  tell('hold-answer');
  await listening(containers);
  const adding = call('ADD');
  await vi.waitFor(() => expect(isReserved()).toBe(true), { timeout: 30_000 });
  untell('fail-DEL');
  await plugin.sweep();
  expect(isReserved()).toBe(true);
  untell('hold-answer');
  expect(await adding).toBe(0);
  await plugin.sweep();
  expect(kept()).toEqual([]);
  expect(containers.size).toBe(1);
  expect(isReserved()).toBe(true);
});

/**
 * Every pair of operations, one run whole between any two store calls of the other; and every operation cut off at any
 * store call. The monitor checks after every write; at the end repair must leave nothing to find.
 */
import { type Datastore, DatastoreError } from '@weft/datastore';
import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { createIpam, deletePool, hostOwner, type Ipam, tunnelHandle } from '../src/index.ts';
import { cluster, node, pool } from './support/fixtures.ts';
import { type Around, interceptStore, isWrite } from './support/intercepted-store.ts';
import { Ledger } from './support/ledger.ts';
import { Monitor } from './support/monitor.ts';

const BLOCK = prefix('10.0.0.4/30');
const OWNED = address('10.0.0.4');
const TUNNEL = tunnelHandle('vxlan', 'node1');

/** A cluster under the monitor's eyes. */
interface Scene {
  readonly store: Datastore;
  readonly ledger: Ledger;
  readonly monitor: Monitor;
  readonly clock: { now: number };
  ipam(around?: Around): Process;
}

/** An allocator, and the connection it has to the store. */
interface Process extends Ipam {
  readonly store: Datastore;
}

async function newScene(): Promise<Scene> {
  const { store, clock } = await cluster(
    pool('pool', '10.0.0.0/29', { blockSize: 30, vxlanMode: 'Always' }),
    node('node1'),
    node('node2'),
  );
  const ledger = new Ledger();
  const monitor = new Monitor(store, ledger);
  const watched = interceptStore(store, async (call, perform) => {
    const answer = await perform();
    if (isWrite(call)) await monitor.written(call.kind, call.name as string);
    return answer;
  });
  const ipam = (around: Around = (_, perform) => perform()) =>
    processOn(interceptStore(watched, around), () => clock.now);
  return { store: watched, ledger, monitor, clock, ipam };
}

function processOn(store: Datastore, now: () => number): Process {
  return { ...createIpam({ store, now }), store };
}

/** How a scene begins; 'old' is the workload that is there already, if one is. */
const states: Record<string, (scene: Scene) => Promise<void>> = {
  'nothing is claimed': async () => {},
  'node1 has a block and a workload': (scene) => addOld(scene),
  'node1 has an empty block': async ({ ipam, clock }) => {
    await ipam().claimAffinity({ owner: hostOwner('node1'), cidr: BLOCK });
    clock.now += 120_000;
  },
  'node1 announced a claim and died': async ({ store }) => {
    const spec = { state: 'pending', node: 'node1', type: 'host', cidr: BLOCK, deleted: false } as const;
    const metadata = { name: 'node1-10-0-0-4-30' };
    await store.create({ apiVersion: 'projectcalico.org/v3', kind: 'BlockAffinity', metadata, spec });
  },
  'the affinity of node1 was deleted by hand': async (scene) => {
    await addOld(scene);
    await scene.store.delete({ kind: 'BlockAffinity', name: 'node1-10-0-0-4-30' });
  },
  'the block belongs to nobody and is in use': async (scene) => {
    await addOld(scene);
    await scene.ipam().releaseAffinity({ owner: hostOwner('node1'), cidr: BLOCK, requireEmpty: false });
  },
};

async function addOld({ ipam, ledger, clock }: Scene): Promise<void> {
  const outcome = await ipam().assignIp({ address: OWNED, node: 'node1', handle: 'old' });
  if (outcome.kind !== 'assigned') throw new Error(outcome.message);
  const [{ sequenceNumber }] = outcome.addresses;
  ledger.assigned('old', new Map([[OWNED, sequenceNumber]]));
  clock.now += 120_000;
}

/** An operation; `side` tells the two of a pair apart, so that their workloads differ. */
type Operation = (ipam: Process, scene: Scene, side: string) => Promise<unknown>;

const operations: Record<string, Operation> = {
  'node1 adds a workload': (ipam, scene, side) => add(ipam, scene, 'node1', `${side}-1`),
  'node2 adds a workload': (ipam, scene, side) => add(ipam, scene, 'node2', `${side}-2`),
  'the workload gets a second address': (ipam) =>
    ipam.autoAssign({ node: 'node1', handle: 'old', num4: 1, intendedUse: 'Workload' }),
  'the workload is released by handle': (ipam) => ipam.releaseByHandle('old'),
  'the workload is released by address': (ipam) => ipam.releaseIps([{ address: OWNED, handle: 'old' }]),
  'node2 claims the block': (ipam) => ipam.claimAffinity({ owner: hostOwner('node2'), cidr: BLOCK }),
  'the block is taken from node1': (ipam) =>
    ipam.releaseAffinity({ owner: hostOwner('node1'), cidr: BLOCK, requireEmpty: false }),
  'the block is taken from node1 if empty': (ipam) =>
    ipam.releaseAffinity({ owner: hostOwner('node1'), cidr: BLOCK, requireEmpty: true }),
  'node1 is deleted': async (ipam) => {
    await ipam.store.delete({ kind: 'Node', name: 'node1' });
    await ipam.releaseHost('node1');
  },
  'node1 looks after its tunnel': (ipam) => ipam.ensureTunnels('node1', { wireguardHostEncryption: false }),
  'the pool is deleted': ({ store }, { clock }) =>
    deletePool({ store, now: () => clock.now, pause: async () => {} }, 'pool'),
  'everything is repaired': (ipam) => repairAll(ipam),
};

async function add(ipam: Ipam, { ledger }: Scene, name: string, handle: string): Promise<void> {
  const outcome = await ipam.autoAssign({ node: name, handle, num4: 1, intendedUse: 'Workload' });
  if (outcome.kind !== 'assigned') return;
  ledger.assigned(handle, new Map(outcome.addresses.map((given) => [given.address, given.sequenceNumber])));
}

async function repairAll(ipam: Ipam): Promise<void> {
  for (const finding of await ipam.inspect()) await ipam.repair(finding);
}

async function begin(state: string, ...names: string[]): Promise<Scene> {
  const scene = await newScene();
  await states[state]?.(scene);
  if (names.some((name) => name.startsWith('the workload'))) scene.ledger.releasing('old');
  return scene;
}

async function expectSettled({ ipam, monitor, ledger }: Scene, gone: readonly string[]): Promise<void> {
  const allocator = ipam();
  for (const handle of gone) await allocator.releaseByHandle(handle);
  await repairAll(allocator);
  expect(await allocator.inspect()).toEqual([]);
  for (const [held, handle] of monitor.holders()) {
    if (!gone.includes(handle as string) && handle !== 'old' && handle !== TUNNEL)
      expect(ledger.ownerOf(held)).toBe(handle);
  }
}

/** Runs `between` before the call of that number, if there is one. */
function interrupt(place: number, between: () => Promise<unknown>): { around: Around; calls: () => number } {
  let calls = 0;
  const around: Around = async (_, perform) => {
    if (calls++ === place) await between();
    return perform();
  };
  return { around, calls: () => calls };
}

async function runPair(state: string, first: string, second: string, place: number): Promise<boolean> {
  const scene = await begin(state, first, second);
  const { around, calls } = interrupt(place, async () => operations[second]?.(scene.ipam(), scene, 'second'));
  await operations[first]?.(scene.ipam(around), scene, 'first');
  await expectSettled(scene, []);
  return calls() > place;
}

/** Cuts the operation off after a call took effect; what it calls then, to clean up, fails too. */
async function runCut(state: string, name: string, place: number): Promise<boolean> {
  const scene = await begin(state, name);
  let calls = 0;
  const around: Around = async (_, perform) => {
    const call = calls++;
    if (call < place) return perform();
    if (call === place) await perform();
    throw new DatastoreError('unavailable', 'The process was cut off.');
  };
  const ended = await operations[name]?.(scene.ipam(around), scene, 'cut').then(
    () => true,
    (error: Error) => {
      if (error.name !== 'DatastoreError') throw error;
      return false;
    },
  );
  await expectSettled(scene, ended ? [] : ['cut-1', 'cut-2']);
  return !ended;
}

async function forEveryPlace(label: string, run: (place: number) => Promise<boolean>): Promise<void> {
  for (let place = 0; ; place++) {
    try {
      if (!(await run(place))) return;
    } catch (cause) {
      throw new Error(`${label}, at call ${place}: ${(cause as Error).message}`, { cause });
    }
  }
}

describe.each(Object.keys(states))('when %s', (state) => {
  test.each(Object.keys(operations))(
    '%s, interrupted by every other operation at every call',
    async (first) => {
      for (const second of Object.keys(operations))
        await forEveryPlace(`${first}, then ${second}`, (place) => runPair(state, first, second, place));
    },
  );

  test.each(Object.keys(operations))('%s, cut off after every call', async (name) => {
    await forEveryPlace(`${name}, cut off`, (place) => runCut(state, name, place));
  });
});

/**
 * One node as a process: it adds and removes workloads, and does now and then all else that IPAM offers, until its input
 * ends; or until it is killed. It takes up again what its predecessors left, from the log.
 *
 * Argument: NodeOptions as JSON.
 */
import { setImmediate as untilIdle } from 'node:timers/promises';
import { type Datastore, type DatastoreChoice, openDatastore } from '@weft/datastore';
import { type Prefix, prefix } from '@weft/ip';
import { createIpam, hostOwner, type Ipam } from '@weft/ipam';
import { beliefOf, logWriter, readLog } from './log.ts';

/** What a node is told. */
export interface NodeOptions {
  readonly choice: DatastoreChoice;
  readonly log: string;
  readonly node: string;
  /** No two processes have the same. */
  readonly incarnation: number;
  /** Blocks that it may claim and give up by name. */
  readonly blocks: readonly string[];
}

const options = JSON.parse(process.argv[2] ?? '') as NodeOptions;
const { node, incarnation } = options;
const log = logWriter(options.log);
let seed = incarnation;
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

const mine = adopt();
const store = await opened();
const ipam = createIpam({ store, now: Date.now });
for (let count = 0; !isOver; count++) {
  await unlessAway(() => anything(ipam, count));
  // A store in a file answers at once: without this the end of the input would never be seen.
  await untilIdle();
}
await store.close();

/** The handles of this node that hold addresses, according to the log. */
function adopt(): string[] {
  const { owners } = beliefOf(readLog(options.log));
  return [...new Set(owners.values())].filter((handle) => handle.startsWith(`${node}/`));
}

/** The store may have been killed just before. */
async function opened(): Promise<Datastore> {
  for (;;) {
    let store: Datastore | undefined;
    await unlessAway(async () => {
      store = await openDatastore(options.choice);
    });
    if (store) return store;
  }
}

/** The store may be away: what was under way then is in limbo, as the log says already. */
async function unlessAway(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as Error).name !== 'DatastoreError') throw error;
    // So that a node does not fill the log while etcd is away.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function anything(allocator: Ipam, count: number): Promise<void> {
  const choice = below(100);
  if (choice < 45) return add(allocator, count);
  if (choice < 80) return remove(allocator);
  const cidr = prefix(options.blocks[below(options.blocks.length)] as string);
  if (choice < 86) return claim(allocator, cidr);
  if (choice < 91) return giveUp(allocator, cidr);
  if (choice < 97) return void (await allocator.ensureTunnels(node, { wireguardHostEncryption: false }));
  for (const finding of await allocator.inspect()) await allocator.repair(finding);
}

async function add(allocator: Ipam, count: number): Promise<void> {
  const handle = `${node}/${incarnation}-${count}`;
  log({ kind: 'adding', handle });
  const request = { node, handle, num4: 1 + below(2), num6: below(2), intendedUse: 'Workload' } as const;
  const outcome = await allocator.autoAssign(request);
  if (outcome.kind === 'contention') return;
  if (outcome.kind !== 'assigned') return log({ kind: 'gone', handle });
  log({ kind: 'has', handle, addresses: outcome.addresses.map(({ address }) => address) });
  mine.push(handle);
}

async function remove(allocator: Ipam): Promise<void> {
  const [handle] = mine.splice(below(mine.length), 1);
  if (handle === undefined) return;
  log({ kind: 'releasing', handle });
  const { kind } = await allocator.releaseByHandle(handle);
  if (kind !== 'contention') log({ kind: 'gone', handle });
}

async function claim(allocator: Ipam, cidr: Prefix): Promise<void> {
  await allocator.claimAffinity({ owner: hostOwner(node), cidr });
}

async function giveUp(allocator: Ipam, cidr: Prefix): Promise<void> {
  await allocator.releaseAffinity({ owner: hostOwner(node), cidr, requireEmpty: below(2) === 0 });
}

/** An integer in [0, limit), from the incarnation's own sequence. */
function below(limit: number): number {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((seed / 2_147_483_648) * limit);
}

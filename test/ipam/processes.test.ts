/**
 * The promises of IPAM with real processes on real stores: nodes that allocate from pools that are too small while they
 * are killed at random, and etcd itself too. No address has two users at any moment; none is lost for good; and what the
 * deaths left can be repaired until nothing is to be found.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Datastore, type DatastoreChoice, openDatastore } from '@weft/datastore';
import { addressCount, nthSubnet, type Prefix, prefix } from '@weft/ip';
import { addressAt, allocationAt, createIpam, type Ipam, TUNNELS, tunnelHandle } from '@weft/ipam';
import type { IPPool, Node } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { startEtcd } from '../harness/etcd.ts';
import { waitFor } from '../harness/wait-for.ts';
import { beliefOf, type LogEntry, readLog } from './log.ts';
import type { NodeOptions } from './node-process.ts';

const NODES = ['n1', 'n2', 'n3', 'n4', 'n5'];
const POOL4 = prefix('10.0.0.0/27');
const POOL6 = prefix('fd00::/123');
/** After how many entries of the log a node is killed, how often, and every how manieth time the store is, too. */
const ENTRIES_BETWEEN_KILLS = 60;
const KILLS = 10;
const KILLS_PER_STORE_KILL = 2;
const DEADLINE_MS = 240_000;

describe('nodes killed at random', () => {
  it(
    'never share and never lose an address, on a file',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'weft-ipam-'));
      try {
        const choice = { type: 'embedded', path: join(directory, 'weft.db') } as const;
        await new Ordeal(directory, choice).run(async () => {});
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
    DEADLINE_MS,
  );

  it(
    'never share and never lose an address, on etcd that is killed too',
    async () => {
      const etcd = await startEtcd();
      const directory = mkdtempSync(join(tmpdir(), 'weft-ipam-'));
      try {
        await new Ordeal(directory, etcd.choice).run(() => etcd.restart());
      } finally {
        rmSync(directory, { recursive: true });
        await etcd.dispose();
      }
    },
    DEADLINE_MS,
  );
});

/** One run. */
class Ordeal {
  readonly #log: string;
  readonly #choice: DatastoreChoice;
  readonly #processes = new Map<string, ChildProcess>();
  #incarnations = 0;
  #failure: string | undefined;

  constructor(directory: string, choice: DatastoreChoice) {
    this.#log = join(directory, 'log');
    this.#choice = choice;
    writeFileSync(this.#log, '');
  }

  /** @param killStore kills the store and starts it again; resolves when it serves */
  async run(killStore: () => Promise<void>): Promise<void> {
    const store = await openDatastore(this.#choice, { create: true });
    try {
      await furnish(store);
      for (const node of NODES) this.#start(node);
      for (let kill = 1; kill <= KILLS; kill++) {
        await this.#untilMoreIsDone();
        await this.#killAndStart(NODES[(kill * 7) % NODES.length] as string);
        if (kill % KILLS_PER_STORE_KILL === 0) await killStore();
      }
      await this.#untilMoreIsDone();
      await this.#stop();
      await expectNothingLost(store, this.#entries());
    } finally {
      for (const child of this.#processes.values()) child.kill('SIGKILL');
      await store.close();
    }
  }

  #start(node: string): void {
    const options: NodeOptions = {
      choice: this.#choice,
      log: this.#log,
      node,
      incarnation: ++this.#incarnations,
      blocks: Array.from({ length: 8 }, (_, index) => nthSubnet(POOL4, 30, BigInt(index))),
    };
    const program = join(import.meta.dirname, 'node-process.ts');
    const child = spawn(process.execPath, ['--conditions=source', program, JSON.stringify(options)], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr?.on('data', (text) => (errors += text));
    child.on('exit', (code) => (this.#failure ??= code ? `${node} ended: ${errors}` : undefined));
    this.#processes.set(node, child);
  }

  async #killAndStart(node: string): Promise<void> {
    const child = this.#processes.get(node) as ChildProcess;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    this.#start(node);
  }

  async #untilMoreIsDone(): Promise<void> {
    const goal = this.#entries().length + ENTRIES_BETWEEN_KILLS;
    await waitFor(`${ENTRIES_BETWEEN_KILLS} more operations`, () => this.#entries().length >= goal, 30_000);
  }

  /** Lets the nodes end what they do. */
  async #stop(): Promise<void> {
    const children = [...this.#processes.values()];
    const ended = children.map((child) => once(child, 'exit'));
    for (const child of children) child.stdin?.end();
    await Promise.all(ended);
    expect(this.#failure).toBeUndefined();
  }

  #entries(): LogEntry[] {
    if (this.#failure !== undefined) throw new Error(this.#failure);
    return readLog(this.#log);
  }
}

async function furnish(store: Datastore): Promise<void> {
  const apiVersion = 'projectcalico.org/v3';
  const common = { ipipMode: 'Never', vxlanMode: 'Always', natOutgoing: false, disabled: false } as const;
  const chosen = { disableBGPExport: false, nodeSelector: 'all()', assignmentMode: 'Automatic' } as const;
  const pool = (name: string, cidr: Prefix, blockSize: number): IPPool => ({
    apiVersion,
    kind: 'IPPool',
    metadata: { name },
    spec: { cidr, blockSize, ...common, ...chosen, allowedUses: ['Workload', 'Tunnel'] },
  });
  await store.create(pool('pool4', POOL4, 30));
  await store.create(pool('pool6', POOL6, 126));
  for (const name of NODES)
    await store.create<'Node'>({ apiVersion, kind: 'Node', metadata: { name }, spec: {} } satisfies Node);
  const spec = { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0, ipCooldownSeconds: 0 };
  await store.create({ apiVersion, kind: 'IPAMConfiguration', metadata: { name: 'default' }, spec });
}

async function expectNothingLost(store: Datastore, entries: readonly LogEntry[]): Promise<void> {
  const { owners, limbo, conflicts } = beliefOf(entries);
  expect(conflicts).toEqual([]);
  const ipam = createIpam({ store, now: Date.now });
  for (const handle of limbo) await ipam.releaseByHandle(handle);
  for (const node of NODES) await ipam.ensureTunnels(node, { wireguardHostEncryption: false });
  await repairAll(ipam);
  expect(await ipam.inspect()).toEqual([]);
  const tunnels = new Set(NODES.flatMap((node) => TUNNELS.map((tunnel) => tunnelHandle(tunnel, node))));
  const held = [...(await holders(store))].filter(([, handle]) => !tunnels.has(handle));
  expect(new Map(held)).toEqual(owners);
  for (const handle of [...new Set(owners.values()), ...tunnels]) await ipam.releaseByHandle(handle);
  await expectAllCanBeGiven(ipam, POOL4, 'num4');
  await expectAllCanBeGiven(ipam, POOL6, 'num6');
}

async function repairAll(ipam: Ipam): Promise<void> {
  for (const finding of await ipam.inspect()) await ipam.repair(finding);
}

async function holders(store: Datastore): Promise<Map<string, string>> {
  const { items } = await store.list('IPAMBlock');
  const all = items.flatMap(({ spec }) =>
    spec.allocations.flatMap((_, ordinal) => {
      const allocation = allocationAt(spec, ordinal);
      const isHeld = allocation && allocation.releasedAt === undefined;
      return isHeld ? [[addressAt(spec, ordinal) as string, allocation.handle ?? ''] as const] : [];
    }),
  );
  return new Map(all);
}

async function expectAllCanBeGiven(ipam: Ipam, pool: Prefix, family: 'num4' | 'num6'): Promise<void> {
  const wanted = Number(addressCount(pool));
  const given = new Set<string>();
  for (let count = 0; count < wanted; count++) {
    const node = NODES[count % NODES.length] as string;
    const outcome = await ipam.autoAssign({
      node,
      handle: `last-${family}-${count}`,
      [family]: 1,
      intendedUse: 'Workload',
    });
    for (const { address } of outcome.kind === 'assigned' ? outcome.addresses : []) given.add(address);
  }
  expect(given.size).toBe(wanted);
}

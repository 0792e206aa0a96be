/** The journal of a machine: what the allocator does is written, kept within bounds, and mended after a crash. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, address, prefix } from '@weft/ip';
import { afterEach, describe, expect, it } from 'vitest';
import { cluster as createCluster, node, pool } from '../../test/support/fixtures.ts';
import type { Ipam } from '../allocator.ts';
import { hostOwner } from '../core/owner.ts';
import type { JournalAuthor, JournalEntry } from './entry.ts';
import { findUnjournaled } from './find-unjournaled.ts';
import { JournalFile } from './journal-file.ts';
import { journaled } from './journaled.ts';

const directories: string[] = [];

function journalPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'weft-journal-'));
  directories.push(directory);
  return join(directory, 'state', 'ipam-journal.db');
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

const attach: JournalAuthor = { program: 'weftd', verb: 'attach' };
const start: JournalAuthor = { program: 'weftd', verb: 'start' };

async function setUp() {
  const {
    clock,
    ipam: plain,
    store,
  } = await createCluster(pool('pods', '10.1.0.0/24'), node('node1'), node('node2'));
  const path = journalPath();
  const file = new JournalFile({ path });
  const now = (): number => clock.now;
  const containerOf = (handle: string): string => handle.replace('weft.node1.', '');
  const ipam = journaled(plain, {
    journal: file,
    now,
    by: attach,
    releaseReason: 'detach',
    containerOf,
  });
  return { clock, file, ipam, now, plain, store };
}

const web = { namespace: 'shop', pod: 'web-0' };

async function assign(ipam: Ipam, id: string): Promise<Address> {
  const outcome = await ipam.autoAssign({
    node: 'node1',
    handle: `weft.node1.${id}`,
    attributes: { node: 'node1', ...web },
    intendedUse: 'Workload',
    num4: 1,
  });
  if (outcome.kind !== 'assigned') throw new Error(outcome.message);
  return outcome.addresses[0]?.address as Address;
}

describe('an allocator with a journal', () => {
  it('writes who took and gave back an address, where and why', async () => {
    const { clock, file, ipam } = await setUp();
    const taken = await assign(ipam, 'c1.eth0');
    clock.now += 5_000;
    await ipam.releaseByHandle('weft.node1.c1.eth0');
    const whole = {
      address: taken,
      block: expect.stringMatching(/^10\.1\.0\.\d+\/26$/),
      pool: 'pods',
      handle: 'weft.node1.c1.eth0',
      node: 'node1',
      workload: { namespace: 'shop', name: 'web-0', container: 'c1.eth0' },
      sequenceNumber: expect.stringMatching(/^\d+$/),
      by: attach,
    };
    expect(file.history(taken, 10)).toEqual([
      { ...whole, time: clock.now - 5_000, operation: 'assign', reason: 'new-block' },
      { ...whole, time: clock.now, operation: 'release', reason: 'detach' },
    ]);
    file.close();
  });

  it('writes a release by address, and says nothing of what was not released', async () => {
    const { file, ipam } = await setUp();
    const taken = await assign(ipam, 'c1');
    await ipam.releaseIps([{ address: taken, handle: 'another' }, { address: address('10.1.0.200') }]);
    expect(file.history(taken, 10)).toHaveLength(1);
    await ipam.releaseIps([{ address: taken }]);
    await ipam.releaseIps([{ address: taken }]);
    expect(file.history(taken, 10).map(({ operation }) => operation)).toEqual(['assign', 'release']);
    file.close();
  });

  it('writes what happens to a whole block into the history of its addresses', async () => {
    const { file, ipam } = await setUp();
    const block = prefix('10.1.0.64/26');
    await ipam.claimAffinity({ owner: hostOwner('node2'), cidr: block });
    await ipam.releaseAffinity({ owner: hostOwner('node2'), cidr: block, requireEmpty: true });
    expect(file.history(address('10.1.0.70'), 10)).toMatchObject([
      { operation: 'claim-block', block, node: 'node2' },
      { operation: 'release-block', block, node: 'node2', reason: 'detach' },
    ]);
    expect(file.history(address('10.1.0.1'), 10)).toEqual([]);
    file.close();
  });

  it('writes nothing for a request that is refused', async () => {
    const { file, ipam } = await setUp();
    const refused = await ipam.assignIp({ node: 'node1', handle: 'h', address: address('10.9.0.1') });
    expect(refused.kind).toBe('no-pool');
    expect(file.lastEntries().size).toBe(0);
    file.close();
  });
});

describe('the file of a journal', () => {
  const entry = (time: number, at: string): JournalEntry => ({
    time,
    operation: 'assign',
    address: address(at),
    handle: `h${time}`,
    reason: 'own-block',
    by: attach,
  });

  it('keeps the newest rows up to its limit', () => {
    const file = new JournalFile({ path: journalPath(), maxRows: 1000 });
    for (let batch = 0; batch < 20; batch++)
      file.record(Array.from({ length: 100 }, (_, index) => entry(batch * 100 + index, '10.1.0.1')));
    const kept = file.history(address('10.1.0.1'), 10_000);
    expect(kept.length).toBeLessThanOrEqual(1000 + 256);
    expect(kept.length).toBeGreaterThanOrEqual(1000);
    expect(kept.at(-1)?.time).toBe(1999);
    file.close();
  });

  it('is shared by several processes, outlives them, and is only for its owner', () => {
    const path = journalPath();
    const [daemon, tool] = [new JournalFile({ path }), new JournalFile({ path })];
    daemon.record([entry(1, '10.1.0.1')]);
    tool.record([entry(2, '10.1.0.1')]);
    daemon.close();
    tool.close();
    const later = new JournalFile({ path });
    expect(later.history(address('10.1.0.1'), 10).map(({ time }) => time)).toEqual([1, 2]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    later.close();
  });

  it('leaves a file of another program alone', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'weft-journal-')), 'other');
    directories.push(join(path, '..'));
    writeFileSync(path, 'this is no database, and it is somebody else’s\n'.repeat(30));
    expect(() => new JournalFile({ path })).toThrow(/not a database/);
  });
});

describe('after a crash', () => {
  async function compare({ store, file, now }: Awaited<ReturnType<typeof setUp>>): Promise<JournalEntry[]> {
    const { items } = await store.list('IPAMBlock');
    return findUnjournaled({
      node: 'node1',
      blocks: items.map(({ spec }) => spec),
      lastEntries: file.lastEntries(),
      now: now(),
      by: start,
    });
  }

  it('the journal gets an assignment that nobody had written, with the time the block knows', async () => {
    const cluster = await setUp();
    const { clock } = cluster;
    const assignedAt = clock.now;
    // The allocator without its journal: a weftd that died between the two writes.
    const lost = await assign(cluster.plain, 'c1');
    clock.now += 60_000;
    const found = await compare(cluster);
    expect(found).toMatchObject([
      {
        time: assignedAt,
        operation: 'assign',
        address: lost,
        handle: 'weft.node1.c1',
        node: 'node1',
        workload: { namespace: 'shop', name: 'web-0' },
        by: start,
        found: true,
      },
    ]);
    cluster.file.record(found);
    expect(await compare(cluster)).toEqual([]);
    cluster.file.close();
  });

  it('the journal gets a release that nobody had written, and then the next holder', async () => {
    const cluster = await setUp();
    const { clock, file, ipam } = cluster;
    const taken = await assign(ipam, 'c1');
    clock.now += 1_000;
    await cluster.plain.releaseByHandle('weft.node1.c1');
    const releasedAt = clock.now;
    clock.now += 600_000;
    expect(await compare(cluster)).toMatchObject([
      { operation: 'release', address: taken, handle: 'weft.node1.c1', time: releasedAt, found: true },
    ]);
    await cluster.plain.assignIp({
      node: 'node1',
      handle: 'weft.node1.c2',
      address: taken,
      attributes: { node: 'node1' },
    });
    const found = await compare(cluster);
    expect(found.map(({ operation, handle }) => [operation, handle])).toEqual([
      ['release', 'weft.node1.c1'],
      ['assign', 'weft.node1.c2'],
    ]);
    file.record(found);
    expect(await compare(cluster)).toEqual([]);
    file.close();
  });

  it('an address of another node is not its business, and what is written is not written again', async () => {
    const cluster = await setUp();
    await assign(cluster.ipam, 'c1');
    await cluster.plain.autoAssign({ node: 'node2', handle: 'h2', intendedUse: 'Workload', num4: 1 });
    expect(await compare(cluster)).toEqual([]);
    cluster.file.close();
  });
});

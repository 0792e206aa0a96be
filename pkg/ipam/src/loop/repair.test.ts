import type { OfKind } from '@weft/datastore';
import { prefix } from '@weft/ip';
import type { BlockAffinity, IPAMHandle, Kind } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { type Cluster, cluster, configuration, contents, node, pool } from '../../test/support/fixtures.ts';
import { hostOwner } from '../core/owner.ts';

const CIDR = prefix('10.0.0.0/30');
const apiVersion = 'projectcalico.org/v3';
const CALM = {
  blocks: { [CIDR]: 'host:node1' },
  affinities: { 'node1-10-0-0-0-30': 'confirmed' },
  handles: { w: { [CIDR]: 1 } },
};

function affinity(name: string, state: BlockAffinity['spec']['state']): BlockAffinity {
  const spec = { state, node: name, type: 'host', cidr: CIDR, deleted: false } as const;
  return { apiVersion, kind: 'BlockAffinity', metadata: { name: `${name}-10-0-0-0-30` }, spec };
}

function handle(name: string, block: Record<string, number>): IPAMHandle {
  return {
    apiVersion,
    kind: 'IPAMHandle',
    metadata: { name },
    spec: { handleID: name, block, deleted: false },
  };
}

/** One node, one block, one workload "w", and nothing wrong. */
async function calm(): Promise<Cluster> {
  const made = await cluster(
    pool('pool', '10.0.0.0/30', { blockSize: 30 }),
    node('node1'),
    configuration({ ipCooldownSeconds: 0 }),
  );
  await made.ipam.autoAssign({ node: 'node1', handle: 'w', num4: 1, intendedUse: 'Workload' });
  return made;
}

async function change<K extends Kind>(made: Cluster, next: OfKind<K>): Promise<void> {
  const { kind, metadata } = next;
  await made.store.delete({ kind, name: metadata.name });
  await made.store.create(next);
}

interface Row {
  readonly damage: string;
  readonly found: readonly string[];
  readonly apply: (made: Cluster) => Promise<unknown>;
  readonly after?: object;
}

const rows: Row[] = [
  { damage: 'nothing', found: [], apply: async () => {} },
  {
    damage: 'an affinity that stayed pending before its block was made',
    found: ['affinity-unsettled'],
    apply: ({ store }) => store.create({ ...affinity('node2', 'pending') }),
  },
  {
    damage: 'an affinity that stayed pending after its block was made',
    found: ['affinity-unsettled'],
    apply: (made) => change(made, affinity('node1', 'pending')),
  },
  {
    damage: 'an affinity marked for deletion whose block is in use',
    found: ['affinity-unsettled'],
    apply: (made) => change(made, affinity('node1', 'pendingDeletion')),
  },
  {
    damage: 'an affinity marked for deletion whose block is empty',
    found: ['affinity-unsettled'],
    apply: async (made) => {
      await made.ipam.releaseByHandle('w');
      await change(made, affinity('node1', 'pendingDeletion'));
    },
    after: { blocks: {}, affinities: {}, handles: {} },
  },
  {
    damage: 'a confirmed affinity without block',
    found: ['affinity-stale'],
    apply: async (made) => {
      await made.ipam.releaseByHandle('w');
      await made.store.delete({ kind: 'IPAMBlock', name: '10-0-0-0-30' });
    },
    after: { blocks: {}, affinities: {}, handles: {} },
  },
  {
    damage: 'a confirmed affinity to a block of another',
    found: ['affinity-stale'],
    apply: ({ store }) => store.create(affinity('node2', 'confirmed')),
  },
  {
    damage: 'a block whose affinity is gone',
    found: ['block-without-affinity'],
    apply: ({ store }) => store.delete({ kind: 'BlockAffinity', name: 'node1-10-0-0-0-30' }),
  },
  {
    damage: 'an empty block of nobody',
    found: ['block-abandoned'],
    apply: async (made) => {
      await made.ipam.releaseAffinity({ owner: hostOwner('node1'), cidr: CIDR, requireEmpty: false });
      const block = await made.store.get({ kind: 'IPAMBlock', name: '10-0-0-0-30' });
      if (!block) throw new Error('the block is gone');
      const empty = { allocations: [null, null, null, null], unallocated: [0, 1, 2, 3], attributes: [] };
      await made.store.update({
        ...block,
        spec: { ...block.spec, ...empty, sequenceNumberForAllocation: {} },
      });
      await made.store.delete({ kind: 'IPAMHandle', name: 'w' });
    },
    after: { blocks: {}, affinities: {}, handles: {} },
  },
  {
    damage: 'a handle announced for an address never taken',
    found: ['handle-count'],
    apply: ({ store }) => store.create(handle('ghost', { [CIDR]: 1 })),
  },
  {
    damage: 'a handle that counts in a block that is gone',
    found: ['handle-count'],
    apply: ({ store }) => store.create(handle('ghost', { '10.7.0.0/30': 1 })),
  },
  {
    damage: 'a handle without blocks',
    found: ['handle-empty'],
    apply: ({ store }) => store.create(handle('ghost', {})),
  },
  {
    damage: 'a handle that counts too much',
    found: ['handle-count'],
    apply: (made) => change(made, handle('w', { [CIDR]: 3 })),
  },
  {
    damage: 'an allocation whose handle is gone',
    found: ['handle-count'],
    apply: ({ store }) => store.delete({ kind: 'IPAMHandle', name: 'w' }),
  },
];

describe('what a crash left', () => {
  test.each(rows)('$damage', async ({ found, apply, after = CALM }) => {
    const made = await calm();
    await apply(made);
    const findings = await made.ipam.inspect();
    expect(findings.map(({ kind }) => kind)).toEqual(found);
    for (const finding of findings) expect(await made.ipam.repair(finding)).toEqual({ kind: 'repaired' });
    expect(await made.ipam.inspect()).toEqual([]);
    expect(await contents(made.store)).toEqual(after);
  });

  test('a repair that comes when all is well again changes nothing', async () => {
    const made = await calm();
    await made.store.create(affinity('node2', 'pending'));
    const findings = await made.ipam.inspect();
    for (const finding of [...findings, ...findings]) await made.ipam.repair(finding);
    expect(await contents(made.store)).toEqual(CALM);
  });

  test('a block that contradicts itself is named, left alone, and hides what depends on it', async () => {
    const made = await calm();
    const block = await made.store.get({ kind: 'IPAMBlock', name: '10-0-0-0-30' });
    if (block) await made.store.update({ ...block, spec: { ...block.spec, unallocated: [0, 1, 2, 3] } });
    const findings = await made.ipam.inspect();
    expect(findings.map(({ kind }) => kind)).toEqual(['block-invalid']);
    for (const finding of findings)
      expect(await made.ipam.repair(finding)).toEqual({ kind: 'not-repairable' });
  });
});

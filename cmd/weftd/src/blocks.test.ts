import { randomUUID } from 'node:crypto';
import { createMemoryStore, DatastoreError } from '@weft/datastore';
import { prefix } from '@weft/ip';
import { apiVersion, type IPAMBlock, type IPPool } from '@weft/resources';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BlockList } from './blocks.ts';

const pools = [{ metadata: { name: 'pods' }, spec: { cidr: prefix('10.0.0.0/24') } }] as IPPool[];

let store: ReturnType<typeof createMemoryStore>;
let blocks: BlockList;
let lists: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  store = createMemoryStore({ now: () => 0, uuid: randomUUID });
  blocks = new BlockList(store);
  lists = 0;
  const list = store.list.bind(store);
  vi.spyOn(store, 'list').mockImplementation((kind, options) => {
    lists += 1;
    return list(kind, options);
  });
});

afterEach(() => vi.useRealTimers());

async function add(name: string, text: string): Promise<void> {
  const spec: IPAMBlock['spec'] = {
    cidr: prefix(text),
    affinity: 'host:n1',
    allocations: [0, null, 0, null],
    unallocated: [1, 3],
    attributes: [{ handle_id: 'h' }],
    strictAffinity: false,
    deleted: false,
    sequenceNumber: 1n,
    sequenceNumberForAllocation: {},
  };
  await store.create({ apiVersion, kind: 'IPAMBlock', metadata: { name }, spec });
}

/** The CIDRs as they are told now. */
async function told(): Promise<string[]> {
  return (await blocks.sorted(pools)).map((block) => block.cidr);
}

describe('the blocks of all nodes', () => {
  it('are told with pool, owner and use, sorted, and are the same until something changes', async () => {
    await add('b', '10.0.1.0/30');
    await add('a', '10.0.0.0/30');
    const first = await blocks.sorted(pools);
    expect(first).toEqual([
      { cidr: '10.0.0.0/30', pool: 'pods', node: 'n1', size: 4, used: 2 },
      { cidr: '10.0.1.0/30', node: 'n1', size: 4, used: 2 },
    ]);
    expect(await blocks.sorted(pools)).toBe(first);
    expect(await blocks.sorted([])).not.toBe(first);
  });

  it('are read once, and then followed, while somebody asks', async () => {
    await add('a', '10.0.0.0/30');
    expect(await told()).toEqual(['10.0.0.0/30']);
    await add('b', '10.0.0.4/30');
    await vi.waitFor(async () => expect(await told()).toEqual(['10.0.0.0/30', '10.0.0.4/30']));
    await store.delete({ kind: 'IPAMBlock', name: 'a' });
    await vi.waitFor(async () => expect(await told()).toEqual(['10.0.0.4/30']));
    expect(lists).toBe(1);
  });

  it('are let go when nobody has asked for half a minute', async () => {
    await told();
    vi.advanceTimersByTime(29_999);
    await told();
    vi.advanceTimersByTime(29_999);
    await told();
    expect(lists).toBe(1);
    vi.advanceTimersByTime(30_000);
    await told();
    expect(lists).toBe(2);
  });

  it('are refused while the datastore is away, and read anew when it is back', async () => {
    await add('a', '10.0.0.0/30');
    vi.mocked(store.list).mockRejectedValueOnce(new DatastoreError('unavailable', 'it is away'));
    await expect(told()).rejects.toThrow('it is away');
    expect(await told()).toEqual(['10.0.0.0/30']);
  });

  it('are read anew when the watch has ended', async () => {
    const watch = vi.spyOn(store, 'watch').mockImplementationOnce(async function* () {
      yield* [];
      throw new DatastoreError('compacted', 'it is too old');
    });
    await told();
    await add('a', '10.0.0.0/30');
    await vi.waitFor(async () => expect(await told()).toEqual(['10.0.0.0/30']));
    expect(watch).toHaveBeenCalledTimes(2);
  });
});

import { randomUUID } from 'node:crypto';
import { createMemoryStore, DatastoreError } from '@weft/datastore';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PlaceWatch } from './place-watch.ts';

const log = createLogger({ name: 'weftd', level: 'error', destination: { write: () => {} } });
const forbidden = new DatastoreError('unavailable', 'may not list ipamblocks');

let store: ReturnType<typeof createMemoryStore>;
let watch: PlaceWatch;
const changed = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  store = createMemoryStore({ now: () => 0, uuid: randomUUID });
  watch = new PlaceWatch({ store, log, changed });
  changed.mockClear();
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

describe('blocks that cannot be read', () => {
  it('are said to be so until they are read', async () => {
    const list = vi.spyOn(store, 'list').mockRejectedValue(forbidden);
    watch.want(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(watch.trouble).toMatch(
      /^the blocks of all nodes \(IPAMBlock\).* cannot be read: may not list ipamblocks$/,
    );
    list.mockRestore();
    await vi.advanceTimersByTimeAsync(10_000);
    await watch.whenRead();
    expect(watch.trouble).toBeUndefined();
  });

  it('are waited for half a minute and no longer', async () => {
    vi.spyOn(store, 'list').mockRejectedValue(forbidden);
    watch.want(true);
    let isOver = false;
    const read = watch.whenRead().then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(29_000);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    await read;
    expect(watch.trouble).toContain('may not list ipamblocks');
  });

  it('are not taken for none, not even when nobody waits any more', async () => {
    const list = vi.spyOn(store, 'list').mockRejectedValue(forbidden);
    watch.want(true);
    await vi.advanceTimersByTimeAsync(31_000);
    await watch.whenRead();
    expect(watch.places()).toBeUndefined();
    expect(changed).not.toHaveBeenCalled();
    const told = new Promise<void>((resolve) => changed.mockImplementationOnce(resolve));
    list.mockRestore();
    await told;
    expect(watch.places()).toEqual([]);
  });

  it('stay as last known once they were read', async () => {
    watch.want(true);
    await watch.whenRead();
    vi.spyOn(store, 'list').mockRejectedValue(forbidden);
    store.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(watch.places()).toEqual([]);
  });

  it('hold up nothing where a pool begins to encapsulate while weftd runs', async () => {
    vi.spyOn(store, 'list').mockRejectedValue(forbidden);
    watch.want(false);
    watch.want(true);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(watch.places()).toEqual([]);
  });

  it('do not matter where no pool encapsulates', async () => {
    vi.spyOn(store, 'list').mockRejectedValue(forbidden);
    watch.want(true);
    await vi.advanceTimersByTimeAsync(0);
    watch.want(false);
    await watch.whenRead();
    expect(watch.trouble).toBeUndefined();
  });
});

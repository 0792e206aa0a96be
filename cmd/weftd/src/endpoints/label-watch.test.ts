import { createMemoryStore, type Datastore, DatastoreError } from '@weft/datastore';
import { apiVersion } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import { afterEach, expect, it, vi } from 'vitest';
import { LabelWatch } from './label-watch.ts';

afterEach(() => vi.useRealTimers());

it('sees the endpoints of its node, those that were there and those that come, and no others', async () => {
  const store: Datastore = createMemoryStore({ now: () => 0, uuid: () => 'id' });
  const put = async (node: string, name: string): Promise<void> => {
    const spec = { node, orchestrator: 'cni', endpoint: 'eth0' };
    await store.create({
      apiVersion,
      kind: 'WorkloadEndpoint',
      metadata: { name, namespace: 'default' },
      spec,
    });
  };
  await put('node1', 'before');
  await put('node2', 'other');
  const seen: string[] = [];
  const watch = new LabelWatch({
    nodeName: 'node1',
    store,
    log: {} as Logger,
    seen: ({ metadata }) => seen.push(metadata.name),
  });
  watch.want(true);
  await vi.waitFor(() => expect(seen).toEqual(['before']));
  await put('node2', 'another');
  await put('node1', 'after');
  await vi.waitFor(() => expect(seen).toEqual(['before', 'after']));
  watch.close();
});

it('follows again after a failure that does not pass by itself, while it is wanted', async () => {
  vi.useFakeTimers();
  const store: Datastore = createMemoryStore({ now: () => 0, uuid: () => 'id' });
  const list = vi.spyOn(store, 'list').mockRejectedValue(new DatastoreError('corrupt', 'Cannot be read.'));
  const logged: string[] = [];
  const line = (event: string): void => void logged.push(event);
  const log = { debug: line, info: line, warn: line, error: line } as unknown as Logger;
  const watch = new LabelWatch({ nodeName: 'node1', store, log, seen: () => undefined });
  watch.want(true);
  watch.want(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(list).toHaveBeenCalledTimes(2);
  expect(logged).toEqual(['labels-not-followed', 'labels-not-followed']);
  watch.want(false);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(list).toHaveBeenCalledTimes(2);
});

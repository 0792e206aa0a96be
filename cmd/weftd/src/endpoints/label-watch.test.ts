import { createMemoryStore, type Datastore, DatastoreError } from '@weft/datastore';
import type { Logger } from '@weft/telemetry';
import { afterEach, expect, it, vi } from 'vitest';
import { LabelWatch } from './label-watch.ts';

afterEach(() => vi.useRealTimers());

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

/** Whom a command asks in a cluster. */
import { CONTROL_ADDRESS_ANNOTATION, type ControlClient } from '@weft/control';
import { createMemoryStore } from '@weft/datastore';
import { afterEach, expect, it, vi } from 'vitest';
import { clusterDaemons } from './cluster-daemons.ts';

const files = { certificate: 'me.crt', key: 'me.key', ca: 'ca.crt' };

afterEach(() => void vi.restoreAllMocks());

it('asks the others when the daemon of this machine does not say its name in time', async () => {
  const store = createMemoryStore({ now: () => 0, uuid: () => 'a' });
  await store.create({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Node',
    metadata: { name: 'node2', annotations: { [CONTROL_ADDRESS_ANNOTATION]: '10.0.0.2:9098' } },
    spec: {},
  });
  const deadline = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
  const status = async (signal?: AbortSignal) => {
    signal?.throwIfAborted();
    return new Promise(() => {});
  };
  const own = { status } as unknown as ControlClient;
  const daemons = await clusterDaemons(store, own, files, undefined);
  expect(daemons.map(({ name }) => name)).toEqual(['node2']);
  expect(deadline).toHaveBeenCalledWith(3_000);
});

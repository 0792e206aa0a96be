import type { Datastore } from '@weft/datastore';
import { createIpam } from '@weft/ipam';
import { describe, expect, test } from 'vitest';
import { createAll, hold, memoryStore, node, pool, workload } from '../../../test/cluster.ts';
import { applyFix } from './fix.ts';
import { planFix } from './fix-plan.ts';
import { readSnapshot } from './snapshot.ts';
import { surveyOf } from './survey.ts';

/** A cluster in which `10.0.0.2` is leaked, and a repair of it that was decided then. */
async function leaking(): Promise<{ store: Datastore; fix: () => Promise<string[]> }> {
  const store = memoryStore();
  await createAll(store, node('n1'), pool('p', '10.0.0.0/16'));
  await hold(createIpam({ store, now: Date.now }), 'n1', 'w', '10.0.0.2');
  const steps = planFix(surveyOf(await readSnapshot(store)));
  return { store, fix: () => applyFix(store, createIpam({ store, now: Date.now }), steps) };
}

describe('a repair decided a while ago', () => {
  test('releases an address that still nobody uses', async () => {
    const { fix } = await leaking();
    expect(await fix()).toEqual(['Released 10.0.0.2.']);
  });

  test('keeps an address whose workload has appeared', async () => {
    const { store, fix } = await leaking();
    await createAll(store, workload('w', 'n1', '10.0.0.2'));
    expect(await fix()).toEqual(['Kept 10.0.0.2: it is no longer a leak.']);
  });

  test('keeps an address that has been given to somebody else', async () => {
    const { store, fix } = await leaking();
    const ipam = createIpam({ store, now: Date.now });
    await ipam.releaseByHandle('k8s-pod-network.w');
    await hold(ipam, 'n1', 'next', '10.0.0.2');
    expect(await fix()).toEqual(['Kept 10.0.0.2: it is no longer a leak.']);
  });
});

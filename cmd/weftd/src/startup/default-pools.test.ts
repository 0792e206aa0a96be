import { randomUUID } from 'node:crypto';
import { createMemoryStore, type Datastore, type KubernetesCluster } from '@weft/datastore';
import { createLogger } from '@weft/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { ensureDefaultPools } from './default-pools.ts';
import { readPoolSettings } from './pool-settings.ts';

let store: Datastore;
beforeEach(() => {
  store = createMemoryStore({ now: Date.now, uuid: randomUUID });
});

function ensure(more: Partial<Parameters<typeof ensureDefaultPools>[0]> = {}): Promise<void> {
  return ensureDefaultPools({
    settings: readPoolSettings({}),
    store,
    cluster: undefined,
    facts: () => ({ interfaces: [], routes: [] }),
    hasIpv6: () => true,
    log: createLogger({ name: 'test', level: 'error' }),
    ...more,
  });
}

async function pools(): Promise<string[]> {
  const { items } = await store.list('IPPool');
  return items.map(({ metadata, spec }) => `${metadata.name} ${spec.cidr.replace(/^fd.*::/, 'fd…::')}`);
}

describe('the pools of a new cluster', () => {
  it('are one of each family, made once however many nodes start at once', async () => {
    await Promise.all([ensure(), ensure(), ensure()]);
    expect(await pools()).toEqual(['default-ipv4-ippool 192.168.0.0/16', 'default-ipv6-ippool fd…::/48']);
    await ensure();
    expect(await pools()).toHaveLength(2);
  });

  it('leave out IPv6 on a host without it, and a family that has a pool of whatever name', async () => {
    await ensure({ hasIpv6: () => false });
    expect(await pools()).toEqual(['default-ipv4-ippool 192.168.0.0/16']);
    await store.delete({ kind: 'IPPool', name: 'default-ipv4-ippool' });
    const mine = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'IPPool',
      metadata: { name: 'mine' },
      spec: { cidr: '10.5.0.0/16', disabled: true },
    };
    await store.create(mine as never);
    await ensure({ hasIpv6: () => false });
    expect(await pools()).toEqual(['mine 10.5.0.0/16']);
  });

  it('are none when none are wanted', async () => {
    await ensure({ settings: readPoolSettings({ NO_DEFAULT_POOLS: 'true' }) });
    expect(await pools()).toEqual([]);
  });

  it('ask kubeadm only for a range that is not set', async () => {
    const asked: string[] = [];
    const data = { ClusterConfiguration: 'networking:\n  podSubnet: 10.244.0.0/16\n' };
    const get = async (_: unknown, { name }: { name: string }) => {
      asked.push(name);
      return { metadata: { name }, data };
    };
    const cluster = () => ({ get }) as unknown as KubernetesCluster;
    const ranges = { CALICO_IPV4POOL_CIDR: '10.1.0.0/16', CALICO_IPV6POOL_CIDR: 'none' };
    await ensure({ cluster, settings: readPoolSettings(ranges) });
    expect([asked, await pools()]).toEqual([[], ['default-ipv4-ippool 10.1.0.0/16']]);
    await store.delete({ kind: 'IPPool', name: 'default-ipv4-ippool' });
    await ensure({ cluster, hasIpv6: () => false });
    expect([asked, await pools()]).toEqual([['kubeadm-config'], ['default-ipv4-ippool 10.244.0.0/16']]);
  });
});

/**
 * Makes the first pool of a family that has none, so that a new cluster can give out addresses.
 */
import { randomBytes } from 'node:crypto';
import type { LocalFacts } from '@weft/calc';
import type { Datastore, KubernetesCluster } from '@weft/datastore';
import { familyOf } from '@weft/ip';
import type { Logger } from '@weft/telemetry';
import { choosePoolRange, type RangeFacts } from './pool-range.ts';
import { type PoolSettings, poolOf } from './pool-settings.ts';

/** What making pools needs. */
export interface DefaultPoolsOptions {
  /** Of the families that are to have a pool. */
  readonly settings: readonly PoolSettings[];
  readonly store: Datastore;
  /** The cluster that the store is in; undefined for other stores. */
  readonly cluster: (() => KubernetesCluster) | undefined;
  readonly facts: () => LocalFacts;
  /** This host can have IPv6 addresses. */
  readonly hasIpv6: () => boolean;
  readonly log: Logger;
}

/**
 * Makes the pools that are missing. Two nodes that start at once make one: the name is taken by whoever is first. Throws
 * DatastoreError; then it may be repeated.
 */
export async function ensureDefaultPools(options: DefaultPoolsOptions): Promise<void> {
  const { cluster, facts, hasIpv6, log, settings, store } = options;
  if (settings.length === 0) return;
  const { items } = await store.list('IPPool');
  const missing = settings.filter(
    ({ family }) => !items.some(({ spec }) => familyOf(spec.cidr) === family) && (family === 4 || hasIpv6()),
  );
  const asksKubeadm = missing.some(({ cidr }) => cidr === undefined);
  const kubeadm = asksKubeadm && cluster ? await clusterConfiguration(cluster()) : undefined;
  for (const setting of missing) {
    await makePool(store, setting, log, {
      ...(kubeadm === undefined ? {} : { kubeadm }),
      hostAddresses: facts().interfaces.flatMap(({ addresses }) => addresses),
      random: randomBytes(5),
    });
  }
}

async function makePool(
  store: Datastore,
  setting: PoolSettings,
  log: Logger,
  facts: RangeFacts,
): Promise<void> {
  const { cidr, source } =
    setting.cidr === undefined
      ? choosePoolRange(setting.family, facts)
      : { cidr: setting.cidr, source: 'as it is set' };
  const pool = poolOf(setting, cidr);
  const { kind } = await store.create(pool);
  if (kind !== 'written') return;
  log.info('default-pool-made', `IPv${setting.family} had no pool: ${cidr}, ${source}`, {
    pool: pool.metadata.name,
    cidr,
  });
  if (setting.ipipMode !== 'Never' || setting.vxlanMode !== 'Never')
    log.warn(
      'pool-not-encapsulated',
      'weft routes and does not encapsulate: the fabric has to know the pool',
      {
        pool: pool.metadata.name,
        hint: 'unset CALICO_IPV4POOL_IPIP and CALICO_IPV…POOL_VXLAN, unless nodes of Calico share the cluster',
      },
    );
}

const CONFIG_MAP = { apiVersion: 'v1', plural: 'configmaps', kind: 'ConfigMap' };

/**
 * What kubeadm was told; undefined where the cluster is not kubeadm's. Departs from Calico, which goes on when it may not
 * read it: a range cannot be changed later, a right can be given now.
 */
async function clusterConfiguration(cluster: KubernetesCluster): Promise<string | undefined> {
  const found = await cluster.get(CONFIG_MAP, { namespace: 'kube-system', name: 'kubeadm-config' });
  const { data } = (found ?? {}) as { readonly data?: Readonly<Record<string, string>> };
  return data?.ClusterConfiguration;
}

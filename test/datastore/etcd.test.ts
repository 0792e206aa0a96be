/** The contract of datastores, kept by the etcd driver on a real etcd: plain, and with certificates and a password. */
import type { ResourceKey, UnreadableObject } from '@weft/datastore';
import { type ContractSubject, datastoreContract } from '@weft/datastore/contract';
import { type EtcdStore, openEtcd } from '@weft/datastore/etcd';
import { definitionOf } from '@weft/resources';
import { afterAll, beforeAll, describe } from 'vitest';
import { startEtcd, type TestEtcd } from '../harness/etcd.ts';
import { TcpProxy } from '../harness/tcp-proxy.ts';
import { fastTiming } from './fast-timing.ts';

/** The cases with a dead server shall not take long, and those with a busy one shall not be cut short. */
const timing = { ...fastTiming, attemptMs: 8000, dialMs: 5000, pingTimeoutMs: 5000 };

describe.each([
  ['plain', {}],
  ['with certificates on both sides and a password', { tls: 'mutual', rootPassword: 'secret' }],
] as const)('%s', (title, options) => {
  let etcd: TestEtcd;
  beforeAll(async () => {
    etcd = await startEtcd(options);
  });
  afterAll(() => etcd.dispose());
  datastoreContract(`the etcd driver, ${title},`, () => makeSubject(etcd));
});

async function makeSubject(etcd: TestEtcd): Promise<ContractSubject> {
  await etcd.clear();
  const { protocol, port } = new URL(etcd.endpoint);
  const proxy = await TcpProxy.start(Number(port));
  const choice = { ...etcd.choice, endpoints: [`${protocol}//127.0.0.1:${proxy.port}`] };
  const unreadable: UnreadableObject[] = [];
  const opened: EtcdStore[] = [];
  const connect = async () => {
    const store = await openEtcd(choice, {
      timing,
      onUnreadable: (key, reason) => unreadable.push({ key, reason }),
    });
    opened.push(store);
    return store;
  };
  return {
    store: await connect(),
    connect,
    namespaces: true,
    rawForm: 'etcd',
    unreadable,
    putRaw: (key, text) => etcd.put(calicoKey(key), text),
    compact: () => etcd.compact(),
    server: {
      kill: () => etcd.kill('SIGKILL'),
      start: () => etcd.restart(),
      cutConnections: async () => {
        proxy.cut();
        proxy.heal();
      },
    },
    dispose: async () => {
      await Promise.all(opened.map((store) => store.close()));
      await proxy.close();
    },
  };
}

/** Where Calico keeps it, written down apart from the driver. */
function calicoKey({ kind, name, namespace }: ResourceKey): string {
  const [, node, block] = /^(?:(.+)-)?(\d+-\d+-\d+-\d+-\d+)$/.exec(name) ?? [];
  const blockPath = `ipv4/block/${block?.replace(/-(?=.*-)/g, '.')}`;
  switch (kind) {
    case 'IPAMBlock':
      return `/calico/ipam/v2/assignment/${blockPath}`;
    case 'BlockAffinity':
      return `/calico/ipam/v2/host/${node}/${blockPath}`;
    case 'IPAMHandle':
      return `/calico/ipam/v2/handle/${name}`;
    case 'IPAMConfiguration':
      return '/calico/ipam/v2/config';
    default: {
      const names = namespace === undefined ? name : `${namespace}/${name}`;
      return `/calico/resources/v3/projectcalico.org/${definitionOf(kind).plural}/${names}`;
    }
  }
}

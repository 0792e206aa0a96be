/** The contract of datastores, kept by the etcd driver on a real etcd. */
import { openDatastore } from '@weft/datastore';
import { type ContractSubject, datastoreContract } from '@weft/datastore/contract';
import { afterAll, beforeAll } from 'vitest';
import { startEtcd, type TestEtcd } from '../harness/etcd.ts';

let etcd: TestEtcd;

beforeAll(async () => {
  etcd = await startEtcd();
});

afterAll(() => etcd.dispose());

datastoreContract('the etcd driver', async (): Promise<ContractSubject> => {
  await etcd.clear();
  const opened = [await openDatastore(etcd.choice)];
  const [store] = opened;
  if (!store) throw new Error('nothing was opened');
  return {
    store,
    namespaces: true,
    connect: async () => {
      const other = await openDatastore(etcd.choice);
      opened.push(other);
      return other;
    },
    compact: () => etcd.compact(),
    dispose: async () => void (await Promise.all(opened.map((one) => one.close()))),
  };
});

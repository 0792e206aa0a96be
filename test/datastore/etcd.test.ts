/** The contract of datastores, kept by the etcd driver on a real etcd: plain, and with certificates and a password. */
import { openDatastore } from '@weft/datastore';
import { type ContractSubject, datastoreContract } from '@weft/datastore/contract';
import { afterAll, beforeAll, describe } from 'vitest';
import { startEtcd, type TestEtcd } from '../harness/etcd.ts';

describe.each([
  ['plain', {}],
  ['with certificates on both sides and a password', { tls: 'mutual', rootPassword: 'secret' }],
] as const)('%s', (title, options) => {
  let etcd: TestEtcd;
  beforeAll(async () => {
    etcd = await startEtcd(options);
  });
  afterAll(() => etcd.dispose());

  datastoreContract(`the etcd driver, ${title},`, async (): Promise<ContractSubject> => {
    await etcd.clear();
    const store = await openDatastore(etcd.choice);
    const opened = [store];
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
});

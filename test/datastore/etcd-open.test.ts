/** What can be wrong with an etcd that somebody names: each is one clear DatastoreError, and nothing hangs. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { DatastoreError, type EtcdChoice } from '@weft/datastore';
import { openEtcd } from '@weft/datastore/etcd';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEtcd, type TestEtcd } from '../harness/etcd.ts';
import { freePort } from '../harness/free-port.ts';
import { fastTiming } from './fast-timing.ts';

const etcds: Record<'plain' | 'server' | 'mutual' | 'password', TestEtcd> = {} as never;

beforeAll(async () => {
  etcds.plain = await startEtcd();
  etcds.server = await startEtcd({ tls: 'server' });
  etcds.mutual = await startEtcd({ tls: 'mutual' });
  etcds.password = await startEtcd({ rootPassword: 'right' });
});
afterAll(async () => void (await Promise.all(Object.values(etcds).map((etcd) => etcd.dispose()))));

/** The message with which opening fails. */
async function refusal(choice: EtcdChoice): Promise<string> {
  const error = await openEtcd(choice, { timing: fastTiming }).then(
    async (store) => {
      await store.close();
      return undefined;
    },
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DatastoreError);
  const { code, message } = error as DatastoreError;
  expect(code).toBe('unavailable');
  expect(message).toMatch(/^Cannot use etcd at http.*: .+\. [A-Z].+\.$/);
  expect(message).not.toContain('\n');
  for (const endpoint of choice.endpoints) expect(message).toContain(endpoint);
  return message;
}

async function listen(server: Server): Promise<EtcdChoice> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { type: 'etcd', endpoints: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] };
}

const as = ({ choice }: TestEtcd, change: Partial<EtcdChoice>): EtcdChoice => ({ ...choice, ...change });
const withScheme = (scheme: string, { endpoint }: TestEtcd): { endpoints: string[] } => ({
  endpoints: [endpoint.replace(/^https?/, scheme)],
});

describe('openEtcd', () => {
  it('opens with the CA, with a certificate of our own, and with a password', async () => {
    for (const { choice } of Object.values(etcds)) {
      const store = await openEtcd(choice, { timing: fastTiming });
      expect((await store.list('IPPool')).items).toEqual([]);
      await store.close();
    }
  });

  it('does not mind a password where none is asked for', async () => {
    const store = await openEtcd(as(etcds.plain, { username: 'someone', password: 'x' }));
    expect((await store.list('IPPool')).items).toEqual([]);
    await store.close();
  });

  it('says when nobody listens', async () => {
    const endpoints = [`http://127.0.0.1:${await freePort('127.0.0.1')}`];
    expect(await refusal({ type: 'etcd', endpoints })).toContain('nobody listens there');
  });

  it('says when the host is not known', async () => {
    expect(await refusal({ type: 'etcd', endpoints: ['http://nowhere.invalid:2379'] })).toMatch(
      /the host name (is not known|cannot be looked up)/,
    );
  });

  it('says when the server is signed by another CA', async () => {
    const { foreignCa = '' } = etcds.server.certificates ?? {};
    expect(await refusal(as(etcds.server, { tls: { ca: { file: foreignCa } } }))).toMatch(
      /TLS fails: .*(certificate|signature)/,
    );
  });

  it('says when the CA is not given', async () => {
    const { tls: _, ...choice } = etcds.server.choice;
    expect(await refusal(choice)).toMatch(/TLS fails: .*(certificate|signature)/);
  });

  it('says when a file is missing, and which', async () => {
    expect(await refusal(as(etcds.server, { tls: { ca: { file: '/nowhere/ca.crt' } } }))).toContain(
      'a certificate or key file is missing: /nowhere/ca.crt',
    );
  });

  it('says when a file holds no certificate', async () => {
    expect(await refusal(as(etcds.server, { tls: { cert: { text: 'x' }, key: { text: 'y' } } }))).toContain(
      'TLS',
    );
  });

  it('says when plain HTTP is spoken to a TLS server, and the reverse', async () => {
    const either = 'what listens there is not etcd, or the scheme is wrong';
    expect(await refusal(as(etcds.server, withScheme('http', etcds.server)))).toContain(either);
    expect(await refusal(as(etcds.plain, withScheme('https', etcds.plain)))).toContain(either);
  });

  it('says when the server demands a certificate, and when it does not take ours', async () => {
    const { ca, foreignClient } = etcds.mutual.certificates ?? {};
    if (!ca || !foreignClient) throw new Error('there are no certificates');
    expect(await refusal(as(etcds.mutual, { tls: { ca: { file: ca } } }))).toMatch(/certificate/);
    const tls = { ca: { file: ca }, cert: { file: foreignClient.cert }, key: { file: foreignClient.key } };
    expect(await refusal(as(etcds.mutual, { tls }))).toMatch(/certificate|unknown ca/);
  });

  it('says when user or password is wrong, and when they are missing', async () => {
    expect(await refusal(as(etcds.password, { password: 'wrong' }))).toContain('user or password is wrong');
    const { password: _, ...without } = etcds.password.choice;
    expect(await refusal(without)).toContain('it demands a user and a password');
  });

  it('says when the user may not do it', async () => {
    await etcds.password.etcdctl('user', 'add', 'guest:guest');
    expect(await refusal(as(etcds.password, { username: 'guest', password: 'guest' }))).toContain(
      'the user may not do this',
    );
  });

  it('says when it is an HTTP server of another kind', async () => {
    expect(await refusal(await listen(createHttpServer((_, response) => response.end('hello'))))).toContain(
      'not etcd',
    );
  });

  it('says when it is something that hangs up', async () => {
    expect(await refusal(await listen(createServer((socket) => socket.destroy())))).toMatch(
      /not etcd|closed the connection/,
    );
  });

  it('says when nobody answers', async () => {
    const silent = createServer((socket) => onTestFinished(() => void socket.destroy()));
    expect(await refusal(await listen(silent))).toContain('no answer within 1 s');
    await etcds.plain.freeze();
    const frozen = await refusal(etcds.plain.choice).finally(() => etcds.plain.thaw());
    expect(frozen).toContain('no answer within 1 s');
  });

  it('tells each reason once when several endpoints fail', async () => {
    const dead = [
      `http://127.0.0.1:${await freePort('127.0.0.1')}`,
      `http://127.0.0.1:${await freePort('127.0.0.1')}`,
    ];
    const choice = await listen(createHttpServer((_, response) => response.end('hello')));
    const message = await refusal({ ...choice, endpoints: [...dead, ...choice.endpoints] });
    expect(message.match(/nobody listens/g)).toHaveLength(1);
    expect(message).toContain('not etcd');
  });
});

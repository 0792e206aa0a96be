/** Names that daemons claim in a real etcd: one holder at a time, and free when the holder is gone, however it went. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openEtcd } from '@weft/datastore/etcd';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEtcd, type TestEtcd } from '../harness/etcd.ts';
import { waitFor } from '../harness/wait-for.ts';
import { fastTiming } from './fast-timing.ts';

const KEY = '/weft/v1/claims/n1';

let etcd: TestEtcd;

beforeAll(async () => {
  etcd = await startEtcd();
});
afterEach(() => etcd.clear());
afterAll(() => etcd.dispose());

async function open() {
  const store = await openEtcd(etcd.choice, { timing: { ...fastTiming, claimTtlSeconds: 2 } });
  onTestFinished(() => store.close());
  return store;
}

/** A process that has claimed the name. */
async function startHolder(): Promise<ChildProcess> {
  const program = `${import.meta.dirname}/claim-child.ts`;
  const child = spawn(process.execPath, ['--conditions=source', program, etcd.endpoint, 'n1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [answer] = child.stdout ? await once(child.stdout, 'data') : [];
  expect(String(answer)).toBe('claimed\n');
  return child;
}

describe('claimName on etcd', () => {
  it('gives a name to one process, tells another at once who has it, and gives it on when that one is killed', async () => {
    const holder = await startHolder();
    const store = await open();
    expect(await store.claimName('n1')).toMatchObject({ kind: 'taken', by: { pid: holder.pid } });
    expect((await store.claimName('n2')).kind).toBe('claimed');
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    // At once: the lease of 15 s has not run out.
    expect((await store.claimName('n1')).kind).toBe('claimed');
  });

  it('frees a name by release, and by close', async () => {
    const [one, other] = [await open(), await open()];
    const claim = await one.claimName('n1');
    if (claim.kind === 'claimed') claim.release();
    await waitFor('the name is free', async () => (await etcd.value(KEY)) === undefined);
    expect((await other.claimName('n1')).kind).toBe('claimed');
    await other.close();
    expect(await etcd.value(KEY)).toBeUndefined();
  });

  it('waits for the lease of a holder on another machine, which may be dead', async () => {
    const lease = /lease (\w+)/.exec(await etcd.etcdctl('lease', 'grant', '2'))?.[1] ?? '';
    const elsewhere = { host: 'far', pid: 1, startTime: '1', bootId: 'other', pidNamespace: 'other' };
    await etcd.etcdctl('put', KEY, JSON.stringify(elsewhere), `--lease=${lease}`);
    expect((await (await open()).claimName('n1')).kind).toBe('claimed');
  });

  it('tells of a holder on another machine that lives on', async () => {
    const elsewhere = { host: 'far', pid: 1, startTime: '1', bootId: 'other', pidNamespace: 'other' };
    await etcd.put(KEY, JSON.stringify(elsewhere));
    expect(await (await open()).claimName('n1')).toEqual({ kind: 'taken', by: { pid: 1, host: 'far' } });
  });

  it('keeps a name for as long as it is held, and takes it back after the store was away for long', async () => {
    const store = await open();
    const claim = await store.claimName('n1');
    const first = await etcd.etcdctl('lease', 'list');
    await etcd.etcdctl('lease', 'revoke', first.split('\n')[1] ?? '');
    expect(await etcd.value(KEY)).toBeUndefined();
    await waitFor('the name is held again', async () => (await etcd.value(KEY)) !== undefined);
    expect(claim).toMatchObject({ kind: 'claimed', lost: { aborted: false } });
  });

  it('knows an earlier claim of its own, which a restored backup brings back', async () => {
    const store = await open();
    const claim = await store.claimName('n1');
    const loseLease = async (): Promise<void> => {
      const leases = (await etcd.etcdctl('lease', 'list')).split('\n');
      await etcd.etcdctl('lease', 'revoke', leases[1] ?? '');
    };
    const first = (await etcd.value(KEY)) ?? '';
    await loseLease();
    await waitFor('the name is held again', async () => (await etcd.value(KEY)) !== undefined);
    await loseLease();
    await etcd.put(KEY, first);
    await waitFor('its new claim is there', async () => (await etcd.value(KEY)) !== first);
    expect(claim).toMatchObject({ kind: 'claimed', lost: { aborted: false } });
  });

  it('says that a name was lost to another while the store was away', async () => {
    const store = await open();
    const claim = await store.claimName('n1');
    const elsewhere = { host: 'far', pid: 1, startTime: '1', bootId: 'other', pidNamespace: 'other' };
    const lease = (await etcd.etcdctl('lease', 'list')).split('\n')[1] ?? '';
    await etcd.etcdctl('lease', 'revoke', lease);
    await etcd.put(KEY, JSON.stringify(elsewhere));
    await waitFor('it is lost', () => claim.kind === 'claimed' && claim.lost?.aborted);
    expect(await etcd.value(KEY)).toContain('far');
  });
});

/** The etcd of the tests can do what tests ask of it. */
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEtcd, startEtcdCluster } from './etcd.ts';

describe('startEtcd', () => {
  it('keeps its data and its address over a kill and a restart, and leaves nothing behind', async () => {
    const etcd = await startEtcd();
    onTestFinished(() => etcd.dispose());
    await etcd.put('/a', 'x');
    const { endpoint, pid } = etcd;
    await etcd.kill('SIGKILL');
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    await etcd.restart();
    expect(etcd.endpoint).toBe(endpoint);
    expect(await etcd.value('/a')).toBe('x');
    expect(await etcd.value('/b')).toBeUndefined();
    await etcd.put('/b', '');
    await etcd.compact();
    await etcd.defrag();
    expect(await etcd.keys()).toEqual(['/a', '/b', '/compacted']);
    await etcd.clear();
    expect(await etcd.keys()).toEqual([]);
    await etcd.dispose();
    expect(existsSync(etcd.directory)).toBe(false);
  });

  it('can demand certificates and a password of its clients', async () => {
    const etcd = await startEtcd({ tls: 'mutual', rootPassword: 'secret' });
    onTestFinished(() => etcd.dispose());
    await etcd.put('/a', 'x');
    expect(await etcd.value('/a')).toBe('x');
    expect(etcd.choice).toMatchObject({ username: 'root', password: 'secret', tls: { cert: {}, key: {} } });
  });

  it('can be one of a cluster, of which one leads', async () => {
    const etcds = await startEtcdCluster(3);
    onTestFinished(async () => void (await Promise.all(etcds.map((etcd) => etcd.dispose()))));
    await etcds[0]?.put('/a', 'x');
    expect(await etcds[2]?.value('/a')).toBe('x');
    const leading = await Promise.all(etcds.map((etcd) => etcd.isLeader()));
    expect(leading.filter(Boolean)).toHaveLength(1);
  });
});

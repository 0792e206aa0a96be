/** The datastore goes, is slow, or comes back as another: pods and routes do not depend on it, and an empty one is not believed. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  addPod,
  removePod,
  resolveLab,
  restartDaemon,
  restartEtcd,
  stopDaemon,
  stopEtcd,
  switchNamespace,
} from '@weft/lab';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { slowDown } from '../harness/slow-socket.ts';
import { smallTopology, type TestLab, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { measured } from './measured.ts';
import { isLong } from './report.ts';
import { daemonOf, passes, untilBack, untilReady } from './sessions.ts';

const NODES = ['node1', 'node2', 'node3'] as const;
const between = [
  ['node1-pod1', 'node2-pod1'],
  ['node2-pod1', 'node3-pod1'],
] as const;

describe('an etcd', () => {
  const lab = useLab('f-etcd', { ...smallTopology(3, 1, 90), datastore: 'etcd' });
  const fault = { lab, group: 'datastore', between, lossless: true };

  it('that is away: pods ping, routes are mended, whoever asks is told, and a pod comes right after it', async () => {
    const seconds = isLong ? 180 : 3;
    const text = `etcd killed, away for ${isLong ? '3 min' : `${seconds} s`}`;
    await measured({ ...fault, fault: text }, async (_, healed) => {
      await stopEtcd(lab.name, 'SIGKILL');
      for (const node of NODES) await untilSaid(lab, node, /is away since/);
      await passes(seconds);
      await expect(attach(lab)).rejects.toMatchObject({ code: 'unavailable' });
      // Both of a pod that is being pinged.
      await expect(attachAgain(lab, 'node1-pod1')).rejects.toMatchObject({ code: 'unavailable' });
      await expect(detach(lab, 'node1-pod1')).rejects.toMatchObject({ code: 'unavailable' });
      healed();
      await restartEtcd(lab.name);
      const pod = await waitFor(
        'a pod is attached',
        () => addPod(lab.name, 'node1').catch(() => undefined),
        30_000,
        200,
      );
      await removePod(lab.name, pod.name);
      expect(await attachAgain(lab, 'node1-pod1')).toMatchObject({ kind: 'already-attached' });
      for (const node of NODES) await untilReady(lab, node);
    });
  });

  it('that takes 0.6 s for every answer: weftd starts, pods come and go, and it is only later', {
    timeout: 180_000,
  }, async () => {
    const text = 'etcd 300 ms away; every weftd restarted, a pod attached and removed';
    await measured({ ...fault, fault: text }, async (_, healed) => {
      const slow = await slowDown(socketOf(lab), 300);
      await Promise.all(NODES.map((node) => stopDaemon(lab.name, node, 'SIGTERM')));
      await Promise.all(NODES.map((node) => restartDaemon(lab.name, node)));
      for (const node of NODES) await untilBack(lab, node);
      expect(slow.connections()).toBeGreaterThanOrEqual(NODES.length);
      const pod = await addPod(lab.name, 'node1');
      expect(await lab.pings('node2-pod1', `${pod.addresses[0]}`)).toBe(true);
      await removePod(lab.name, pod.name);
      healed();
      await slow.restore();
      for (const node of NODES) await untilReady(lab, node);
    });
  });

  it('that stops for 2 s again and again: an attach takes its time and succeeds', async () => {
    await measured(
      { ...fault, fault: 'etcd stalls for 2 s, four times; a pod attached meanwhile' },
      async (_, healed) => {
        const attached = lab.addPods('node1', 1);
        for (let round = 0; round < 4; round++) {
          await signalEtcd(lab, 'STOP');
          await passes(2);
          await signalEtcd(lab, 'CONT');
          await passes(0.1);
        }
        healed();
        await attached;
        for (const node of NODES) await untilReady(lab, node);
      },
    );
  });

  it.each([
    ['etcd comes back empty; one weftd restarted on it', comeBackEmpty],
    ['all keys of etcd deleted; one weftd restarted on it', deleteAllKeys],
  ])('%s: routes stay, nothing is written, and all goes on when it is restored', async (text, empty) => {
    const before = await routes(lab);
    await measured({ ...fault, fault: text }, async (_, healed) => {
      const restore = await empty(lab);
      for (const node of NODES) await untilSaid(lab, node, /It was emptied, and this node has routes/);
      await expect(attach(lab)).rejects.toMatchObject({
        code: 'unavailable',
        what: expect.stringContaining('It was emptied'),
      });
      await stopDaemon(lab.name, 'node2', 'SIGTERM');
      await restartDaemon(lab.name, 'node2');
      await untilSaid(lab, 'node2', /weftd is starting: .*It was emptied/);
      expect(await routes(lab)).toEqual(before);
      expect(await lab.blocksOf('node1')).toEqual([]);
      healed();
      await restore();
      for (const node of NODES) await untilReady(lab, node);
    });
    expect(await routes(lab)).toEqual(before);
  });
});

describe('a datastore file', () => {
  const lab = useLab('f-file', smallTopology(3, 1, 90));
  const fault = { lab, group: 'datastore', between, lossless: true };

  it('that is missing at a restart: weftd does not start on an empty one, and the routes stay', async () => {
    const before = await routes(lab);
    const { datastore } = await resolveLab(lab.name);
    const path = datastore.type === 'embedded' ? datastore.path : '';
    await measured(
      { ...fault, fault: 'datastore file lost; weftd restarted without it' },
      async (_, healed) => {
        const restore = moveAside(path);
        await stopDaemon(lab.name, 'node2', 'SIGTERM');
        const refused = await restartDaemon(lab.name, 'node2').catch((error: Error) => error);
        expect(refused).toMatchObject({
          hint: expect.stringMatching(/weftd: It was emptied, and this node has/),
        });
        await untilSaid(lab, 'node1', /removed or replaced while in use/);
        expect(await routes(lab)).toEqual(before);
        healed();
        restore();
        await restartDaemon(lab.name, 'node2');
        for (const node of NODES) await untilReady(lab, node);
      },
    );
    expect(await routes(lab)).toEqual(before);
  });
});

/** All routes of weft on all hosts. */
async function routes(lab: TestLab): Promise<string[]> {
  const all = await Promise.all(NODES.map((node) => lab.routes(node, 'proto', 'weft')));
  return all.flatMap((lines, index) => lines.map((line) => `${NODES[index]}: ${line}`)).sort();
}

async function attach(lab: TestLab): Promise<unknown> {
  return (await daemonOf(lab, 'node1')).attachEndpoint('new-pod', {
    containerId: 'new-pod',
    netns: `/run/netns/${lab.namespaceOf('node1-pod1')}`,
    interfaceName: 'eth9',
    orchestrator: 'lab',
    families: ['ipv4'],
  });
}

/** As a runtime that repeats its ADD: the same request once more. */
async function attachAgain(lab: TestLab, pod: string): Promise<unknown> {
  const daemon = await daemonOf(lab, 'node1');
  const known = (await daemon.endpoints()).items.find(({ id }) => id === pod);
  return daemon.attachEndpoint(pod, {
    containerId: known?.containerId ?? '',
    netns: `/run/netns/${lab.namespaceOf(pod)}`,
    interfaceName: 'eth0',
    orchestrator: 'lab',
    workload: pod,
    families: ['ipv4', 'ipv6'],
  });
}

async function detach(lab: TestLab, pod: string): Promise<unknown> {
  return (await daemonOf(lab, 'node1')).detachEndpoint(pod);
}

/** Waits until the readiness of a host gives this reason. */
async function untilSaid(lab: TestLab, host: string, reason: RegExp): Promise<void> {
  const daemon = await daemonOf(lab, host);
  let last: readonly string[] = [];
  const isSaid = async (): Promise<boolean> => {
    last = (await daemon.readiness()).reasons;
    return reason.test(last.join('; '));
  };
  await waitFor(`${host} says ${reason}`, isSaid, 60_000, 50).catch((error: Error) => {
    throw new Error(`${error.message}; it says: ${last.join('; ')}`);
  });
}

async function signalEtcd(lab: TestLab, signal: 'STOP' | 'CONT'): Promise<void> {
  const { stdout } = await execa('ip', ['netns', 'pids', switchNamespace(lab.name)]);
  for (const pid of stdout.split('\n')) process.kill(Number(pid), `SIG${signal}`);
}

function socketOf(lab: TestLab): string {
  return `/run/weft/lab/${lab.name}/etcd/etcd:0`;
}

function dataOf(lab: TestLab): string {
  return `/run/weft/lab/${lab.name}/etcd/data`;
}

/** etcd starts on an empty directory. */
async function comeBackEmpty(lab: TestLab): Promise<() => Promise<void>> {
  const data = dataOf(lab);
  await stopEtcd(lab.name, 'SIGKILL');
  renameSync(data, `${data}.kept`);
  await restartEtcd(lab.name);
  return () => restoreData(lab);
}

/** Everything is deleted under the watches. */
async function deleteAllKeys(lab: TestLab): Promise<() => Promise<void>> {
  const data = dataOf(lab);
  await stopEtcd(lab.name, 'SIGTERM');
  await execa('cp', ['-a', data, `${data}.kept`]);
  await restartEtcd(lab.name);
  for (const node of NODES) await untilReady(lab, node);
  const endpoint = ['--endpoints', 'unix://etcd:0'];
  await execa('etcdctl', [...endpoint, 'del', '', '--prefix'], {
    cwd: dirname(socketOf(lab)),
    env: { ETCDCTL_API: '3' },
  });
  return () => restoreData(lab);
}

async function restoreData(lab: TestLab): Promise<void> {
  const data = dataOf(lab);
  await stopEtcd(lab.name, 'SIGKILL');
  rmSync(data, { recursive: true });
  renameSync(`${data}.kept`, data);
  await restartEtcd(lab.name);
}

/** Moves a datastore file and its logs away; the answer takes them back in place of what is there then. */
function moveAside(path: string): () => void {
  const aside = `${path}.kept`;
  mkdirSync(aside);
  const names = ['', '-wal', '-shm'];
  for (const name of names) renameSync(`${path}${name}`, join(aside, `file${name}`));
  return () => {
    for (const name of names) {
      rmSync(`${path}${name}`, { force: true });
      renameSync(join(aside, `file${name}`), `${path}${name}`);
    }
    rmSync(aside, { recursive: true });
  };
}

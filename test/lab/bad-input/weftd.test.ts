/** What keeps a daemon from starting is said by it, and commands to a host without one change nothing. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbedded } from '@weft/datastore';
import { installation, resolveLab, restartDaemon, status, stopDaemon } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, expectDaemonRefusal, expectRefusal } from '../../harness/refusal.ts';
import { weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { end, repository, useBadLab } from './bad-lab.ts';

const bad = useBadLab();

describe('a host whose daemon is dead', () => {
  beforeAll(() => stopDaemon('t-bad', 'node1', 'SIGKILL'));
  afterAll(() => restartDaemon('t-bad', 'node1'));

  it.each([
    ['add-pod', 'node1'],
    ['rm-pod', 'node1-pod1'],
    ['rm-node', 'node1'],
  ])('%s %s is refused, and nothing is changed', async (...words) => {
    const whole = await bad.holdings();
    const ended = await weftctl('lab', ...words, '--name', 't-bad');
    expectRefusal(ended, /daemon|weftd|answers/i, 'weftd.sock', /weftd/);
    expect(await bad.holdings()).toEqual(whole);
  });
});

describe('weftd', () => {
  let weftd: string[];
  beforeAll(async () => {
    const { node, weftd: bundle } = await installation();
    const files = ['--control-socket', 'weftd.sock', '--nodename-file', 'nodename', '--cni-spool', 'spool'];
    const paths = files.map((word) => (word.startsWith('--') ? word : join(bad.directory, word)));
    weftd = [node, bundle, '--node-name', 'plain', ...paths];
  });

  /** Starts one on the host `plain` and waits for its end. */
  function startOnPlain(datastore: string, wrapper: string[] = []): Promise<Ended> {
    return end('ip', [
      'netns',
      'exec',
      bad.lab.namespaceOf('plain'),
      ...wrapper,
      ...weftd,
      '--datastore',
      datastore,
    ]);
  }

  async function expectNoRoutes(): Promise<void> {
    expect(await bad.lab.routes('plain', 'proto', 'weft')).toEqual([]);
  }

  it('says who may hold port 179 when it is taken, and ends', async () => {
    const listen = "require('node:net').createServer().listen(179)";
    const taker = execa(
      'ip',
      ['netns', 'exec', bad.lab.namespaceOf('plain'), process.execPath, '-e', listen],
      {
        reject: false,
      },
    );
    try {
      await waitFor('the port is taken', async () =>
        (await bad.lab.run('plain', 'ss', '-ltn')).includes(':179 '),
      );
      const ended = await startOnPlain(join(bad.directory, 'port.db'));
      expectDaemonRefusal(
        ended,
        /port 179 is taken by another program/,
        '0.0.0.0 port 179',
        /stop that program.*ss -ltnp/,
      );
      expect(ended.exitCode).toBe(1);
      await expectNoRoutes();
    } finally {
      taker.kill();
      await taker;
    }
  });

  it.each([
    [
      'that is something else',
      async (path: string) => writeFileSync(path, 'x'.repeat(9000)),
      /it is not a datastore/,
      /Restore it/,
    ],
    ['that is damaged inside', damage, /it is damaged/, /Restore it from a copy/],
    [
      'of another program',
      (path: string) => sqlite(path, 'CREATE TABLE theirs (x)'),
      /another program wrote/,
      /path of a weft datastore/,
    ],
    ['of a newer weft', newerStore, /a newer weft wrote it \(format 99/, /Upgrade weft/],
    [
      'that is a directory',
      (path: string) => execa('mkdir', [path]),
      /not a regular file/,
      /path of a weft datastore/,
    ],
  ])('does not start on a datastore file %s', async (what, make, message, next) => {
    const path = join(bad.directory, `${what.replaceAll(' ', '-')}.db`);
    await make(path);
    const ended = await startOnPlain(path);
    expectDaemonRefusal(ended, message, path, next);
    expect(ended.exitCode).toBe(1);
    await expectNoRoutes();
  });

  it('does not start on a datastore file that is read-only', async () => {
    const folder = mkdtempSync(join(bad.directory, 'read-only-'));
    await newStore(join(folder, 'store.db'));
    const script = `mount --bind '${folder}' '${folder}' && mount -o remount,ro,bind '${folder}' && exec "$@"`;
    const ended = await startOnPlain(join(folder, 'store.db'), [
      'unshare',
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
    ]);
    expectDaemonRefusal(ended, /may not write to it or to its directory/, folder, /Make both writable/);
    expect(ended.exitCode).toBe(1);
    await expectNoRoutes();
  });

  it('does not start without root, and makes no file', async () => {
    const folder = mkdtempSync(join(bad.directory, 'nobody-'));
    await execa('chown', ['65534', folder, bad.directory]);
    const script = `mount --bind '${repository}' /mnt && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"`;
    const words = weftd.map((word) => word.replace(repository, '/mnt'));
    const ended = await end('unshare', [
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      ...words,
      '--datastore',
      `${folder}/store.db`,
    ]);
    expectDaemonRefusal(ended, /EPERM/, 'kernel', /needs root/);
    expect((await execa('ls', ['-A', folder])).stdout).toBe('');
  });

  it('refuses the name of a node whose daemon runs, and does not disturb that one', async () => {
    const { datastore, hosts } = await resolveLab('t-bad');
    const path = datastore.type === 'embedded' ? datastore.path : '';
    const routes = await bad.lab.routes('node1');
    const words = [...weftd, '--datastore', path].map((word) => (word === 'plain' ? 'node1' : word));
    const ended = await end('ip', ['netns', 'exec', bad.lab.namespaceOf('node1'), ...words]);
    expectDaemonRefusal(
      ended,
      /a weftd of that name is running: process \d+/,
      'node node1',
      /stop it, or give this one another --node-name/,
    );
    expect(ended.exitCode).toBe(1);
    const { hosts: after } = await status('t-bad');
    expect(after.find(({ name }) => name === 'node1')).toMatchObject({
      running: true,
      sessions: [{ state: 'Established' }],
    });
    expect(await bad.lab.routes('node1')).toEqual(routes);
    expect(hosts.map(({ name }) => name)).toEqual(['node1', 'node2']);
  });
});

async function newStore(path: string): Promise<void> {
  const store = await openEmbedded({ path, create: true });
  for (let ordinal = 0; ordinal < 60; ordinal++) {
    const metadata = { name: `node-${ordinal}`, annotations: { filler: 'x'.repeat(500) } };
    await store.create({ apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata, spec: {} });
  }
  await store.close();
}

async function newerStore(path: string): Promise<void> {
  await newStore(path);
  await sqlite(path, 'PRAGMA user_version = 99');
}

/** A datastore whose first page is whole. */
async function damage(path: string): Promise<void> {
  await newStore(path);
  await execa('dd', ['if=/dev/urandom', `of=${path}`, 'bs=4096', 'seek=1', 'count=40', 'conv=notrunc']);
}

async function sqlite(path: string, statement: string): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path);
  database.exec(statement);
  database.close();
}

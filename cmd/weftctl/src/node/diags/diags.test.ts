import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlServer } from '@weft/control';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { peer, startFakeDaemon } from '../../../test/fake-daemon.ts';
import { Workbench } from '../../../test/run.ts';
import { runBounded } from './bounded-command.ts';
import { recordParts } from './record.ts';
import { redact } from './redact.ts';
import { tarOf } from './tar.ts';

const workbench = new Workbench();
let daemon: ControlServer;

beforeAll(async () => {
  daemon = await startFakeDaemon('n1', workbench.path('weftd.sock'), [peer({ info: 'password=hunter2' })]);
});

afterAll(async () => {
  await daemon.close();
  workbench.remove();
});

/** Secrets as they turn up in logs. */
const SECRETS = `
connecting to etcd://root:hunter2@10.0.0.1:2379
{"password": "hunter2 with blanks", "token":"hunter2"}
ETCD_PASSWORD=hunter2 K8S_API_TOKEN=hunter2
Authorization: Bearer hunter2hunter2
weftd --etcd-password hunter2 --node-name n1
eyJhbGciOiJIUzI1NiJ9.hunter2hunter2.c2lnbmF0dXJl
-----BEGIN RSA PRIVATE KEY-----
hunter2
-----END RSA PRIVATE KEY-----
net.ipv6.conf.eth0.stable_secret = hunter2
session with 10.0.0.2 established
`;

describe('redact', () => {
  test('takes secrets out, and leaves the rest', () => {
    const text = redact(SECRETS);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('eyJ');
    expect(text).toContain('connecting to etcd://root:***@10.0.0.1:2379');
    expect(text).toContain('--node-name n1');
    expect(text).toContain('session with 10.0.0.2 established');
  });

  test('a key that was cut in the middle is a key all the same', () => {
    expect(redact('x\n-----BEGIN PRIVATE KEY-----\nhunter2')).toBe('x\n*** private key ***');
  });

  test('addresses and routes stay as they are', () => {
    const routes = '10.0.0.0/26 via fe80::1 dev eth0 proto weft metric 1024\nfd00::/64 dev cali12345678901';
    expect(redact(routes)).toBe(routes);
  });
});

describe('a bounded command', () => {
  test('says that a program is not installed, failed, or ran too long', async () => {
    expect(await runBounded(['weft-no-such-program'])).toEqual({
      text: '',
      trouble: 'weft-no-such-program is not installed',
    });
    expect(await runBounded(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toMatchObject({
      trouble: 'exit code 3',
    });
    expect(await runBounded(['sleep', '600'], 50)).toMatchObject({ trouble: 'not finished within 0.05 s' });
  });

  test('keeps no more than its limit', async () => {
    const { text, trouble } = await runBounded(['yes']);
    expect({ bytes: text.length, trouble }).toEqual({ bytes: 4 * 1024 * 1024, trouble: 'cut after 4 MiB' });
  });
});

test('tar reads what tarOf wrote', () => {
  const archive = tarOf(
    [
      { name: 'd/empty', content: Buffer.alloc(0) },
      { name: 'd/one', content: Buffer.from('x'.repeat(512)) },
      { name: 'd/two', content: Buffer.from('two\n') },
    ],
    1_700_000_000,
  );
  const run = (...args: string[]) => execFileSync('tar', args, { input: archive, encoding: 'utf8' });
  expect(run('-tf', '-').split('\n')).toEqual(['d/empty', 'd/one', 'd/two', '']);
  expect(run('-xOf', '-', 'd/two')).toBe('two\n');
});

/** A line of a record, with the name that stands for a password. */
const SEGMENT = '{"at":1,"kind":"configure","peers":[{"address":"10.0.0.2","password":"secret-1"}]}\n';

describe('the record that is taken along', () => {
  test('is its newest segments, whole, and what is left is said', () => {
    const directory = workbench.path('long-record');
    mkdirSync(directory);
    for (const number of [1, 2, 3])
      workbench.file(`long-record/segment-0000000${number}.jsonl`, `${number}`.repeat(10));
    expect(recordParts(directory, 25)).toEqual([
      { file: 'record/segment-00000003.jsonl', text: '3'.repeat(10) },
      { file: 'record/segment-00000002.jsonl', text: '2'.repeat(10) },
      { file: 'record/LEFT_OUT', text: '', trouble: `older segments are left in ${directory}: 1` },
    ]);
  });

  test('is its newest segment, however long it is', () => {
    const directory = workbench.path('long-segment');
    mkdirSync(directory);
    for (const number of [1, 2]) workbench.file(`long-segment/segment-0000000${number}.jsonl`, '0123456789');
    expect(recordParts(directory, 9)).toEqual([
      { file: 'record/segment-00000002.jsonl', text: '0123456789' },
      { file: 'record/LEFT_OUT', text: '', trouble: `older segments are left in ${directory}: 1` },
    ]);
  });

  test('is what is left when a segment is removed meanwhile', () => {
    const directory = workbench.path('pruned-record');
    mkdirSync(directory);
    // As one that is listed, and gone when it is opened.
    symlinkSync('/nonexistent', join(directory, 'segment-00000001.jsonl'));
    workbench.file('pruned-record/segment-00000002.jsonl', SEGMENT);
    expect(recordParts(directory)).toEqual([{ file: 'record/segment-00000002.jsonl', text: SEGMENT }]);
  });
});

describe('node diags', { timeout: 60_000 }, () => {
  test('collects into an archive, says what and where, and no secret is in it', async () => {
    const logs = workbench.path('logs');
    mkdirSync(logs);
    workbench.file('logs/weftd.log', SECRETS);
    const record = workbench.path('record');
    mkdirSync(join(record, 'n1'), { recursive: true });
    workbench.file('record/n1/segment-00000003.jsonl', SEGMENT);
    const { code, stdout, stderr } = await workbench.run([
      'node',
      'diags',
      '--log-dir',
      logs,
      '--record-dir',
      record,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^weftd_status\.json +\d+$/m);
    expect(stdout).toMatch(/look through it before you pass it on\./);
    const [, path = '', name = ''] =
      /Diags saved to (\S+\/(diags-\d{8}_\d{6})\.tar\.gz) \(\d+ KiB\)\./.exec(stdout) ?? [];
    expect(path).toMatch(workbench.directory);
    const tar = (...args: string[]) => execFileSync('tar', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    const files = tar('-tzf', path).trim().split('\n');
    for (const file of [
      'CONTENTS',
      'version',
      'date',
      'uname',
      'ss',
      'ipv4_route',
      'sysctls',
      'weftd_rib.json',
      'log_weftd.log',
    ])
      expect(files).toContain(`${name}/${file}`);
    const everything = tar('-xzOf', path);
    expect(everything).not.toContain('hunter2');
    expect(everything).not.toMatch(/fastopen_key/);
    expect(everything).toContain('session with 10.0.0.2 established');
    // As it was, so that it can be replayed: names of secrets are no secrets.
    expect(tar('-xzOf', path, `${name}/record/n1/segment-00000003.jsonl`)).toBe(SEGMENT);
    expect(tar('-xzOf', path, `${name}/weftd_bgp_peers.json`)).toContain('"bgpIdentifier": "10.0.0.1"');
  });

  test('without a daemon and without logs the rest is collected', async () => {
    const { code, stdout } = await workbench.run([
      'node',
      'diags',
      '--socket',
      '/nonexistent/s',
      '--log-dir',
      '/nonexistent',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^weftd_status\.json +- +There is no control socket \(\/nonexistent\/s\)$/m);
    expect(stdout).toMatch(/^ipv4_route +\d+$/m);
  });
});

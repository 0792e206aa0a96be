import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeCall } from '@weft/cni';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answering, FakeWeftd, http } from '../test/fake-weftd.ts';
import { CONFIG, Runtime } from '../test/runtime.ts';

let runtime: Runtime;

beforeEach(() => {
  runtime = new Runtime();
});

afterEach(() => runtime.remove());

const del = { command: 'DEL', environment: { CNI_CONTAINERID: 'c1' }, stdin: CONFIG };

describe('weftd is away', () => {
  test.each([
    ['ADD', 11],
    ['CHECK', 11],
    ['GC', 11],
    ['STATUS', 50],
  ])('%s is error %i, and says what is missing', async (command, code) => {
    const result = await runtime.call({ command, stdin: CONFIG });
    expect(result).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual({
      cniVersion: '1.0.0',
      code,
      msg: `weftd is away: cannot connect to ${runtime.socket}: No such file or directory`,
      details: 'weftd does the work: see that it runs on this host. The runtime will try again.',
    });
    expect(runtime.spooled()).toEqual([]);
  });

  test.each([
    ['a path that is too long', () => `/${'long/'.repeat(30)}weftd.sock`, /File name too long/],
    ['a file that is no socket', plainFile, /Connection refused/],
    ['a name that JSON has to escape', () => '/nowhere/"\\\n\u007fä', /No such file/],
  ])('%s', async (_, makePath, reason) => {
    const path = makePath();
    const environment = { WEFT_CONTROL_SOCKET: path };
    const { code, stdout, stderr } = await runtime.call({ command: 'ADD', environment, stdin: CONFIG });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const { msg } = JSON.parse(stdout);
    expect(msg).toMatch(reason);
    expect(Buffer.from(msg, 'latin1').toString()).toContain(path);
  });

  function plainFile(): string {
    writeFileSync(runtime.socket, '');
    return runtime.socket;
  }
});

describe('a DEL while weftd is away', () => {
  test('succeeds, and lies in the spool as it would have been sent', async () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    expect(await runtime.call(del)).toEqual({ code: 0, stdout: '', stderr: '' });
    const [name = ''] = runtime.spooled();
    expect(name).toMatch(/^\d{19}-\d+$/);
    expect(BigInt(name.split('-')[0] ?? '')).toBeGreaterThanOrEqual(before);
    const path = join(runtime.spool, name);
    expect(decodeCall(readFileSync(path))).toEqual({
      environment: { CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'c1' },
      stdin: CONFIG,
    });
    const modes = [path, runtime.spool, dirname(runtime.spool)].map((one) => statSync(one).mode & 0o777);
    expect(modes).toEqual([0o600, 0o700, 0o700]);
  });

  test('is a file of its own each time', async () => {
    await Promise.all(Array.from({ length: 8 }, () => runtime.call(del)));
    expect(runtime.spooled()).toHaveLength(8);
  });

  test('is taken back when weftd came in between and answered', async () => {
    const error = '{"code":11,"msg":"later"}';
    for (const [status, body] of [
      [200, ''],
      [500, error],
    ] as const) {
      const scripts = [answering(''), answering(http(status, body))];
      const weftd = await FakeWeftd.listen(runtime.socket, ...scripts);
      expect(await runtime.call(del)).toEqual({ code: status === 200 ? 0 : 1, stdout: body, stderr: '' });
      expect(weftd.requests).toHaveLength(2);
      expect(weftd.requests[1]).toEqual(weftd.requests[0]);
      expect(runtime.spooled()).toEqual([]);
      await weftd.close();
    }
  });

  test('stays when weftd died over it', async () => {
    const weftd = await FakeWeftd.listen(runtime.socket, (socket) => {
      rmSync(runtime.socket);
      socket.destroy();
    });
    expect(await runtime.call(del)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(runtime.spooled()).toHaveLength(1);
    await weftd.close();
  });

  test('is an error when it cannot be kept, so that the runtime asks again', async () => {
    const environment = { ...del.environment, WEFT_CNI_SPOOL: '/proc/weft/spool' };
    const { code, stdout, stderr } = await runtime.call({ ...del, environment });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ code: 11, msg: expect.stringContaining('/proc/weft/spool') });
  });

  test('a disk that takes only a part of it leaves nothing', async () => {
    const through = (plugin: string): string[] => ['/usr/bin/prlimit', '--fsize=20', plugin];
    const { code, stdout, stderr } = await runtime.call({ ...del, through });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ code: 11, msg: expect.stringContaining('File too large') });
    expect(runtime.spooled()).toEqual([]);
  });
});

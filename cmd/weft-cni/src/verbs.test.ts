import { decodeCall, SUPPORTED_VERSIONS } from '@weft/cni';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answering, FakeWeftd, http } from '../test/fake-weftd.ts';
import { CONFIG, Runtime } from '../test/runtime.ts';

const RESULT = '{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.5/32"}]}';
const ERROR = '{"cniVersion":"1.0.0","code":7,"msg":"no such pool","details":""}';

let runtime: Runtime;
let weftd: FakeWeftd | undefined;

beforeEach(() => {
  runtime = new Runtime();
});

afterEach(async () => {
  await weftd?.close();
  weftd = undefined;
  runtime.remove();
});

describe('with weftd there', () => {
  test.each(['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'EVAPORATE'])('%s is for weftd', async (command) => {
    weftd = await FakeWeftd.listen(runtime.socket, answering(http(200, RESULT)));
    const environment = { CNI_CONTAINERID: 'c1', HOME: '/root', CNI: 'no', XCNI_IFNAME: 'no' };
    const result = await runtime.call({ command, environment, stdin: CONFIG });
    expect(result).toEqual({ code: 0, stdout: RESULT, stderr: '' });
    const [request] = weftd.requests;
    expect(request?.header).toBe(
      'POST /v1/cni HTTP/1.1\r\nHost: weftd\r\nContent-Type: application/octet-stream\r\n' +
        `Content-Length: ${request?.body.length}\r\nConnection: close`,
    );
    expect(request && decodeCall(request.body)).toEqual({
      environment: { CNI_COMMAND: command, CNI_CONTAINERID: 'c1' },
      stdin: CONFIG,
    });
    expect(runtime.spooled()).toEqual([]);
  });

  test('a result may be empty, and an error of weftd is exit code 1', async () => {
    weftd = await FakeWeftd.listen(runtime.socket, answering(http(200, '')), answering(http(500, ERROR)));
    const call = { command: 'DEL', stdin: CONFIG };
    expect(await runtime.call(call)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await runtime.call(call)).toEqual({ code: 1, stdout: ERROR, stderr: '' });
  });

  test('every byte of CNI_ARGS and of standard input arrives', async () => {
    weftd = await FakeWeftd.listen(runtime.socket, answering(http(200, RESULT)));
    const stdin = Buffer.from(
      Array.from({ length: 400_000 }, (_, index) => (index * 31 + (index >> 8)) % 256),
    );
    const args = `IgnoreUnknown=1;K8S_POD_NAME=${'ä\n"\\\u007f\u0001'.repeat(10_000)}`;
    const result = await runtime.call({ command: 'ADD', environment: { CNI_ARGS: args }, stdin });
    expect(result.code).toBe(0);
    const body = weftd.requests[0]?.body ?? Buffer.alloc(0);
    const end = body.indexOf('\0\0');
    expect(body.subarray(0, end).toString()).toContain(`CNI_ARGS=${args}`);
    expect(body.subarray(end + 2).equals(stdin)).toBe(true);
  });

  test('bytes that are no text arrive, too', async () => {
    weftd = await FakeWeftd.listen(runtime.socket, answering(http(200, RESULT)));
    const script = `CNI_ARGS="$(printf '\\377\\200\\n\\001')" exec "$0"`;
    const through = (plugin: string): string[] => ['/bin/sh', '-c', `export CNI_ARGS; ${script}`, plugin];
    expect(await runtime.call({ command: 'ADD', stdin: CONFIG, through })).toMatchObject({ code: 0 });
    expect(weftd.requests[0]?.body.includes(Buffer.from('CNI_ARGS=\xff\x80\n\x01\0', 'latin1'))).toBe(true);
  });

  test('environment and input may have 1 MiB together, and not a byte more', async () => {
    weftd = await FakeWeftd.listen(runtime.socket, answering(http(200, RESULT)));
    const room = 1024 * 1024 - 'CNI_COMMAND=ADD\0\0'.length;
    expect(await runtime.call({ command: 'ADD', stdin: 'x'.repeat(room) })).toMatchObject({ code: 0 });
    expect(weftd.requests[0]?.body.length).toBe(1024 * 1024);
    const { code, stdout, stderr } = await runtime.call({ command: 'ADD', stdin: 'x'.repeat(room + 1) });
    expect({ code, stderr, requests: weftd.requests.length }).toEqual({ code: 1, stderr: '', requests: 1 });
    expect(JSON.parse(stdout)).toMatchObject({ code: 7, details: expect.stringContaining('1 MiB') });
  });

  test('variables alone may be too long', async () => {
    const long = 'x'.repeat(120_000);
    const environment = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`CNI_${index}`, long]));
    const { code, stdout } = await runtime.call({ command: 'ADD', environment, stdin: CONFIG });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ code: 4, msg: expect.stringContaining('CNI_ARGS') });
  });
});

describe('without asking weftd', () => {
  test.each([
    ['the version of the configuration', '{ "name": "x", "cniVersion" : "0.4.0"}', '0.4.0'],
    ['the newest without a configuration', '', '1.1.0'],
    ['the newest when that is no version', '{"cniVersion":"\\u0031"}', '1.1.0'],
    ['the newest when it is cut off', '{"cniVersion":"1.0', '1.1.0'],
    ['the newest when it is no text', '{"cniVersion":1.0}', '1.1.0'],
  ])('VERSION answers in %s', async (_, stdin, cniVersion) => {
    const { code, stdout, stderr } = await runtime.call({ command: 'VERSION', stdin });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ cniVersion, supportedVersions: SUPPORTED_VERSIONS });
  });

  test.each([{}, { command: '' }])('CNI_COMMAND is needed: %j', async (call) => {
    const { code, stdout } = await runtime.call({ ...call, stdin: CONFIG });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ code: 4, msg: 'CNI_COMMAND is not set' });
  });

  test.each([
    ['never ends', undefined, 'timed out'],
    ['is closed', closing('<&-'), 'Bad file descriptor'],
  ])('standard input that %s is an I/O failure', async (_, through, reason) => {
    const result = await runtime.call({ command: 'ADD', ...(through && { through, stdin: '' }) });
    expect(result).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(result.stdout)).toMatchObject({ code: 5, msg: expect.stringContaining(reason) });
  });

  test.each(['>&-', '>/dev/full'])(
    'a result that cannot be written (%s) is exit code 1',
    async (redirection) => {
      const call = { command: 'VERSION', stdin: CONFIG, through: closing(redirection) };
      expect(await runtime.call(call)).toEqual({ code: 1, stdout: '', stderr: '' });
    },
  );
});

/** Runs the plugin with its streams redirected. */
function closing(redirection: string): (plugin: string) => readonly string[] {
  return (plugin) => ['/bin/sh', '-c', `exec "$0" ${redirection}`, plugin];
}

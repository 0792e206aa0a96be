import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answering, FakeWeftd, http, type Script } from '../test/fake-weftd.ts';
import { CONFIG, Runtime } from '../test/runtime.ts';

const RESULT = '{"cniVersion":"1.0.0","ips":[]}';

let runtime: Runtime;
let weftd: FakeWeftd;

beforeEach(() => {
  runtime = new Runtime();
});

afterEach(async () => {
  await weftd.close();
  runtime.remove();
});

function drip(socket: Socket, bytes: string): void {
  const [first, ...rest] = bytes;
  if (first === undefined) socket.end();
  else socket.write(first, () => setImmediate(drip, socket, rest.join('')));
}

describe('an answer that came whole counts', () => {
  test.each<[string, Script, string]>([
    ['byte by byte', (socket) => drip(socket, http(200, RESULT)), RESULT],
    ['with bytes after its end', answering(`${http(200, RESULT)}{"more":1}`), RESULT],
    ['by a weftd that does not hang up', (socket) => socket.write(http(200, RESULT)), RESULT],
    ['with headers in capitals', answering(http(200, RESULT).toUpperCase()), RESULT.toUpperCase()],
    [
      'with 1 MiB',
      answering(http(200, `{"${'x'.repeat(1024 * 1024 - 6)}":1}`)),
      `{"${'x'.repeat(1024 * 1024 - 6)}":1}`,
    ],
    ['with a line end behind it', answering(http(200, `${RESULT}\n`)), `${RESULT}\n`],
  ])('%s', async (_, script, stdout) => {
    weftd = await FakeWeftd.listen(runtime.socket, script);
    expect(await runtime.call({ command: 'ADD', stdin: CONFIG })).toEqual({ code: 0, stdout, stderr: '' });
  });
});

const whole = http(200, RESULT);

describe('an answer that is broken', () => {
  const cases: readonly [string, Script, RegExp][] = [
    ['nothing', answering(''), /cut short/],
    ['cut in the status line', answering(whole.slice(0, 10)), /cut short/],
    ['cut in the headers', answering(whole.slice(0, 60)), /cut short/],
    ['cut in the body', answering(whole.slice(0, -1)), /cut short/],
    ['garbage', answering('\xff\0\r\n\r\n'), /not weftd's/],
    ['a body without a status line', answering(RESULT + whole.slice(whole.indexOf('\r\n'))), /not weftd's/],
    ['another protocol', answering(whole.replace('HTTP', 'ICAP')), /not weftd's/],
    ['no length', answering(whole.replace('content-length', 'content')), /not weftd's/],
    ['a length below zero', answering(whole.replace(/length: /, 'length: -')), /not weftd's/],
    ['a length that is none', answering(whole.replace(/length: \d+/, 'length: 3x')), /not weftd's/],
    [
      'a length beyond all numbers',
      answering(whole.replace(/length: /, `length: ${'9'.repeat(40)}`)),
      /not weftd's/,
    ],
    ['1 MiB and a byte', answering(http(200, `${RESULT}${' '.repeat(1024 * 1024)}`)), /not weftd's/],
    ['headers without end', answering(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(4000)}`), /not weftd's/],
    ['silence', () => {}, /no answer from .*timed out/],
    ['one byte now and then', dripForEver, /no answer from .*timed out/],
  ];

  test.each(cases)('%s: ADD may be tried again', async (_, script, message) => {
    weftd = await FakeWeftd.listen(runtime.socket, script);
    const { code, stdout, stderr } = await runtime.call({ command: 'ADD', stdin: CONFIG });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      cniVersion: '1.0.0',
      code: 11,
      msg: expect.stringMatching(message),
    });
    expect(runtime.spooled()).toEqual([]);
  });

  test.each(cases)('%s: DEL is kept, and the runtime told to ask again', async (_, script, message) => {
    weftd = await FakeWeftd.listen(runtime.socket, script);
    const { code, stdout, stderr } = await runtime.call({ command: 'DEL', stdin: CONFIG });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ code: 11, msg: expect.stringMatching(message) });
    expect(runtime.spooled()).toHaveLength(1);
  });

  test('a weftd that hangs up without reading gives no answer', async () => {
    weftd = await FakeWeftd.onConnection(runtime.socket, (socket) => socket.destroy());
    const { stdout } = await runtime.call({ command: 'ADD', stdin: 'x'.repeat(600_000) });
    expect(JSON.parse(stdout)).toMatchObject({ code: 11, msg: expect.stringMatching(/reset|cut short/) });
  });

  test('a weftd that refuses without reading is heard', async () => {
    const refusal = http(413, '{"error":{}}');
    weftd = await FakeWeftd.onConnection(runtime.socket, (socket) => {
      socket.end(refusal, () => socket.destroy());
    });
    const { stdout } = await runtime.call({ command: 'ADD', stdin: 'x'.repeat(600_000) });
    expect(JSON.parse(stdout)).toMatchObject({ code: 11, msg: expect.stringContaining('413') });
  });

  test.each([
    ['a result that is no object', 200, 'null'],
    ['a result with a tail', 200, `${RESULT}x`],
    ['an error without text', 500, ''],
    ['an error that is no object', 500, 'Internal Server Error'],
    ['no CNI at all', 404, '{"error":{"code":"not-found"}}'],
    ['a refusal', 503, '{"error":{"code":"unavailable"}}'],
  ])('%s is an error of its own', async (_, status, body) => {
    weftd = await FakeWeftd.listen(runtime.socket, answering(http(status, body)));
    for (const command of ['ADD', 'DEL']) {
      const { code, stdout } = await runtime.call({ command, stdin: CONFIG });
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ code: 11, msg: expect.stringContaining(`${status}`) });
    }
    expect(runtime.spooled()).toEqual([]);
  });
});

/** Something always comes, so that only a deadline for the whole ends it. */
function dripForEver(socket: Socket): void {
  const timer = setInterval(() => socket.write('H'), 50);
  socket.on('close', () => clearInterval(timer));
}

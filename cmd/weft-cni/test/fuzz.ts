/**
 * Runs weft-cni, built with sanitizers, on made-up calls and broken answers, and compares what it does with what a reader
 * of the answer written another way expects: `npm run fuzz:cni -- [--runs N] [--seed N]`.
 */
import { strict as assert } from 'node:assert';
import type { Socket } from 'node:net';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { FakeWeftd, http } from './fake-weftd.ts';
import { CONFIG, type Outcome, Runtime } from './runtime.ts';

interface Case {
  readonly command: string;
  readonly args: string;
  readonly stdin: Uint8Array;
  readonly answer: Buffer;
  /** Bytes of each write; what is left after them goes as one. */
  readonly pieces: readonly number[];
}

/** Throws with the smallest case found that goes wrong, and the seed to see it again. */
export async function fuzz(runs: number, seed: number): Promise<void> {
  const runtime = new Runtime();
  try {
    await fc.assert(
      fc.asyncProperty(anyCase, (one) => check(runtime, one)),
      { numRuns: runs, seed, endOnFailure: runs > 1000 },
    );
  } finally {
    runtime.remove();
  }
}

async function check(runtime: Runtime, { command, args, stdin, answer, pieces }: Case): Promise<void> {
  const weftd = await FakeWeftd.listen(runtime.socket, (socket) => send(socket, answer, pieces));
  try {
    const outcome = await runtime.call({ command, environment: { CNI_ARGS: args }, stdin });
    assert.equal(outcome.stderr, '');
    for (const { body } of weftd.requests) {
      const end = body.indexOf('\0\0');
      const variables = body.subarray(0, end).toString().split('\0').sort();
      assert.deepEqual(variables, [`CNI_ARGS=${args}`, `CNI_COMMAND=${command}`]);
      assert.deepEqual(body.subarray(end + 2), Buffer.from(stdin));
    }
    if (command === 'VERSION') assert.deepEqual([outcome.code, weftd.requests.length], [0, 0]);
    else checkOutcome(command, readAnswer(answer), outcome);
  } finally {
    await weftd.close();
  }
}

function checkOutcome(command: string, answer: ReturnType<typeof readAnswer>, outcome: Outcome): void {
  const isObject = answer !== undefined && /^\{.*\}[ \t\r\n]*$/s.test(answer.body);
  const isResult = answer?.status === 200 && (isObject || answer.body === '');
  assert.equal(outcome.code, isResult ? 0 : 1);
  if (isResult || (answer?.status === 500 && isObject)) {
    assert.equal(outcome.stdout, Buffer.from(answer.body, 'latin1').toString());
  } else {
    const { code, msg } = JSON.parse(outcome.stdout);
    assert.equal(code, answer === undefined && command === 'STATUS' ? 50 : 11);
    assert.match(msg, answer === undefined ? /weftd.sock/ : new RegExp(`status ${answer.status} and no CNI`));
  }
}

/** RFC 9112 as far as weftd speaks it; undefined when there is no whole answer. Bytes are characters. */
function readAnswer(bytes: Buffer): { readonly status: number; readonly body: string } | undefined {
  const text = bytes.toString('latin1');
  const [head] = text.split('\r\n\r\n', 1);
  if (head === undefined || head === text) return undefined;
  const status = /^HTTP\/1\.1 (\d{3})(?!\d)/.exec(head)?.[1];
  const field = /\r\ncontent-length:([^\r]*)\r/i.exec(`${head}\r`)?.[1];
  if (status === undefined || !/^[ \t]*\d{1,7}$/.test(field ?? '')) return undefined;
  const body = text.slice(head.length + 4, head.length + 4 + Number(field));
  return body.length === Number(field) ? { status: Number(status), body } : undefined;
}

function send(socket: Socket, answer: Buffer, [piece, ...pieces]: readonly number[]): void {
  if (piece === undefined) socket.end(answer);
  else socket.write(answer.subarray(0, piece), () => send(socket, answer.subarray(piece), pieces));
}

const text = fc.string({ unit: 'binary', maxLength: 200 }).map((one) => one.replaceAll('\0', ''));
const command = fc.constantFrom('ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION', 'x"\\\n');
const body = fc.oneof(
  fc.constantFrom('{"cniVersion":"1.0.0"}', '{"code":7,"msg":"no"}\n', '', 'null', '{'),
  fc.json(),
);
const status = fc.constantFrom(200, 500, 404, 100, 999);
const valid = fc.tuple(status, body).map(([code, one]) => Buffer.from(http(code, one)));

/** One place of an answer cut out, doubled or overwritten. */
const harm = fc.record({
  at: fc.oneof(fc.nat(16), fc.nat(160)),
  length: fc.nat(20),
  put: fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom('\r\n\r\n', '\0', 'content-length: ', '-', '9999999', '2', '\r\n').map(Buffer.from),
  ),
});
const answer = fc
  .tuple(valid, fc.array(harm, { maxLength: 3 }))
  .map(([bytes, harms]) =>
    harms.reduce(
      (left, { at, length, put }) => Buffer.concat([left.subarray(0, at), put, left.subarray(at + length)]),
      bytes,
    ),
  );
const anyCase: fc.Arbitrary<Case> = fc.record({
  command,
  args: text,
  stdin: fc.oneof(fc.constant(Buffer.from(CONFIG)), fc.uint8Array({ maxLength: 5000 })),
  answer,
  pieces: fc.array(fc.nat(60), { maxLength: 6 }),
});

if (import.meta.main) {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '5000' }, seed: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  console.log(`${values.runs} runs, seed ${seed}`);
  await fuzz(Number(values.runs), seed);
}

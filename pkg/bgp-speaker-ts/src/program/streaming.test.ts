import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { prefix } from '@weft/ip';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, freePort, peer, type Running, speaker, start } from '../transport/test/loopback.ts';
import type { DaemonStatus } from './protocol.ts';
import { Bench, type Program, START_LIMIT_MS } from './test/program.ts';

const [OWN, FEEDER] = ['127.0.0.71', '127.0.0.72'] as const;
/** As JSON far more than all buffers on the way hold together. */
const ROUTES = 100_000;
const LIMIT_MS = 120_000;

let bench: Bench;
let daemon: Program;
let feeder: Running;

const routes = Array.from({ length: ROUTES }, (_, index) => ({
  prefix: prefix(`${20 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.0/24`),
}));

beforeAll(async () => {
  bench = new Bench();
  const port = await freePort(OWN);
  daemon = await bench.started(
    'speaker.yaml',
    `asn: 64512
routerId: ${OWN}
listen: [{ address: ${OWN}, port: ${port} }]
control: { socket: ${bench.at('control.sock')} }
peers: [{ address: ${FEEDER}, asn: 64512, passive: true }]
`,
  );
  feeder = start(speaker(FEEDER, await freePort(FEEDER), [peer(OWN, { port })]));
  feeder.server.setLocalRoutes(routes);
  await eventually('all routes', () => daemon.events().includes('end-of-rib-received'), START_LIMIT_MS);
}, LIMIT_MS);

afterAll(async () => {
  await bench.remove();
  await feeder.server.stop({ graceful: false });
});

/** Opens a stream; nothing of it is read. */
async function open(path: string): Promise<IncomingMessage> {
  const outgoing = request({ socketPath: bench.at('control.sock'), path, agent: false });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

async function countLines(stream: IncomingMessage): Promise<number> {
  let lines = 0;
  for await (const chunk of stream) for (const byte of chunk) if (byte === 10) lines += 1;
  return lines;
}

async function status(): Promise<DaemonStatus> {
  const { stdout } = await bench.ask('status', '-o', 'json', '--socket', bench.at('control.sock'));
  return JSON.parse(stdout) as DaemonStatus;
}

describe('a table of many routes', { timeout: LIMIT_MS }, () => {
  test.each(['loc', 'in'])(
    '%s waits for a reader that rests; others and the session go on',
    async (table) => {
      const resting = await open(`/v1/rib?table=${table}`);
      const { peers } = await status();
      expect(peers[0]?.families[0]?.received).toBe(ROUTES);
      expect(await countLines(await open(`/v1/rib?table=${table}&prefix=20.0.0.0/16&longer=true`))).toBe(256);

      const added = prefix(`10.${table === 'loc' ? 1 : 2}.0.0/24`);
      feeder.server.setLocalRoutes([...routes, { prefix: added }]);
      await eventually(
        'one more route',
        () => feeder.server.peers()[0]?.families[0]?.advertised === ROUTES + 1,
      );
      feeder.server.setLocalRoutes(routes);
      const count = await countLines(resting);
      expect(count).toBeGreaterThanOrEqual(ROUTES);
      expect(count).toBeLessThanOrEqual(ROUTES + 1);
      expect(daemon.events()).not.toContain('peer-down');
    },
  );

  test('can be left in the middle, by readers and commands', async () => {
    const leaving = await open('/v1/rib');
    leaving.destroy();
    const head = bench.spawn('rib', '-o', 'json', '--socket', bench.at('control.sock'));
    head.stdout?.once('data', () => head.stdout?.destroy());
    const [code] = await once(head, 'exit');
    expect(code).toBe(0);
    expect((await status()).peers[0]?.state).toBe('Established');
  });

  test('a reader learns that the daemon has ended in the middle', async () => {
    const command = bench.spawn('rib', '-o', 'json', '--socket', bench.at('control.sock'));
    command.stdout?.once('readable', () => daemon.child.kill('SIGKILL'));
    await once(daemon.child, 'exit');
    command.stdout?.resume();
    let errors = '';
    command.stderr?.on('data', (bytes) => {
      errors += bytes;
    });
    const [code] = await once(command, 'close');
    expect([code, errors]).toEqual([1, expect.stringContaining('has ended in the middle of its answer')]);
  });
});

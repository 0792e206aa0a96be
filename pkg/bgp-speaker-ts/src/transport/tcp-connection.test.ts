import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TcpConnection } from './tcp-connection.ts';
import { eventually } from './test/loopback.ts';

let server: Server;
let far: Socket;
let near: Socket;

/** What a connection told. */
interface Told {
  received: number;
  readonly closed: (string | undefined)[];
  readonly outstanding: number[];
}

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  far = connect(bound.port, '127.0.0.1');
  [near] = (await once(server, 'connection')) as [Socket];
  far.on('error', () => {});
});

afterEach(() => {
  far.destroy();
  near.destroy();
  server.close();
});

function watch(): { connection: TcpConnection; told: Told } {
  const told: Told = { received: 0, closed: [], outstanding: [] };
  const connection = new TcpConnection(near, {
    received: (bytes) => {
      told.received += bytes.length;
    },
    closed: (error) => told.closed.push(error),
    outstanding: (bytes) => told.outstanding.push(bytes),
  });
  return { connection, told };
}

describe('a TCP connection', () => {
  test('sends what was queued in one turn as one piece, in order', async () => {
    const { connection } = watch();
    const received: Buffer[] = [];
    far.on('data', (bytes) => received.push(bytes));
    connection.queue(Buffer.from('one '));
    connection.queue(Buffer.from('two '));
    connection.queue(Buffer.from('three'));
    connection.flush();
    await eventually('all of it', () => Buffer.concat(received).toString() === 'one two three');
  });

  test('takes a little from a peer that sends much, then lets others have a turn', async () => {
    const bytes = 8 << 20;
    far.write(new Uint8Array(bytes));
    let received = 0;
    let most = 0;
    let inTurn = 0;
    new TcpConnection(near, {
      received: ({ length }) => {
        if (inTurn === 0) setImmediate(endTurn);
        received += length;
        inTurn += length;
      },
      closed: () => {},
      outstanding: () => {},
    });
    function endTurn(): void {
      most = Math.max(most, inTurn);
      inTurn = 0;
    }
    await eventually('all of it', () => received === bytes);
    expect(most).toBeLessThanOrEqual(3 * 65_536);
  });

  test('reports what a reader that does not read leaves waiting, and when it is gone', async () => {
    const { connection, told } = watch();
    far.pause();
    connection.queue(Buffer.alloc(32 * 1024 * 1024));
    connection.flush();
    expect(told.outstanding[0]).toBeGreaterThan(0);
    far.resume();
    await eventually('drained', () => told.outstanding.at(-1) === 0);
  });

  test('reports nothing when the kernel takes everything', async () => {
    const { connection, told } = watch();
    connection.queue(Buffer.from('x'));
    connection.flush();
    far.write('y');
    await eventually('an answer', () => told.received === 1);
    expect(told.outstanding).toEqual([]);
  });

  test('reports the end once: a FIN without an error, a reset with its name', async () => {
    const { connection, told } = watch();
    far.end();
    await connection.gone;
    expect(told.closed).toEqual([undefined]);
  });

  test('reports a reset by its name', async () => {
    const { connection, told } = watch();
    far.resetAndDestroy();
    await connection.gone;
    expect(told.closed).toEqual(['ECONNRESET']);
  });

  test('close sends what is queued, then a FIN, even with input unread, and reports nothing', async () => {
    const { connection, told } = watch();
    const received: Buffer[] = [];
    let error: Error | undefined;
    far.on('data', (bytes) => received.push(bytes));
    far.on('error', (reason) => {
      error = reason;
    });
    far.write(Buffer.alloc(100_000));
    connection.queue(Buffer.from('bye'));
    connection.close();
    await once(far, 'end');
    await connection.gone;
    expect([Buffer.concat(received).toString(), error, told.closed]).toEqual(['bye', undefined, []]);
  });
});

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { address } from '@weft/ip';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BmpStation } from '../speaker/bmp-station.ts';
import { BmpClient, type BmpReport, UNREAD_LIMIT_BYTES } from './bmp-client.ts';
import { eventually, freePort } from './test/loopback.ts';

const MEBIBYTE = new Uint8Array(1024 * 1024);

/** A station that writes what a test tells it to. */
class FakeStation {
  readonly write: (message: Uint8Array) => void;
  /** Slices the dump has left. */
  slices = 0;
  detached = false;

  constructor(write: (message: Uint8Array) => void) {
    this.write = write;
    write(Buffer.from('initiation '));
  }

  continueDump(): boolean {
    if (this.slices === 0) return false;
    this.slices -= 1;
    this.write(MEBIBYTE);
    return true;
  }

  reportStatistics(): void {
    this.write(Buffer.from('statistics '));
  }

  terminate(): void {
    this.detach();
    this.write(Buffer.from('termination'));
  }

  detach(): void {
    this.detached = true;
  }
}

let collector: Server;
let port: number;
let sockets: Socket[];
let stations: FakeStation[];
let reports: BmpReport[];
let client: BmpClient | undefined;

beforeEach(async () => {
  [sockets, stations, reports] = [[], [], []];
  port = await freePort();
  collector = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  collector.listen(port, '127.0.0.1');
  await once(collector, 'listening');
});

afterEach(async () => {
  await client?.stop();
  for (const socket of sockets) socket.destroy();
  collector.close();
});

function start(statisticsSeconds = 60, slices = 0): BmpClient {
  client = new BmpClient(
    { address: address('127.0.0.1'), port, statisticsSeconds },
    {
      monitor: (_collector, write) => {
        const station = new FakeStation(write);
        station.slices = slices;
        stations.push(station);
        return station as unknown as BmpStation;
      },
      report: (report) => reports.push(report),
    },
  );
  return client;
}

function collect(socket: Socket | undefined): () => string {
  const chunks: Buffer[] = [];
  socket?.on('data', (bytes) => chunks.push(bytes));
  socket?.resume();
  return () => Buffer.concat(chunks).toString();
}

test('a collector is greeted, told, and bidden goodbye', async () => {
  const running = start(1);
  await eventually('a connection', () => sockets.length === 1 && stations.length === 1);
  const text = collect(sockets[0]);
  stations[0]?.write(Buffer.from('update '));
  await eventually('what was told', () => text().startsWith('initiation update statistics '));
  await running.stop();
  expect([text().endsWith('termination'), stations[0]?.detached]).toEqual([true, true]);
  expect(reports).toEqual([{ kind: 'bmp-connected', collector: `127.0.0.1 port ${port}` }]);
});

test('a collector that goes away is connected to again, and gets a station of its own', async () => {
  start();
  await eventually('a connection', () => stations.length === 1 && sockets.length === 1);
  sockets[0]?.destroy();
  await eventually('another one', () => stations.length === 2);
  expect(stations[0]?.detached).toBe(true);
  expect(reports.map(({ kind }) => kind)).toEqual(['bmp-connected', 'bmp-lost', 'bmp-connected']);
});

test('a collector that is not there is tried again, each time later', async () => {
  collector.close();
  start();
  await eventually('two attempts', () => reports.length === 2);
  expect(reports).toMatchObject([
    { kind: 'bmp-lost', cause: 'ECONNREFUSED', retryMs: 1000 },
    { kind: 'bmp-lost', cause: 'ECONNREFUSED', retryMs: 2000 },
  ]);
});

test('the dump waits for a collector that does not read, and goes on when it does', async () => {
  start(60, 200);
  await eventually('a connection', () => sockets.length === 1 && stations.length === 1);
  let last = -1;
  await eventually('the dump at rest', () => {
    const left = stations[0]?.slices ?? 0;
    const rests = left === last && left < 200;
    last = left;
    return rests;
  });
  expect(last).toBeGreaterThan(0);
  sockets[0]?.resume();
  await eventually('the whole dump', () => stations[0]?.slices === 0);
  expect(reports).toHaveLength(1);
});

test('a collector that never reads is dropped when more is unread than the limit, and its memory is free', async () => {
  start();
  await eventually('a connection', () => sockets.length === 1 && stations.length === 1);
  const [station] = stations;
  // What the kernel takes is not counted: some MiB more than the limit.
  for (let written = 0; written < UNREAD_LIMIT_BYTES * 2; written += MEBIBYTE.length)
    station?.write(MEBIBYTE);
  await eventually('dropped', () => reports.some(({ kind }) => kind === 'bmp-lost'));
  expect(reports[1]).toMatchObject({ cause: 'the collector does not read', retryMs: 1000 });
  expect(station?.detached).toBe(true);
});

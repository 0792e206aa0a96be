import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Address, address } from '@weft/ip';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DISCARD_REASONS, encodeControlPacket } from '../../bfd/control-packet.ts';
import { BfdPort } from '../../bfd/iana.ts';
import { fromPeer } from '../../bfd/test/driven-session.ts';
import { BfdCounter, type BfdSessionConfig, type BfdStatus } from '../../bfd/types.ts';
import { eventually as eventuallyWithin } from '../test/loopback.ts';
import { BfdThread } from './bfd-thread.ts';
import type { BfdNews } from './messages.ts';

// The ports are fixed, so the addresses are this process's own.
const NET = `127.${64 + ((process.pid >> 8) % 128)}.${process.pid % 256}`;
const A = address(`${NET}.1`);
const B = address(`${NET}.2`);

// A thread takes half a second to start, on a machine that does much else several.
vi.setConfig({ testTimeout: 60_000 });
const eventually = (what: string, condition: () => boolean): Promise<void> =>
  eventuallyWithin(what, condition, 20_000);

const threads: BfdThread[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await Promise.all(threads.splice(0).map((thread) => thread.stop()));
});

function start(): { thread: BfdThread; news: BfdNews[]; deaths: string[] } {
  const news: BfdNews[] = [];
  const deaths: string[] = [];
  const thread = new BfdThread({ news: (item) => news.push(item), died: (error) => deaths.push(error) });
  threads.push(thread);
  return { thread, news, deaths };
}

function session(
  peer: Address,
  localAddress: Address,
  more: Partial<BfdSessionConfig> = {},
): BfdSessionConfig {
  const timers = { minTransmitIntervalMs: 100, minReceiveIntervalMs: 100, multiplier: 20 };
  return { peer, localAddress, multihop: false, minTtl: 255, ...timers, ...more };
}

function lastOf(news: readonly BfdNews[]): BfdStatus | undefined {
  const last = news.findLast((item) => item.kind === 'changed');
  return last?.kind === 'changed' ? last.status : undefined;
}

function stateOf(news: readonly BfdNews[]): string | undefined {
  return news.flatMap((item) => (item.kind === 'changed' ? [item.status.state] : [])).at(-1);
}

/** Sends a packet to A the way a test wants it, from B unless told otherwise. */
async function sendRaw(ttl: number, port: number = BfdPort.singleHop, from: string = B): Promise<void> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(0, from);
  await once(socket, 'listening');
  socket.setTTL(ttl);
  socket.send(encodeControlPacket(fromPeer('Down', { yourDiscriminator: 0 })), port, A);
}

async function pair(more: Partial<BfdSessionConfig> = {}) {
  const [left, right] = [start(), start()];
  left.thread.open(session(B, A, more));
  right.thread.open(session(A, B, more));
  await eventually('both Up', () => stateOf(left.news) === 'Up' && stateOf(right.news) === 'Up');
  return [left, right] as const;
}

describe('two threads with a session between them', () => {
  test('are Up, agree on intervals, and count in shared memory without a message per packet', async () => {
    const [left] = await pair();
    await eventually('the Poll Sequence over', () => lastOf(left.news)?.detectionTimeMs === 2000);
    const told = left.news.length;
    const received = left.thread.counters(B)?.[BfdCounter.received] ?? 0;
    await eventually(
      'more packets',
      () => (left.thread.counters(B)?.[BfdCounter.received] ?? 0) > received + 5,
    );
    expect(left.news.length).toBe(told);
    expect(lastOf(left.news)).toMatchObject({ transmitIntervalMs: 100, detectionTimeMs: 2000 });
    expect(left.thread.counters(B)?.[BfdCounter.ups]).toBe(1);
  });

  test('over several hops, at the other port', async () => {
    const [left] = await pair({ multihop: true, minTtl: 0 });
    expect(stateOf(left.news)).toBe('Up');
  });

  test('of one host and several peers share a port', async () => {
    const [left] = await pair();
    const C = address(`${NET}.3`);
    const third = start();
    third.thread.open(session(A, C));
    left.thread.open(session(C, A));
    await eventually('the third Up', () => stateOf(third.news) === 'Up');
    const fourth = address(`${NET}.4`);
    left.thread.open({ ...session(fourth, A), localAddress: undefined });
    await eventually('the fourth begun', () => (left.thread.counters(fourth)?.[BfdCounter.sent] ?? 0) > 0);
    expect(left.news.filter(({ kind }) => kind === 'failed')).toEqual([]);
  });

  test('change intervals on the way', async () => {
    const [left, right] = await pair();
    left.thread.open(session(B, A, { minTransmitIntervalMs: 250, minReceiveIntervalMs: 120 }));
    await eventually('the new intervals at the peer', () => lastOf(right.news)?.receiveIntervalMs === 250);
    expect(lastOf(right.news)).toMatchObject({
      state: 'Up',
      receiveIntervalMs: 250,
      transmitIntervalMs: 120,
    });
    expect(right.thread.counters(A)?.[BfdCounter.ups]).toBe(1);
  });

  test('a stop tells the peer that it is on purpose', async () => {
    const [left, right] = await pair();
    await left.thread.stop();
    await eventually('AdminDown', () => lastOf(right.news)?.remoteState === 'AdminDown');
    expect(lastOf(right.news)).toMatchObject({ state: 'Down', remoteState: 'AdminDown' });
  });

  test('a session that is closed and opened again is Up again', async () => {
    const [left, right] = await pair();
    left.thread.close(B);
    await eventually('AdminDown', () => stateOf(right.news) === 'Down');
    left.thread.open(session(B, A));
    await eventually('Up again', () => stateOf(right.news) === 'Up' && stateOf(left.news) === 'Up');
  });
});

describe('RFC 5881 §5: the way of a packet', () => {
  test('a packet that has passed a router is counted and otherwise nothing', async () => {
    const { thread, news } = start();
    thread.open(session(B, A));
    await eventually('a packet sent', () => (thread.counters(B)?.[BfdCounter.sent] ?? 0) > 0);
    await sendRaw(254);
    await eventually('the packet discarded', () => thread.counters(B)?.[BfdCounter.discarded] === 1);
    expect(DISCARD_REASONS[(thread.counters(B)?.[BfdCounter.lastDiscard] ?? 0) - 1]).toBe('ttl');
    expect(stateOf(news)).toBe('Down');
    await sendRaw(255);
    await eventually('Init', () => stateOf(news) === 'Init');
  });

  test('our packets leave with TTL 255 from a port of the range', async () => {
    const { thread } = start();
    const socket = createSocket('udp4');
    sockets.push(socket);
    socket.bind(BfdPort.singleHop, B);
    await once(socket, 'listening');
    thread.open(session(B, A));
    const [, info] = await once(socket, 'message');
    expect(info.port).toBeGreaterThanOrEqual(49_152);
    expect(info.address).toBe(A);
  });
});

describe('sockets that cannot be opened', () => {
  test('are told once and tried again', async () => {
    const { thread, news } = start();
    const blocker = createSocket('udp4');
    blocker.bind(BfdPort.singleHop, A);
    await once(blocker, 'listening');
    thread.open(session(B, A));
    await eventually('the failure', () => news.length > 0);
    const told = [{ kind: 'failed', peer: B, step: 'receive', errno: 'EADDRINUSE' }];
    expect(news).toEqual(told);
    thread.open(session(B, A));
    thread.open(session(address(`${NET}.5`), A, { interface: 'no-such-link' }));
    await eventually('what came after', () => news.length > 1);
    expect(news[1]).toMatchObject({ step: 'interface' });
    blocker.close();
    await eventually('the session', () => (thread.counters(B)?.[BfdCounter.sent] ?? 0) > 0);
    expect(news.filter((item) => item.kind === 'failed' && item.peer === B)).toEqual(told);
  });

  test('for want of an interface, too', async () => {
    const { thread, news } = start();
    thread.open(session(B, A, { interface: 'no-such-link' }));
    await eventually('the failure', () => news.length > 0);
    expect(news).toEqual([{ kind: 'failed', peer: B, step: 'interface', errno: 'ENODEV' }]);
  });
});

test('an interface of its own is where packets must come from', async () => {
  const [left] = await pair({ interface: 'lo' });
  expect(stateOf(left.news)).toBe('Up');
});

test('a thread that fails is told once, and everything goes on without it', async () => {
  const { thread, deaths } = start();
  thread.open({ ...session(B, A), localAddress: 'nonsense' as Address });
  await eventually('the failure', () => deaths.length > 0);
  thread.open(session(B, A));
  thread.close(B);
  expect(thread.counters(B)).toBeUndefined();
  await thread.stop();
  expect(deaths.length).toBe(1);
});

import { readdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { address } from '@weft/ip';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { MaxPrefix } from '../speaker/config.ts';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import { encodeOpen, type OpenMessage } from '../wire/message/01-open.ts';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { UpdatePacker } from '../wire/update-packer.ts';
import { MAX_LINGERING } from './lingering.ts';
import {
  eventually,
  freePort,
  peer,
  RawPeer,
  type Running,
  speaker,
  start,
  stateOf,
} from './test/loopback.ts';

const A = '127.0.0.2';
const B = '127.0.0.3';
const C = '127.0.0.4';
const LIMIT_MS = 20_000;

const running: Running[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(running.splice(0).map(({ server }) => server.stop({ graceful: false })));
});

interface Scene {
  /** The speaker at A under test, with an ordinary peer at B and whatever comes from C. */
  readonly middle: Running;
  readonly port: number;
  /** Fails when the session with B was ever down. */
  readonly othersAreWell: () => void;
}

/** A session between A and B that is up, and a peer C in the configuration of A unless it is to be a stranger. */
async function scene(
  more: Parameters<typeof peer>[1] | 'stranger' = {},
  holdTimeSeconds = 90,
): Promise<Scene> {
  const [port, portB] = [await freePort(A), await freePort(B)];
  const bad = more === 'stranger' ? [] : [peer(C, { passive: true, ...more })];
  const middle = start({ ...speaker(A, port, [peer(B, { port: portB }), ...bad]), holdTimeSeconds });
  const other = start(speaker(B, portB, [peer(A, { port })]));
  running.push(middle, other);
  await eventually(
    'A and B',
    () => stateOf(middle, B) === 'Established' && stateOf(other, A) === 'Established',
  );
  const othersAreWell = (): void => {
    expect(other.reports.filter(({ kind }) => kind === 'peer-down')).toEqual([]);
    expect([stateOf(middle, B), stateOf(other, A)]).toEqual(['Established', 'Established']);
  };
  return { middle, port, othersAreWell };
}

function open(more: Partial<OpenMessage> = {}): Uint8Array {
  const capabilities = [{ kind: 'multiprotocol', afi: 1, safi: 1 }] as const;
  return encodeOpen({
    version: 4,
    asn: 64512,
    holdTimeSeconds: 90,
    identifier: 0x7f000004,
    capabilities,
    ...more,
  });
}

function message(length: number, type: number, ...body: number[]): Uint8Array {
  return new Uint8Array([...new Array(16).fill(0xff), length >>> 8, length & 255, type, ...body]);
}

/** Connects, though the answer may be a reset at once. */
async function tryConnect(port: number): Promise<RawPeer | undefined> {
  return RawPeer.connect(C, A, port).catch(() => undefined);
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** The NOTIFICATION at the end of what a peer got, as code and subcode. */
function notification(raw: RawPeer): string | undefined {
  const { bytes } = raw;
  for (let start = 0; start + 19 <= bytes.length; start += bytes.readUInt16BE(start + 16)) {
    if (bytes[start + 18] === 3) return `${bytes[start + 19]}/${bytes[start + 20]}`;
  }
  return undefined;
}

describe('connections of strangers', () => {
  test('a thousand at once are reset, keep no descriptor, and stop nothing', async () => {
    const { middle, port, othersAreWell } = await scene('stranger');
    const before = descriptors();
    const strangers = await Promise.all(Array.from({ length: 1000 }, () => tryConnect(port)));
    const refused = (): number => middle.transport.filter(({ kind }) => kind === 'stranger-refused').length;
    await eventually('all refused', () => refused() === 1000, LIMIT_MS);
    await eventually('all ended', () => strangers.every((raw) => raw === undefined || raw.ended), LIMIT_MS);
    await eventually('descriptors back', () => descriptors() <= before + 2, LIMIT_MS);
    othersAreWell();
  }, 60_000);
});

describe('a configured peer', () => {
  test('that opens connections, says nothing and hears nothing holds few of them, and not for long', async () => {
    const { middle, port, othersAreWell } = await scene();
    const before = descriptors();
    let opens = 0;
    const deaf = Array.from({ length: 1000 }, () => {
      const socket = new Socket({ allowHalfOpen: true });
      socket.on('error', () => {});
      socket.once('data', () => {
        opens += 1;
      });
      return socket.connect({ host: A, port, localAddress: C });
    });
    await eventually('all accepted', () => opens === deaf.length, LIMIT_MS);
    const held = (): number => descriptors() - before - deaf.length;
    expect(held()).toBeLessThanOrEqual(MAX_LINGERING + 10);
    await eventually('all but two given up', () => held() <= 10, LIMIT_MS);
    othersAreWell();
    const good = await RawPeer.connect(C, A, port);
    good.socket.write(Buffer.concat([open(), encodeKeepalive()]));
    await eventually('a session all the same', () => stateOf(middle, C) === 'Established');
    for (const socket of [...deaf, good.socket]) socket.destroy();
  }, 60_000);

  test.each<[string, string, Uint8Array[]]>([
    ['HTTP', '1/1', [new TextEncoder().encode('GET / HTTP/1.1\r\nHost: example\r\n\r\n')]],
    ['a length of 18', '1/2', [message(18, 1)]],
    ['a length of 65535', '1/2', [message(65_535, 1)]],
    ['message type 9', '1/3', [message(19, 9)]],
    ['version 3', '2/1', [open({ version: 3 })]],
    ['another AS', '2/2', [open({ asn: 7 })]],
    ['identifier 0', '2/3', [open({ identifier: 0 })]],
    ['a hold time of 1 s', '2/6', [open({ holdTimeSeconds: 1 })]],
    ['no family of ours', '2/7', [open({ capabilities: [{ kind: 'multiprotocol', afi: 2, safi: 1 }] })]],
    ['an UPDATE before its OPEN', '5/1', [message(23, 2, 0, 0, 0, 0)]],
    ['a second OPEN', '5/3', [open(), encodeKeepalive(), open()]],
    ['an UPDATE longer than it is', '3/1', [open(), encodeKeepalive(), message(23, 2, 0, 9, 0, 0)]],
    ['a prefix of 33 bits', '3/10', [open(), encodeKeepalive(), message(24, 2, 0, 0, 0, 0, 33)]],
  ])('that sends %s is told NOTIFICATION %s, and no other session suffers', async (_name, code, parts) => {
    const { port, othersAreWell } = await scene();
    const raw = await RawPeer.connect(C, A, port);
    raw.socket.write(Buffer.concat(parts));
    await eventually('closed', () => raw.ended);
    expect(notification(raw)).toBe(code);
    othersAreWell();
  });
});

/** Sends ever new prefixes, until the connection is closed or there are as many as wanted. */
async function announce(raw: RawPeer, most: number): Promise<void> {
  const block = encodeAttributes({ origin: 0, asPath: [], localPref: 100 }, { fourOctetAsn: true });
  const [nextHop] = [new Uint8Array([127, 0, 0, 4])];
  for (let next = 0; next < most && !raw.ended; next += 1000) {
    const packer = new UpdatePacker(4096);
    packer.beginReach('ipv4-unicast', block, nextHop, false);
    for (let index = next; index < next + 1000; index += 1) packer.addIpv4(0x0b000000 + index * 256, 24, 0);
    packer.end();
    await new Promise((resolve) => raw.socket.write(packer.take(), resolve));
  }
}

describe('a peer that announces for ever', () => {
  async function flood(maxPrefix: MaxPrefix, most: number): Promise<Scene & { readonly raw: RawPeer }> {
    const place = await scene({ maxPrefix });
    const raw = await RawPeer.connect(C, A, place.port);
    raw.socket.write(Buffer.concat([open(), encodeKeepalive()]));
    await eventually('Established', () => stateOf(place.middle, C) === 'Established');
    await announce(raw, most);
    return { ...place, raw };
  }

  test('is stopped at its limit, its routes are gone, and it stays out', async () => {
    const { middle, port, raw, othersAreWell } = await flood({ prefixes: 5000, action: 'stop' }, 1e6);
    await eventually('closed', () => raw.ended);
    expect([notification(raw), stateOf(middle, C)]).toEqual(['6/1', 'Idle']);
    expect(middle.server.adjRibIn(address(C))).toEqual([]);
    const again = await RawPeer.connect(C, A, port);
    await eventually('closed', () => again.ended);
    othersAreWell();
  });

  test('is let in again after the time it has to wait', async () => {
    const limit: MaxPrefix = { prefixes: 5000, action: 'restart', restartSeconds: 1 };
    const { middle, port, raw, othersAreWell } = await flood(limit, 1e6);
    await eventually('closed', () => raw.ended);
    await eventually('waiting for it', () => stateOf(middle, C) === 'Active');
    const again = await RawPeer.connect(C, A, port);
    again.socket.write(Buffer.concat([open(), encodeKeepalive()]));
    await eventually('Established', () => stateOf(middle, C) === 'Established');
    again.socket.destroy();
    othersAreWell();
  });

  test('is only reported where the configuration says so, once', async () => {
    const { middle, raw, othersAreWell } = await flood({ prefixes: 5000, action: 'warn' }, 20_000);
    await eventually('all taken', () => middle.server.adjRibIn(address(C)).length === 20_000, LIMIT_MS);
    expect(middle.reports.filter(({ kind }) => kind === 'prefix-limit')).toHaveLength(1);
    raw.socket.destroy();
    othersAreWell();
  }, 30_000);
});

/** Holds the event loop up where timers are what comes next: after it has looked for input. */
function standStill(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
      resolve();
    });
  });
}

describe('time', () => {
  test('a clock that jumps a day ahead and back ends no session', async () => {
    const { middle, port, othersAreWell } = await scene({}, 3);
    const worker = new Worker(new URL('./test/keepalive-peer.ts', import.meta.url), {
      workerData: { from: C, to: A, port },
    });
    let chunks = 0;
    worker.on('message', (count: number) => {
      chunks = count;
    });
    await eventually('Established', () => stateOf(middle, C) === 'Established');
    vi.useFakeTimers({ toFake: ['Date'] });
    for (const jump of [86_400_000, -2 * 86_400_000]) {
      vi.setSystemTime(Date.now() + jump);
      const before = chunks;
      await eventually('KEEPALIVEs go on', () => chunks > before + 1, 10_000);
    }
    expect(middle.reports.filter(({ kind }) => kind === 'peer-down')).toEqual([]);
    othersAreWell();
    worker.postMessage('end');
    await worker.terminate();
  }, 30_000);

  test('a process that stood still for longer than the hold time reads what has come before it judges', async () => {
    const { middle, port } = await scene({}, 3);
    const worker = new Worker(new URL('./test/keepalive-peer.ts', import.meta.url), {
      workerData: { from: C, to: A, port },
    });
    let chunks = 0;
    worker.on('message', (count: number) => {
      chunks = count;
    });
    await eventually('Established', () => stateOf(middle, C) === 'Established');
    await standStill(4000);
    const before = chunks;
    await eventually('KEEPALIVEs go on', () => chunks > before + 1, 10_000);
    expect(middle.reports.filter((report) => report.kind === 'peer-down' && report.peer === C)).toEqual([]);
    expect(stateOf(middle, C)).toBe('Established');
    await worker.terminate();
  }, 30_000);
});

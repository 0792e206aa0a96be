import { prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { encodeOpen } from '../wire/message/01-open.ts';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { eventually, freePort, peer, RawPeer, type Running, run, speaker, stateOf } from './test/loopback.ts';

const A = '127.0.0.12';
const B = '127.0.0.13';
const ROUTE = prefix('10.1.0.0/26');

const OPEN = encodeOpen({
  version: 4,
  asn: 64512,
  holdTimeSeconds: 90,
  identifier: 0x7f00000d,
  capabilities: [
    { kind: 'multiprotocol', afi: 1, safi: 1 },
    { kind: 'four-octet-as', asn: 64512 },
  ],
});

/** A speaker at A and the port it listens on, with a peer at B that connects. */
async function listening(more: Parameters<typeof peer>[1] = {}): Promise<[Running, number]> {
  const port = await freePort(A);
  return [run(speaker(A, port, [peer(B, { passive: true, ...more })])), port];
}

async function join(left: Running, port: number): Promise<RawPeer> {
  const raw = await RawPeer.connect(B, A, port);
  raw.socket.write(Buffer.concat([OPEN, encodeKeepalive()]));
  await eventually('Established', () => stateOf(left, B) === 'Established');
  return raw;
}

const soon = (milliseconds = 200) => AbortSignal.timeout(milliseconds);
const long = () => AbortSignal.timeout(20_000);

describe('an announced prefix', () => {
  test('is acknowledged by a peer that has received it', async () => {
    const [left, port] = await listening();
    const raw = await join(left, port);
    left.server.setLocalRoutes([{ prefix: ROUTE }]);
    expect(await left.server.acknowledged(ROUTE, long())).toEqual({ kind: 'acknowledged', peer: B });
    await eventually('the UPDATE', () => raw.bytes.includes(Buffer.from([26, 10, 1, 0, 0])));
    // Also with a signal that came long ago: it holds already.
    expect(await left.server.acknowledged(ROUTE, AbortSignal.abort())).toEqual({
      kind: 'acknowledged',
      peer: B,
    });
  });

  test('waits for a session', async () => {
    const [left, port] = await listening();
    left.server.setLocalRoutes([{ prefix: ROUTE }]);
    expect(await left.server.acknowledged(ROUTE, soon())).toEqual({ kind: 'aborted', waitingFor: [B] });
    const acknowledged = left.server.acknowledged(ROUTE, long());
    await join(left, port);
    expect(await acknowledged).toEqual({ kind: 'acknowledged', peer: B });
  });

  test('of no peer, or that policy tells nobody, is waited for by nobody', async () => {
    const alone = run(speaker(A, await freePort(A), []));
    alone.server.setLocalRoutes([{ prefix: ROUTE }]);
    expect(await alone.server.acknowledged(ROUTE, long())).toEqual({ kind: 'nobody-to-tell' });
    const [left, port] = await listening({ exportPolicy: [{ name: 'nothing', action: 'reject' }] });
    await join(left, port);
    left.server.setLocalRoutes([{ prefix: ROUTE }]);
    expect(await left.server.acknowledged(ROUTE, long())).toEqual({ kind: 'nobody-to-tell' });
  });

  test('is not acknowledged while its bytes are on their way, behind more than a peer that does not read takes', async () => {
    const [left, port] = await listening();
    const raw = await join(left, port);
    raw.socket.pause();
    const communities = Array.from({ length: 900 }, (_, index) => `64512:${index}`);
    const filler = Array.from({ length: 400 }, (_, index) => ({
      prefix: prefix(`10.${128 + (index >>> 8)}.${index & 255}.0/24`),
      med: index,
      communities,
    }));
    left.server.setLocalRoutes([...filler, { prefix: ROUTE }]);
    expect(await left.server.acknowledged(ROUTE, soon())).toEqual({ kind: 'aborted', waitingFor: [B] });
    raw.socket.resume();
    expect(await left.server.acknowledged(ROUTE, long())).toEqual({ kind: 'acknowledged', peer: B });
  });
});

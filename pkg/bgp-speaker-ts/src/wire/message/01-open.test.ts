import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { birdInternal, fromHex, frrExternal, gobgpExternal, toHex } from '../test/captures.ts';
import { capability, uint32 } from '../test/generators.ts';
import { decodeOpen, encodeOpen, type OpenMessage } from './01-open.ts';
import { frameMessage } from './header.ts';

const HEADER = 19;

function decodeMessage(hex: string): ReturnType<typeof decodeOpen> {
  const bytes = fromHex(hex);
  return decodeOpen(bytes, HEADER, bytes.length);
}

const BIRD_OPEN: OpenMessage = {
  version: 4,
  asn: 64512,
  holdTimeSeconds: 240,
  identifier: 0x0a090002,
  capabilities: [
    { kind: 'multiprotocol', afi: 1, safi: 1 },
    { kind: 'multiprotocol', afi: 2, safi: 1 },
    { kind: 'route-refresh' },
    { kind: 'extended-next-hop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
    { kind: 'extended-message' },
    {
      kind: 'graceful-restart',
      restarting: false,
      notification: false,
      restartTimeSeconds: 120,
      families: [
        { afi: 1, safi: 1, forwarding: false },
        { afi: 2, safi: 1, forwarding: false },
      ],
    },
    { kind: 'four-octet-as', asn: 64512 },
    {
      kind: 'add-path',
      families: [
        { afi: 1, safi: 1, receive: true, send: true },
        { afi: 2, safi: 1, receive: true, send: true },
      ],
    },
    { kind: 'enhanced-route-refresh' },
    { kind: 'long-lived-graceful-restart', families: [] },
  ],
};

describe('RFC 4271 §4.2 OPEN', () => {
  test('reads the OPEN of BIRD and writes the same bytes', () => {
    expect(decodeMessage(birdInternal.messages[0] ?? '')).toEqual({ ok: true, value: BIRD_OPEN });
    expect(toHex(encodeOpen(BIRD_OPEN))).toBe(birdInternal.messages[0]);
  });

  test('reads the OPEN of GoBGP, with the N bit and a stale time, and writes the same bytes', () => {
    const open = decodeMessage(gobgpExternal.messages[0] ?? '');
    expect(open).toMatchObject({ ok: true, value: { asn: 64514, holdTimeSeconds: 90 } });
    if (!open.ok) return;
    expect(open.value.capabilities).toContainEqual({
      kind: 'long-lived-graceful-restart',
      families: [{ afi: 1, safi: 1, forwarding: false, staleTimeSeconds: 3600 }],
    });
    expect(open.value.capabilities.find(({ kind }) => kind === 'graceful-restart')).toMatchObject({
      restarting: false,
      notification: true,
      restartTimeSeconds: 20,
    });
    expect(toHex(encodeOpen(open.value))).toBe(gobgpExternal.messages[0]);
  });

  test('reads the OPEN of FRR, which has a parameter per capability and codes unknown here', () => {
    const open = decodeMessage(frrExternal.messages[0] ?? '');
    expect(open).toMatchObject({ ok: true, value: { asn: 64513, holdTimeSeconds: 30 } });
    if (!open.ok) return;
    const codes = open.value.capabilities.map((item) => (item.kind === 'unknown' ? item.code : item.kind));
    expect(codes).toEqual([
      'multiprotocol',
      'multiprotocol',
      128,
      'route-refresh',
      'enhanced-route-refresh',
      'four-octet-as',
      'extended-message',
      'add-path',
      73,
      'graceful-restart',
      'long-lived-graceful-restart',
    ]);
  });

  test('decoding what was encoded gives the same OPEN, also beyond 255 octets of parameters (RFC 9072)', () => {
    const open = fc.record({
      version: fc.constant(4),
      asn: fc.integer({ min: 0, max: 0xffff }),
      holdTimeSeconds: fc.integer({ min: 0, max: 0xffff }),
      identifier: uint32,
      capabilities: fc.array(capability, { maxLength: 40 }),
    });
    fc.assert(
      fc.property(open, (value) => {
        const bytes = encodeOpen(value);
        expect(decodeOpen(bytes, HEADER, bytes.length)).toEqual({ ok: true, value });
      }),
    );
  });
});

describe('RFC 4271 §6.2 OPEN errors in structure', () => {
  const cases: readonly [string, string, number, number, string][] = [
    ['version 3', '03fc0000b40a09000200', 2, 1, '0004'],
    ['an authentication parameter', '04fc0000b40a0900020401020000', 2, 4, ''],
    ['parameters longer than the message', '04fc0000b40a09000205020601', 2, 0, ''],
    ['a parameter behind the parameters', '04fc0000b40a090002000200', 2, 0, ''],
    ['a capability longer than its parameter', '04fc0000b40a09000204020241ff', 2, 0, ''],
    ['a four-octet capability of three octets', '04fc0000b40a090002070205410300fc00', 2, 0, ''],
    ['a route refresh capability with a value', '04fc0000b40a0900020502030201aa', 2, 0, ''],
  ];
  test.each(cases)('answers %s with NOTIFICATION', (_name, body, code, subcode, data) => {
    const bytes = frameMessage(1, fromHex(body));
    const open = decodeOpen(bytes, HEADER, bytes.length);
    expect(open.ok).toBe(false);
    if (open.ok) return;
    const { notification } = open.error;
    expect([notification.code, notification.subcode, toHex(notification.data)]).toEqual([
      code,
      subcode,
      data,
    ]);
  });
});

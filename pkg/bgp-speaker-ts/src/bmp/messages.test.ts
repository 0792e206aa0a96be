import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { type BmpPeer, encodePeerHeader } from './header.ts';
import { encodeRouteMonitoring, encodeStatistics } from './route-messages.ts';
import {
  type BmpDownReason,
  encodeInitiation,
  encodePeerDown,
  encodePeerUp,
  encodeTermination,
  TerminationReason,
} from './session-messages.ts';

const PEER: BmpPeer = {
  view: 'pre-policy',
  address: address('192.0.2.1'),
  asn: 4_200_000_001,
  identifier: 0x0a000001,
  twoOctetAsn: false,
  unixMs: 1_000_000_000_250.5,
};
const ZEROS = '00'.repeat(12);
const TAIL = 'fa56ea01 0a000001 3b9aca00 0003d284';
const HEADER = `00 00 0000000000000000 ${ZEROS}c0000201 ${TAIL}`;
const MARKER = 'ff'.repeat(16);

function hex(text: string): string {
  return text.replaceAll(' ', '');
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('RFC 7854 §4.2 per-peer header', () => {
  test.each([
    ['an IPv4 peer before policy', {}, HEADER],
    ['after policy', { view: 'post-policy' }, `00 40 0000000000000000 ${ZEROS}c0000201 ${TAIL}`],
    ['two-octet AS numbers', { twoOctetAsn: true }, `00 20 0000000000000000 ${ZEROS}c0000201 ${TAIL}`],
    [
      'an IPv6 peer',
      { address: address('2001:db8::1') },
      `00 80 0000000000000000 20010db8000000000000000000000001 ${TAIL}`,
    ],
    [
      'RFC 9069 §4.1: the Loc-RIB',
      { view: 'loc-rib', address: undefined },
      `03 00 0000000000000000 ${'00'.repeat(16)} ${TAIL}`,
    ],
  ] as const)('%s', (_name, change, header) => {
    const bytes = Uint8Array.of(9, 1, 2, 9);
    expect(
      toHex(
        encodeRouteMonitoring(encodePeerHeader({ ...PEER, ...change, unixMs: 0 }), PEER.unixMs, bytes, 1, 3),
      ),
    ).toBe(hex(`03 00000032 00 ${header} 0102`));
  });
});

describe('RFC 7854 §4.9 Peer Down', () => {
  const notification = { code: 6, subcode: 2, data: Uint8Array.of(0) };
  const cases: [BmpDownReason, string][] = [
    [
      { kind: 'notification-sent', notification, detail: '' },
      `00000047 02 ${HEADER} 01 ${MARKER} 0016 03 0602 00`,
    ],
    [{ kind: 'closed-locally', detail: '' }, `00000033 02 ${HEADER} 02 0002`],
    [{ kind: 'connection-replaced' }, `00000033 02 ${HEADER} 02 0011`],
    [{ kind: 'notification-received', notification }, `00000047 02 ${HEADER} 03 ${MARKER} 0016 03 0602 00`],
    [{ kind: 'tcp-closed' }, `00000031 02 ${HEADER} 04`],
    [{ kind: 'not-monitored' }, `00000031 02 ${HEADER} 05`],
  ];
  test.each(cases)('%o', (reason, message) => {
    expect(toHex(encodePeerDown(PEER, reason))).toBe(hex(`03 ${message}`));
  });
});

test('RFC 7854 §4.10: Peer Up has both OPENs as they were', () => {
  const [sent, received] = [encodeKeepalive(), Uint8Array.of(1, 2, 3)];
  const connection = {
    localAddress: address('192.0.2.2'),
    localPort: 179,
    remotePort: 40000,
    opens: { sent, received },
  };
  expect(toHex(encodePeerUp(PEER, connection))).toBe(
    hex(`03 0000005a 03 ${HEADER} ${ZEROS}c0000202 00b3 9c40 ${MARKER} 0013 04 010203`),
  );
});

test('RFC 7854 §4.3, §4.5: Initiation names the system, Termination its reason', () => {
  expect(toHex(encodeInitiation('r1', 'ab'))).toBe(hex('03 00000012 04 0001 0002 6162 0002 0002 7231'));
  expect(toHex(encodeTermination(TerminationReason.administrativelyClosed))).toBe(
    hex('03 0000000c 05 0001 0002 0000'),
  );
});

test('RFC 7854 §4.8: counts of a peer, and of the Loc-RIB (RFC 9069 §5.5)', () => {
  const routes = new Map([
    ['ipv4-unicast', 2 ** 32 + 1],
    ['ipv6-unicast', 2],
  ] as const);
  expect(toHex(encodeStatistics(PEER, { routes, treatAsWithdraw: 7 }))).toBe(
    hex(
      `03 00000066 01 ${HEADER} 00000004 0007 0008 0000000100000003 0009 000b 0001 01 0000000100000001 ` +
        '0009 000b 0002 01 0000000000000002 000b 0004 00000007',
    ),
  );
  const locRib = { ...PEER, view: 'loc-rib', address: undefined } as const;
  expect(toHex(encodeStatistics(locRib, { routes: new Map(), treatAsWithdraw: 0 }))).toBe(
    hex(
      `03 00000040 01 03 00 0000000000000000 ${'00'.repeat(16)} ${TAIL} 00000001 0008 0008 0000000000000000`,
    ),
  );
});

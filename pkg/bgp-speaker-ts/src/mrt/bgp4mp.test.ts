import { address } from '@weft/ip';
import { expect, test } from 'vitest';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { encodeLoggedMessage, encodeStateChange, type LoggedSession } from './bgp4mp.ts';

const IPV4: LoggedSession = {
  peerAsn: 4_200_000_001,
  localAsn: 64512,
  peerAddress: address('192.0.2.1'),
  localAddress: address('192.0.2.2'),
};
const IPV6: LoggedSession = { ...IPV4, peerAsn: 64513, peerAddress: address('2001:db8::1') };
const AT = 1_000_000_000_250.5;
const KEEPALIVE = Buffer.from(encodeKeepalive()).toString('hex');

const hex = (text: string): string => text.replaceAll(' ', '');

test('RFC 6396 §4.4.4: BGP4MP_STATE_CHANGE_AS4 with microseconds (§4.5)', () => {
  const record = encodeStateChange(IPV4, AT, 'OpenConfirm', 'Established');
  expect(Buffer.from(record).toString('hex')).toBe(
    hex('3b9aca00 0011 0005 0000001c 0003d284 fa56ea01 0000fc00 0000 0001 c0000201 c0000202 0005 0006'),
  );
});

test('an address that is not known, or of the other family, is zero', () => {
  const record = encodeStateChange(IPV6, AT, 'Idle', 'Connect');
  expect(Buffer.from(record).toString('hex')).toBe(
    hex(
      '3b9aca00 0011 0005 00000034 0003d284 0000fc01 0000fc00 0000 0002 ' +
        '20010db8000000000000000000000001 00000000000000000000000000000000 0001 0002',
    ),
  );
});

test.each([
  [true, false, '0004 0000002b 0003d284 fa56ea01 0000fc00'],
  [true, true, '0009 0000002b 0003d284 fa56ea01 0000fc00'],
  [false, false, '0001 00000027 0003d284 5ba0 fc00'],
  [false, true, '0008 00000027 0003d284 5ba0 fc00'],
])('a message with four-octet AS numbers %s, path identifiers %s', (fourOctetAsn, addPath, front) => {
  const bytes = Uint8Array.from([1, 2, ...encodeKeepalive(), 3]);
  const record = encodeLoggedMessage(IPV4, AT, bytes, 2, 21, { fourOctetAsn, addPath });
  expect(Buffer.from(record).toString('hex')).toBe(
    hex(`3b9aca00 0011 ${front} 0000 0001 c0000201 c0000202 ${KEEPALIVE}`),
  );
});

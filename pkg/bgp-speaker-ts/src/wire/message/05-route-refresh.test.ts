import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../test/captures.ts';
import { decodeRouteRefresh, encodeRouteRefresh } from './05-route-refresh.ts';
import { frameMessage } from './header.ts';

const decode = (hex: string): ReturnType<typeof decodeRouteRefresh> => {
  const bytes = fromHex(hex);
  return decodeRouteRefresh(bytes, 0, bytes.length);
};

describe('RFC 2918, RFC 7313 ROUTE-REFRESH', () => {
  test('is family and subtype', () => {
    const value = { afi: 2, safi: 1, subtype: 1 };
    const bytes = encodeRouteRefresh(value);
    expect(toHex(bytes)).toBe(`${'ff'.repeat(16)}00170500020101`);
    expect(decodeRouteRefresh(bytes, 19, bytes.length)).toEqual({ ok: true, value });
  });

  test('a request with outbound route filters (RFC 5291) is read as a request', () => {
    expect(decode('00010001018000')).toEqual({ ok: true, value: { afi: 1, safi: 1, subtype: 0 } });
  });

  test('RFC 7313 §5: a mark of another length is answered with 7/1 and the whole message', () => {
    const result = decode('0001010100');
    expect(result).toMatchObject({ ok: false, error: { notification: { code: 7, subcode: 1 } } });
    if (result.ok) return;
    expect(toHex(result.error.notification.data)).toBe(toHex(frameMessage(5, fromHex('0001010100'))));
  });
});

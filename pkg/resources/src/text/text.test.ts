import { describe, expect, test } from 'vitest';
import { parseAsNumber } from './as-number.ts';
import { parseCommunity } from './community.ts';
import { parseDuration } from './duration.ts';
import { parsePeerAddress } from './peer-address.ts';

describe('AS numbers (RFC 5396, RFC 7607)', () => {
  test.each([
    [64512, 64512],
    ['64512', 64512],
    ['1.10', 65546],
    ['0.1', 1],
    ['65535.65535', 4_294_967_295],
  ])('%j is %i', (text, value) => {
    expect(parseAsNumber(text)).toEqual({ ok: true, value });
  });

  test.each([
    0,
    '0',
    '0.0',
    -1,
    2 ** 32,
    '4294967296',
    '1.65536',
    '1.2.3',
    '',
    ' 1',
    1.5,
    true,
    null,
    undefined,
    {},
  ])('%s is none', (value) => {
    expect(parseAsNumber(value).ok).toBe(false);
  });
});

describe('communities (RFC 1997, RFC 8092)', () => {
  test('have two 16-bit parts or three 32-bit parts', () => {
    expect(parseCommunity('65535:0')).toEqual({ ok: true, value: { kind: 'standard', parts: [65535, 0] } });
    expect(parseCommunity('4294967295:0:1')).toEqual({
      ok: true,
      value: { kind: 'large', parts: [4294967295, 0, 1] },
    });
  });

  test.each(['65536:1', '1', '1:2:3:4', '1:2:', '-1:2', '4294967296:0:0', 'a:b', ''])(
    '%j is none',
    (text) => {
      expect(parseCommunity(text).ok).toBe(false);
    },
  );
});

describe("Go's durations", () => {
  test.each([
    ['90s', 90_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['1us', 0.001],
    ['0', 0],
    ['0s', 0],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: milliseconds });
  });

  test.each(['90', '', 's', '1d', '-1s', '1 s', '1s ', '1m30'])('%j is none', (text) => {
    expect(parseDuration(text).ok).toBe(false);
  });
});

describe('addresses of peers', () => {
  test.each([
    ['10.0.0.1', { address: '10.0.0.1' }],
    ['10.0.0.1:1179', { address: '10.0.0.1', port: 1179 }],
    ['FD00::1', { address: 'fd00::1' }],
    ['[fd00::1]:1179', { address: 'fd00::1', port: 1179 }],
  ])('%s', (text, value) => {
    expect(parsePeerAddress(text)).toEqual({ ok: true, value });
  });

  test.each(['fd00::1:99999', '[fd00::1]', '10.0.0.1:', '10.0.0.1:65536', '10.0.0.1:0', 'host:179', ''])(
    '%j is none',
    (text) => {
      expect(parsePeerAddress(text).ok).toBe(false);
    },
  );
});

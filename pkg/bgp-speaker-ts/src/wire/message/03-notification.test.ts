import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notification } from '../error.ts';
import { toHex } from '../test/captures.ts';
import {
  decodeNotification,
  decodeShutdownCommunication,
  describeNotification,
  encodeNotification,
  encodeShutdownCommunication,
  isHardReset,
} from './03-notification.ts';

describe('RFC 4271 §4.5 NOTIFICATION', () => {
  test('is code, subcode and data behind the header', () => {
    const bytes = encodeNotification(notification(2, 7, new Uint8Array([1, 4])));
    expect(toHex(bytes)).toBe(`${'ff'.repeat(16)}00170302070104`);
  });

  test('decoding what was encoded gives the same', () => {
    const message = fc.record({
      code: fc.integer({ min: 0, max: 255 }),
      subcode: fc.integer({ min: 0, max: 255 }),
      data: fc.uint8Array({ maxLength: 100 }),
    });
    fc.assert(
      fc.property(message, (value) => {
        const bytes = encodeNotification(value);
        expect(decodeNotification(bytes, 19, bytes.length)).toEqual(value);
      }),
    );
  });
});

describe('RFC 9003 shutdown communication', () => {
  const shutdown = (data: Uint8Array, subcode = 2): string | undefined =>
    decodeShutdownCommunication(notification(6, subcode, data));

  test('comes back as it was written', () => {
    expect(shutdown(encodeShutdownCommunication('wartung bis 03:00 ✓'))).toBe('wartung bis 03:00 ✓');
    expect(shutdown(encodeShutdownCommunication('reset'), 4)).toBe('reset');
  });

  test('§2: is cut at 255 octets, never inside a character', () => {
    const data = encodeShutdownCommunication('ü'.repeat(200));
    expect(data.length).toBe(255);
    expect(shutdown(data)).toBe('ü'.repeat(127));
  });

  test.each([
    ['an empty text', new Uint8Array([0])],
    ['no data', new Uint8Array(0)],
    ['a length beyond the data', new Uint8Array([9, 65])],
  ])('%s is no communication', (_name, data) => {
    expect(shutdown(data)).toBeUndefined();
  });

  test('§4: bytes that are not UTF-8 do no harm', () => {
    expect(shutdown(new Uint8Array([2, 0xff, 0x41]))).toBe('\ufffdA');
  });

  test('other NOTIFICATIONs have none', () => {
    expect(shutdown(new Uint8Array([1, 65]), 3)).toBeUndefined();
  });
});

describe('NOTIFICATION in words', () => {
  test.each([
    [notification(6, 2, encodeShutdownCommunication('bye\n')), 'Cease / Administrative Shutdown: "bye\\n"'],
    [notification(4, 0), 'Hold Timer Expired'],
    [notification(2, 2), 'OPEN Message Error / Bad Peer AS'],
    [notification(2, 8), 'OPEN Message Error / Subcode 8'],
    [notification(1, 2, new Uint8Array([0, 18])), 'Message Header Error / Bad Message Length (data 0012)'],
    [notification(99, 7), 'Error 99 / Subcode 7'],
  ])('names %o', (message, text) => {
    expect(describeNotification(message)).toBe(text);
  });

  test('RFC 8538 §3.1: knows a hard reset', () => {
    expect(isHardReset(notification(6, 9))).toBe(true);
    expect(isHardReset(notification(6, 2))).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageFramer } from './framing.ts';
import { frameMessage } from './message/header.ts';
import { CAPTURES, fromHex, toHex } from './test/captures.ts';

/** Pushes chunks and gives each message found as `type:body`, read only after the whole chunk was walked. */
function frame(framer: MessageFramer, chunks: readonly Uint8Array[]): string[] {
  return chunks.flatMap((chunk) => {
    const found: { type: number; body: Uint8Array }[] = [];
    framer.push(chunk);
    while (framer.next()) {
      found.push({ type: framer.type, body: framer.bytes.subarray(framer.start, framer.end) });
    }
    return found.map(({ type, body }) => `${type}:${toHex(body)}`);
  });
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % bytes.length), bytes.length].toSorted((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.slice(sorted[index], end));
}

describe('framing', () => {
  const messages = CAPTURES.flatMap(({ messages: all }) => all.map(fromHex));
  const stream = new Uint8Array(Buffer.concat(messages));
  const whole = messages.map((bytes) => `${bytes[18]}:${toHex(bytes.subarray(19))}`);

  test('finds all messages in one chunk', () => {
    expect(frame(new MessageFramer(), [stream])).toEqual(whole);
  });

  test('finds all messages byte by byte', () => {
    const bytes = Array.from(stream, (byte) => new Uint8Array([byte]));
    expect(frame(new MessageFramer(), bytes)).toEqual(whole);
  });

  test('finds the same messages however the stream is cut, all of a chunk good until the next one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (places) => {
        expect(frame(new MessageFramer(), cut(stream, places))).toEqual(whole);
      }),
    );
  });

  test('RFC 8654 §4: takes a message above 4096 octets only once that was agreed', () => {
    const long = frameMessage(2, new Uint8Array(60_000));
    const strict = new MessageFramer();
    expect(frame(strict, [long])).toEqual([]);
    expect(strict.error?.notification).toMatchObject({ code: 1, subcode: 2 });
    const relaxed = new MessageFramer();
    relaxed.maxBytes = 65535;
    expect(frame(relaxed, cut(long, [1000, 30_000]))).toHaveLength(1);
  });
});

describe('RFC 4271 §6.1 header errors', () => {
  const header = (length: number, type: number): Uint8Array => {
    const bytes = frameMessage(type, new Uint8Array(4));
    bytes[16] = length >>> 8;
    bytes[17] = length & 0xff;
    return bytes;
  };
  const broken = header(19, 4);
  broken[3] = 0xfe;
  const cases: readonly [string, Uint8Array, number, string][] = [
    ['a marker that is not all ones', broken, 1, ''],
    ['a length below 19', header(18, 4), 2, '0012'],
    ['a length above 4096', header(4097, 2), 2, '1001'],
    ['a KEEPALIVE that is not 19 long', header(20, 4), 2, '0014'],
    ['an OPEN shorter than 29', header(28, 1), 2, '001c'],
    ['an UPDATE shorter than 23', header(22, 2), 2, '0016'],
    ['a NOTIFICATION shorter than 21', header(20, 3), 2, '0014'],
    ['a ROUTE-REFRESH shorter than 23', header(22, 5), 2, '0016'],
    ['message type 0', header(23, 0), 3, '00'],
    ['message type 6', header(23, 6), 3, '06'],
  ];
  test.each(cases)('answers %s with NOTIFICATION 1/%s', (_name, bytes, subcode, data) => {
    const framer = new MessageFramer();
    expect(frame(framer, [bytes])).toEqual([]);
    expect(framer.error?.notification).toMatchObject({ code: 1, subcode });
    expect(toHex(framer.error?.notification.data ?? new Uint8Array())).toBe(data);
    expect(frame(framer, [frameMessage(4, new Uint8Array(0))])).toEqual([]);
  });

  test('RFC 8654 §4: an OPEN above 4096 octets is refused even with extended messages', () => {
    const framer = new MessageFramer();
    framer.maxBytes = 65535;
    expect(frame(framer, [header(5000, 1)])).toEqual([]);
    expect(framer.error?.notification).toMatchObject({ code: 1, subcode: 2 });
  });
});

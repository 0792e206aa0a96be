/** What a peer can send: no bytes make a decoder throw or look past the end of what it was given. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAttributes } from './attribute/decode.ts';
import { MessageFramer } from './framing.ts';
import { decodeOpen } from './message/01-open.ts';
import { decodeNotification, describeNotification } from './message/03-notification.ts';
import { decodeRouteRefresh } from './message/05-route-refresh.ts';
import { CAPTURES, fromHex } from './test/captures.ts';
import { readUpdate } from './test/read-update.ts';

const BODIES = CAPTURES.flatMap(({ messages }) => messages.map((hex) => fromHex(hex).subarray(19)));

/** Random bytes, or a captured body with some octets changed and its end cut off. */
const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .tuple(
      fc.constantFrom(...BODIES),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      fc.nat({ max: 8 }),
    )
    .map(([body, changes, cut]) => {
      const bytes = body.slice(0, Math.max(0, body.length - cut));
      for (const [place, value] of changes) if (bytes.length > 0) bytes[place % bytes.length] = value;
      return bytes;
    }),
);

/** Decodes the same octets with different surroundings: a decoder that looks outside gives different results. */
function expectBlindOutside(
  body: Uint8Array,
  decode: (bytes: Uint8Array, start: number, end: number) => unknown,
): void {
  const results = [0x00, 0xff, 0x01].map((filler) => {
    const bytes = new Uint8Array(body.length + 64).fill(filler);
    bytes.set(body, 32);
    return decode(bytes, 32, 32 + body.length);
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
}

describe('hostile bytes', () => {
  const runs = { numRuns: 2000 };
  const contexts = [
    { fourOctetAsn: true, peerType: 'internal', addPath: false, extendedNextHop: true },
    { fourOctetAsn: false, peerType: 'external', addPath: true, extendedNextHop: false },
  ] as const;

  test.each(contexts)('an UPDATE (%o)', (context) => {
    fc.assert(
      fc.property(hostile, (body) =>
        expectBlindOutside(body, (bytes, start, end) => readUpdate(bytes, start, end, context)),
      ),
      runs,
    );
  });

  test.each(contexts)('an attribute block (%o)', (context) => {
    fc.assert(
      fc.property(hostile, (body) =>
        expectBlindOutside(body, (bytes, start, end) => parseAttributes(bytes, start, end, context)),
      ),
      runs,
    );
  });

  test('an OPEN', () => {
    fc.assert(
      fc.property(hostile, (body) => expectBlindOutside(body, decodeOpen)),
      runs,
    );
  });

  test('a NOTIFICATION', () => {
    const decode = (bytes: Uint8Array, start: number, end: number): string =>
      describeNotification(decodeNotification(bytes, start, end));
    fc.assert(
      fc.property(hostile, (body) => expectBlindOutside(body, decode)),
      runs,
    );
  });

  test('a ROUTE-REFRESH', () => {
    fc.assert(
      fc.property(hostile, (body) => expectBlindOutside(body, decodeRouteRefresh)),
      runs,
    );
  });

  test('a stream: the framer ends in an error or with less than one message, and never loops', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 10 }), (chunks) => {
        const framer = new MessageFramer();
        let messages = 0;
        for (const chunk of chunks) {
          framer.push(chunk);
          while (framer.next()) messages += 1;
        }
        expect(messages * 19).toBeLessThanOrEqual(chunks.reduce((sum, { length }) => sum + length, 0));
      }),
    );
  });
});

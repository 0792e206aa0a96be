import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeNextHop, encodeNextHop } from './next-hop.ts';
import { nextHop } from './test/generators.ts';

describe('RFC 4760 §3, RFC 2545 §3 next hops', () => {
  test('decoding what was encoded gives the same', () => {
    fc.assert(
      fc.property(nextHop, (value) => {
        const bytes = encodeNextHop(value);
        expect(decodeNextHop(bytes, 0, bytes.length)).toEqual(value);
      }),
    );
  });

  test.each([0, 3, 5, 12, 24, 33])('%i octets are no next hop', (length) => {
    expect(decodeNextHop(new Uint8Array(40), 0, length)).toBeUndefined();
  });
});

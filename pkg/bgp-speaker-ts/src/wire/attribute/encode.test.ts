import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../test/captures.ts';
import { asPathOf, pathAttributes } from '../test/generators.ts';
import { decodeAttributes, parseAttributes } from './decode.ts';
import { encodeAttributes, forwardUnknown } from './encode.ts';
import type { PathAttributes } from './path-attributes.ts';

const FOUR = { fourOctetAsn: true };

describe('attribute blocks', () => {
  test('decoding what was encoded gives the same attributes', () => {
    fc.assert(
      fc.property(pathAttributes, (attributes) => {
        const bytes = encodeAttributes(attributes, FOUR);
        expect(decodeAttributes(bytes, 0, bytes.length, FOUR)).toEqual({ attributes, faults: [] });
      }),
    );
  });

  test('RFC 4271 §5: attributes are written in the order of their codes', () => {
    fc.assert(
      fc.property(pathAttributes, (attributes) => {
        const codes = listCodes(encodeAttributes(attributes, FOUR));
        expect(codes).toEqual(codes.toSorted((left, right) => left - right));
      }),
    );
  });

  test('GoBGP: writes an aggregate with the bytes GoBGP sends', () => {
    const attributes: PathAttributes = {
      origin: 2,
      asPath: [{ kind: 'sequence', asns: [64514] }],
      nextHop: 0x0a090002,
      aggregator: { asn: 64514, address: 0x0a090002 },
    };
    const bytes = '4001010240020602010000fc024003040a090002c007080000fc020a090002';
    expect(toHex(encodeAttributes(attributes, FOUR))).toBe(bytes);
    expect(decodeAttributes(fromHex(bytes), 0, bytes.length / 2, FOUR).attributes).toEqual(attributes);
  });

  test('a value of more than 255 octets gets the longer length field', () => {
    const communities = Array.from({ length: 100 }, (_, index) => index);
    const bytes = encodeAttributes({ communities }, FOUR);
    expect(toHex(bytes.subarray(0, 4))).toBe('d0080190');
    expect(decodeAttributes(bytes, 0, bytes.length, FOUR).attributes).toEqual({ communities });
  });

  test('RFC 4271 §4.3: a sequence of 300 ASes is written as two segments', () => {
    const asns = Array.from({ length: 300 }, (_, index) => index + 1);
    const bytes = encodeAttributes({ asPath: [{ kind: 'sequence', asns }] }, FOUR);
    expect(decodeAttributes(bytes, 0, bytes.length, FOUR).attributes.asPath).toEqual([
      { kind: 'sequence', asns: asns.slice(0, 255) },
      { kind: 'sequence', asns: asns.slice(255) },
    ]);
  });
});

describe('RFC 4271 §5 unknown optional attributes', () => {
  const value = fromHex('01');

  test('transitive ones are passed on with the Partial bit, others are not', () => {
    const forwarded = forwardUnknown([
      { flags: 0xc0, code: 99, value },
      { flags: 0x80, code: 100, value },
    ]);
    expect(forwarded).toEqual([{ flags: 0xe0, code: 99, value }]);
  });

  test('nothing to pass on is nothing', () => {
    expect(forwardUnknown([{ flags: 0x80, code: 100, value }])).toBeUndefined();
    expect(forwardUnknown(undefined)).toBeUndefined();
  });
});

describe('RFC 6793 sessions with two-octet AS numbers', () => {
  const TWO = { fourOctetAsn: false };
  const parseTwo = (bytes: Uint8Array): PathAttributes =>
    parseAttributes(bytes, 0, bytes.length, { fourOctetAsn: false, peerType: 'external' }).attributes;

  test('§4.2.2: large numbers become AS_TRANS, the real ones go into AS4_PATH and AS4_AGGREGATOR', () => {
    const attributes: PathAttributes = {
      asPath: [{ kind: 'sequence', asns: [64512, 4200000001] }],
      aggregator: { asn: 4200000001, address: 1 },
    };
    const bytes = encodeAttributes(attributes, TWO);
    const decoded = decodeAttributes(bytes, 0, bytes.length, TWO).attributes;
    expect(decoded.asPath).toEqual([{ kind: 'sequence', asns: [64512, 23456] }]);
    expect(decoded.as4Path).toEqual(attributes.asPath);
    expect(decoded.aggregator).toEqual({ asn: 23456, address: 1 });
    expect(decoded.as4Aggregator).toEqual(attributes.aggregator);
  });

  test('§4.2.2: paths of small numbers need no stand-ins', () => {
    const bytes = encodeAttributes({ asPath: [{ kind: 'sequence', asns: [64512] }] }, TWO);
    expect(listCodes(bytes)).toEqual([2]);
  });

  test('§4.2.3: what goes through a two-octet session comes out as it was', () => {
    const routes = fc.record({
      asPath: asPathOf(['sequence', 'set']).map((path) => joined(path)),
      aggregator: fc.record({ asn: fc.integer({ min: 1, max: 0xffffffff }), address: fc.constant(7) }),
    });
    fc.assert(
      fc.property(routes, (attributes) => {
        // An AGGREGATOR that fits into two octets says that AS4_PATH was not touched by the last router: left out here.
        const { asPath } = attributes;
        const aggregator = attributes.aggregator.asn > 0xffff ? attributes.aggregator : undefined;
        const route = aggregator === undefined ? { asPath } : { asPath, aggregator };
        expect(parseTwo(encodeAttributes(route, TWO))).toEqual(route);
      }),
    );
  });
});

/** Neighbouring sequences as one, which is how a merged path is given. */
function joined(path: readonly { kind: string; asns: readonly number[] }[]): never {
  const result: { kind: string; asns: number[] }[] = [];
  for (const { kind, asns } of path) {
    const last = result.at(-1);
    if (last?.kind === 'sequence' && kind === 'sequence') last.asns.push(...asns);
    else result.push({ kind, asns: [...asns] });
  }
  return result as never;
}

function listCodes(bytes: Uint8Array): number[] {
  const codes: number[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const extended = ((bytes[offset] ?? 0) & 0x10) !== 0;
    const short = bytes[offset + 2] ?? 0;
    codes.push(bytes[offset + 1] ?? 0);
    offset += extended ? 4 + short * 256 + (bytes[offset + 3] ?? 0) : 3 + short;
  }
  return codes;
}

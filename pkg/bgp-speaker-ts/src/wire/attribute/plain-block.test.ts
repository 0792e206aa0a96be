import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex } from '../test/captures.ts';
import { asPathOf, pathAttributes, uint32 } from '../test/generators.ts';

import { asPathLength, countAsn, neighbourAsn } from './as-path.ts';
import type { AttributeContext } from './codec.ts';
import { parseAttributes } from './decode.ts';
import { encodeAttributes } from './encode.ts';
import type { PathAttributes } from './path-attributes.ts';
import {
  countAsnInPlainBlock,
  createPlainBlock,
  hasClusterInPlainBlock,
  readPlainBlock,
} from './plain-block.ts';

const INTERNAL: AttributeContext = { fourOctetAsn: true, peerType: 'internal' };
const EXTERNAL: AttributeContext = { fourOctetAsn: true, peerType: 'external' };
const ORIGIN_AND_PATH = '400101 00 400206 0201 0000fc00';

/** Attributes of which most are plain: no sets, no OTC, nothing unknown. */
const mostlyPlain = fc
  .tuple(pathAttributes, asPathOf(['sequence']), fc.boolean())
  .map(([attributes, asPath, isPlain]): PathAttributes => {
    const complete = { ...attributes, origin: attributes.origin ?? 0, asPath };
    return isPlain ? { ...complete, otc: undefined, unknown: undefined } : attributes;
  });
const context = fc.constantFrom(INTERNAL, EXTERNAL);
const wholeBlock = mostlyPlain.map((attributes) => encodeAttributes(attributes, INTERNAL));

/** A block with a few octets of it changed, so that both sides of every check are met. */
const changedBlock = fc
  .tuple(
    mostlyPlain,
    fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 2 }),
    fc.array(fc.nat(255), { maxLength: 3 }),
  )
  .map(([attributes, changes, more]) => {
    const bytes = Uint8Array.from([...encodeAttributes(attributes, INTERNAL), ...more]);
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });

const block = fc.oneof(wholeBlock, changedBlock);

function isPlain(bytes: Uint8Array, context: AttributeContext): boolean {
  return readPlainBlock(bytes, 0, bytes.length, context, createPlainBlock());
}

describe('a plain block', () => {
  test('says what the decoder says, and the decoder finds no fault in it', () => {
    let plain = 0;
    fc.assert(
      fc.property(block, context, (bytes, context) => {
        const read = createPlainBlock();
        if (!readPlainBlock(bytes, 0, bytes.length, context, read)) return;
        plain += 1;
        const { attributes, faults } = parseAttributes(bytes, 0, bytes.length, context);
        expect(faults).toEqual([]);
        const { asPath = [], communities = [] } = attributes;
        expect({ ...read, communitiesStart: 0, communitiesEnd: 0 }).toEqual({
          origin: attributes.origin,
          asPathLength: asPathLength(asPath),
          neighbourAsn: neighbourAsn(asPath) ?? 0,
          nextHop: attributes.nextHop ?? 0,
          med: attributes.med ?? 0,
          localPref: attributes.localPref,
          originatorId: attributes.originatorId ?? 0,
          clusterListLength: attributes.clusterList?.length ?? 0,
          communitiesStart: 0,
          communitiesEnd: 0,
        });
        expect(read.communitiesEnd - read.communitiesStart).toBe(communities.length * 4);
        expect(encodeAttributes(attributes, INTERNAL)).toEqual(bytes);
      }),
      { numRuns: 3000 },
    );
    expect(plain).toBeGreaterThan(200);
  });

  test('is every block of plain attributes that the encoder writes', () => {
    fc.assert(
      fc.property(pathAttributes, asPathOf(['sequence']), (attributes, asPath) => {
        const { origin = 0 } = attributes;
        const plain = { ...attributes, origin, asPath, otc: undefined, unknown: undefined };
        expect(isPlain(encodeAttributes(plain, INTERNAL), INTERNAL)).toBe(
          plain.aggregator === undefined || plain.aggregator.asn !== 0,
        );
      }),
    );
  });

  test('is read from its range alone', () => {
    fc.assert(
      fc.property(block, context, fc.nat(255), (bytes, context, filling) => {
        const [alone, surrounded] = [createPlainBlock(), createPlainBlock()];
        const wide = new Uint8Array(bytes.length + 40).fill(filling);
        wide.set(bytes, 20);
        const plain = readPlainBlock(bytes, 0, bytes.length, context, alone);
        expect(readPlainBlock(wide, 20, 20 + bytes.length, context, surrounded)).toBe(plain);
        if (plain) expect(surrounded.asPathLength).toBe(alone.asPathLength);
      }),
    );
  });

  test('answers for its AS numbers and clusters', () => {
    const asn = fc.integer({ min: 1, max: 4 });
    const path = fc.array(
      fc.record({ kind: fc.constant('sequence' as const), asns: fc.array(asn, { minLength: 1 }) }),
    );
    fc.assert(
      fc.property(path, fc.array(asn), asn, uint32, (asPath, clusterList, wanted, med) => {
        const some = clusterList.length === 0 ? undefined : clusterList;
        const bytes = encodeAttributes({ origin: 0, asPath, med, clusterList: some }, INTERNAL);
        expect(countAsnInPlainBlock(bytes, 0, bytes.length, wanted)).toBe(countAsn(asPath, wanted));
        expect(hasClusterInPlainBlock(bytes, 0, bytes.length, wanted)).toBe(clusterList.includes(wanted));
      }),
    );
  });

  test.each([
    ['no AS_PATH', '400101 00', INTERNAL],
    ['no ORIGIN', '400206 0201 0000fc00', INTERNAL],
    ['an empty block', '', INTERNAL],
    ['ORIGIN 3', '400101 03 400206 0201 0000fc00', INTERNAL],
    ['an AS_SET', '400101 00 400206 0101 0000fc00', INTERNAL],
    ['AS 0', '400101 00 400206 0201 00000000', INTERNAL],
    ['an empty segment', '400101 00 400202 0200', INTERNAL],
    ['a segment longer than AS_PATH', '400101 00 400206 0202 0000fc00', INTERNAL],
    ['attributes out of order', `400206 0201 0000fc00 400101 00`, INTERNAL],
    ['an attribute twice', `${ORIGIN_AND_PATH} 800404 00000001 800404 00000001`, INTERNAL],
    ['an unknown attribute', `${ORIGIN_AND_PATH} c06301 00`, INTERNAL],
    ['OTC', `${ORIGIN_AND_PATH} c02304 0000fc00`, INTERNAL],
    ['the Partial bit', `${ORIGIN_AND_PATH} e00804 00010001`, INTERNAL],
    ['a long length field for a short value', `${ORIGIN_AND_PATH} d0080004 00010001`, INTERNAL],
    ['NEXT_HOP 0.0.0.0', `${ORIGIN_AND_PATH} 400304 00000000`, INTERNAL],
    ['a block that ends too early', `${ORIGIN_AND_PATH} 400304 0a00`, INTERNAL],
    ['an empty COMMUNITIES', `${ORIGIN_AND_PATH} c00800`, INTERNAL],
    ['LOCAL_PREF from an external peer', `${ORIGIN_AND_PATH} 400504 00000064`, EXTERNAL],
    ['ORIGINATOR_ID from an external peer', `${ORIGIN_AND_PATH} 800904 0a000001`, EXTERNAL],
    ['two-octet AS numbers', ORIGIN_AND_PATH, { fourOctetAsn: false, peerType: 'internal' } as const],
  ])('is not one with %s', (_, hex, context) => {
    expect(isPlain(fromHex(hex.replaceAll(' ', '')), context)).toBe(false);
  });

  test('is one with LOCAL_PREF from an internal peer', () => {
    expect(isPlain(fromHex(`${ORIGIN_AND_PATH}40050400000064`.replaceAll(' ', '')), INTERNAL)).toBe(true);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_LOCAL_PREF } from '../rib/attribute-store.ts';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import {
  forwardToExternal,
  forwardToInternal,
  NOT_FORWARDED,
} from '../wire/attribute/forward-plain-block.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import { createPlainBlock, readPlainBlock } from '../wire/attribute/plain-block.ts';
import { asPathOf, pathAttributes, uint32 } from '../wire/test/generators.ts';
import { toExportedAttributes } from './export-attributes.ts';

const FOUR_OCTETS = { fourOctetAsn: true };
const ASN = 64512;

/** Attributes whose block is plain; a first segment is long enough to be full now and then. */
const plainAttributes = fc
  .tuple(pathAttributes, asPathOf(['sequence']), fc.constantFrom(0, 0, 0, 60, 254, 255))
  .map(([attributes, path, length]): PathAttributes => {
    const long = { kind: 'sequence', asns: Array.from({ length }, () => 65001) } as const;
    const asPath = length === 0 ? path : [long, ...path];
    return { ...attributes, origin: attributes.origin ?? 0, asPath, otc: undefined, unknown: undefined };
  });
const reflection = fc.option(
  fc.record({ originatorId: uint32, clusterIds: fc.array(uint32, { minLength: 1, maxLength: 2 }) }),
  { nil: undefined },
);

function encodePlain(attributes: PathAttributes): Uint8Array {
  const block = encodeAttributes(attributes, FOUR_OCTETS);
  const context = { ...FOUR_OCTETS, peerType: 'internal' } as const;
  expect(readPlainBlock(block, 0, block.length, context, createPlainBlock())).toBe(true);
  return block;
}

test('a plain block for an external peer has the octets that decoding and encoding give', () => {
  let forwarded = 0;
  fc.assert(
    fc.property(plainAttributes, (attributes) => {
      const block = encodePlain(attributes);
      const out = new Uint8Array(block.length + 20);
      const end = forwardToExternal(block, 0, block.length, ASN, out, 4);
      if (end === NOT_FORWARDED) return;
      forwarded += 1;
      const context = { peerType: 'external', localAsn: ASN, source: 'external' } as const;
      const expected = encodeAttributes(toExportedAttributes(attributes, context), FOUR_OCTETS);
      expect(out.subarray(4, end)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
  expect(forwarded).toBeGreaterThan(50);
});

test('a plain block for an internal peer has the octets that decoding and encoding give', () => {
  fc.assert(
    fc.property(plainAttributes, reflection, (attributes, reflection) => {
      const block = encodePlain(attributes);
      const out = new Uint8Array(block.length + 40);
      const end = forwardToInternal(block, 0, block.length, DEFAULT_LOCAL_PREF, reflection, out, 0);
      const context = { peerType: 'internal', localAsn: ASN, source: 'internal', reflection } as const;
      const expected = encodeAttributes(toExportedAttributes(attributes, context), FOUR_OCTETS);
      expect(out.subarray(0, end)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

/**
 * Targets of what messages are made of: capabilities, attributes one by one and in a block, prefixes, next hops.
 */

import { decodeSegments } from '../../../src/wire/attribute/02-as-path.ts';
import {
  asPathLength,
  countAsn,
  formatAsPath,
  neighbourAsn,
  originAsn,
  prependAsn,
} from '../../../src/wire/attribute/as-path.ts';
import { addFourOctetStandIns, mergeFourOctetAttributes } from '../../../src/wire/attribute/as4-merge.ts';
import { parseAttributes } from '../../../src/wire/attribute/decode.ts';
import { encodeAttributes, forwardUnknown } from '../../../src/wire/attribute/encode.ts';
import type { PathAttributes } from '../../../src/wire/attribute/path-attributes.ts';
import { type AnyAttributeCodec, ATTRIBUTES } from '../../../src/wire/attribute/table.ts';
import type { Capability } from '../../../src/wire/capability/capability.ts';
import { decodeCapabilities, encodeCapabilities } from '../../../src/wire/capability/table.ts';
import { CapabilityCode } from '../../../src/wire/iana.ts';
import { decodeNextHop, encodeNextHop } from '../../../src/wire/next-hop.ts';
import { countNlri, createNlriCursor, nextIpv4, nextIpv6, seekNlri } from '../../../src/wire/nlri.ts';
import { ByteReader } from '../../../src/wire/reader.ts';
import { ByteWriter } from '../../../src/wire/writer.ts';
import { digest } from '../digest.ts';
import { check, decoderTarget, type Target } from '../target.ts';
import { attributeBlocks, attributeValues, openBodies, withOptions } from './seeds.ts';

type Draft = { -readonly [K in keyof PathAttributes]: PathAttributes[K] };

/** File of a numbered codec, e.g. `wire/attribute/05-local-pref.ts`. */
function fileOf(folder: string, code: number): string {
  return `wire/${folder}/${String(code).padStart(2, '0')}-`;
}

/** One target per capability: the input is its value. */
function capabilityTarget(code: number): Target {
  return decoderTarget({
    name: `capability-${code}`,
    covers: [fileOf('capability', code)],
    maxBytes: 255,
    seeds: () => openBodies().flatMap((body) => capabilityValues(body, code)),
    decode: (bytes, start, end) => decodeValue(code, bytes.slice(start, end)),
    also(input) {
      const [decoded] = decodeValue(code, input) ?? [];
      if (decoded === undefined) return;
      const bytes = encodeCapabilities([decoded]);
      const [again] = decodeValue(code, bytes.subarray(2)) ?? [];
      check(digest(again).hash === digest(decoded).hash, 'a capability written anew is another one');
    },
  });
}

function decodeValue(code: number, value: Uint8Array): readonly Capability[] | undefined {
  const bytes = new Uint8Array([code, value.length, ...value]);
  const decoded = decodeCapabilities(new ByteReader(bytes, 0, bytes.length), []);
  return decoded.ok ? decoded.value : undefined;
}

/** Values of a capability in the body of an OPEN with one parameter of the shorter form. */
function capabilityValues(body: Uint8Array, code: number): Uint8Array[] {
  const values: Uint8Array[] = [];
  for (let at = 12; at + 2 <= body.length; at += 2 + (body[at + 1] as number)) {
    if (body[at] === code) values.push(body.slice(at + 2, at + 2 + (body[at + 1] as number)));
  }
  return values;
}

/** One target per attribute: the input is an octet of options and the value. */
function attributeTarget(row: AnyAttributeCodec): Target {
  const read = (bytes: Uint8Array, start: number, end: number): unknown => {
    const context = { fourOctetAsn: start < end && ((bytes[start] as number) & 1) === 1 };
    const from = Math.min(start + 1, end);
    return row.isLength(end - from, context)
      ? row.decode(new ByteReader(bytes, from, end), context)
      : undefined;
  };
  return decoderTarget({
    name: `attribute-${row.name.toLowerCase().replaceAll('_', '-')}`,
    covers: [fileOf('attribute', row.code)],
    seeds: () => [0, 1].flatMap((wide) => withOptions(attributeValues(row, wide === 1), [wide])),
    decode: read,
    also(input) {
      const value = read(input, 0, input.length);
      if (value === undefined) return;
      const writer = new ByteWriter();
      row.encode(writer, value as never, { fourOctetAsn: ((input[0] as number) & 1) === 1 });
      const again = new Uint8Array([input[0] as number, ...writer.take()]);
      check(
        digest(read(again, 0, again.length)).hash === digest(value).hash,
        'written anew it is another value',
      );
    },
  });
}

/** Options: bit 0 four-octet AS numbers, bit 1 external. */
const attributeBlock = decoderTarget({
  name: 'attribute-block',
  covers: [
    'wire/attribute/decode.ts',
    'wire/attribute/validate.ts',
    'wire/attribute/encode.ts',
    'wire/attribute/table.ts',
    'wire/attribute/list.ts',
    'wire/attribute/header.ts',
    'wire/attribute/fault.ts',
  ],
  roomBytes: 16_384,
  seeds: () => [
    ...withOptions(attributeBlocks(true), [1, 3]),
    ...withOptions(attributeBlocks(false), [0, 2]),
  ],
  decode: parseBlock,
  also(input) {
    const { attributes, faults } = parseBlock(input, 0, input.length);
    if (faults.length > 0) return;
    const options = input[0] ?? 0;
    const block = encodeAttributes(attributes, { fourOctetAsn: (options & 1) !== 0 });
    const again = parseBlock(new Uint8Array([options, ...block]), 0, 1 + block.length);
    check(again.faults.length === 0, 'a block written anew is faulty');
    if ((options & 1) !== 0)
      check(sameBlock(again.attributes, attributes), 'a block written anew is another one');
    forwardUnknown(attributes.unknown);
  },
});

function parseBlock(bytes: Uint8Array, start: number, end: number): ReturnType<typeof parseAttributes> {
  const options = start < end ? (bytes[start] as number) : 0;
  const peerType = (options & 2) === 0 ? 'internal' : 'external';
  return parseAttributes(bytes, Math.min(start + 1, end), end, {
    fourOctetAsn: (options & 1) !== 0,
    peerType,
  });
}

/** Unknown attributes come out in the order of their codes. */
function sameBlock(left: PathAttributes, right: PathAttributes): boolean {
  return digest(sorted(left)).hash === digest(sorted(right)).hash;
}

function sorted(attributes: PathAttributes): readonly unknown[] {
  const { unknown = [] } = attributes;
  const known = ATTRIBUTES.map(({ key }) => attributes[key]);
  return [known, unknown.toSorted((one, other) => one.code - other.code)];
}

/** Two paths and two aggregators out of one input: the length of the first path, then both. */
const as4Merge = decoderTarget({
  name: 'as4-merge',
  covers: ['wire/attribute/as4-merge.ts', 'wire/attribute/as-path.ts'],
  seeds: () =>
    ['0602025ba0fc00020200010000fc00', '040201fc0102010000fc010101fc02'].map((hex) =>
      Buffer.from(hex, 'hex'),
    ),
  decode(bytes, start, end) {
    const middle = Math.min(end, start + 1 + (start < end ? (bytes[start] as number) : 0));
    const asPath = decodeSegments(new ByteReader(bytes, Math.min(start + 1, end), middle), false);
    const as4Path = decodeSegments(new ByteReader(bytes, middle, end), true);
    const draft: Draft = { asPath, as4Path };
    if ((asPath?.length ?? 0) > 1) draft.aggregator = { asn: asPath?.[0]?.asns[0] ?? 1, address: 1 };
    if ((as4Path?.length ?? 0) > 1) draft.as4Aggregator = { asn: 65_537, address: 2 };
    mergeFourOctetAttributes(draft);
    const path = draft.asPath ?? [];
    if (asPath !== undefined)
      check(asPathLength(path) === asPathLength(asPath), 'merging changes the length');
    const shown = [formatAsPath(prependAsn(path, 64_512)), neighbourAsn(path), originAsn(path)];
    return [draft, addFourOctetStandIns(draft), shown, countAsn(path, 64_512)];
  },
});

/** A range of prefixes: counted as many as walked, and walked to its end. */
function nlriTarget(family: 'ipv4' | 'ipv6', addPath: boolean): Target {
  const cursor = createNlriCursor();
  const next = family === 'ipv4' ? nextIpv4 : nextIpv6;
  const maxLength = family === 'ipv4' ? 32 : 128;
  const prefix = family === 'ipv4' ? [24, 10, 1, 2, 20, 172, 16, 255, 0] : [48, 32, 1, 13, 184, 0, 1, 0];
  return decoderTarget({
    name: `nlri-${family}${addPath ? '-add-path' : ''}`,
    covers: ['wire/nlri.ts'],
    seeds: () => [addPath ? new Uint8Array([0, 0, 0, 1, ...prefix.slice(0, 4)]) : new Uint8Array(prefix)],
    decode(bytes, start, end) {
      const count = countNlri(bytes, start, end, maxLength, addPath);
      if (count < 0) return count;
      const found: number[] = [];
      seekNlri(cursor, bytes, start, end, addPath);
      let walked = 0;
      for (; next(cursor); walked += 1) {
        const { pathId, length, word0, word1, word2, word3 } = cursor;
        found.push(pathId, length, word0, ...(family === 'ipv4' ? [] : [word1, word2, word3]));
      }
      check(walked === count, `${count} prefixes are counted, ${walked} walked`);
      check(cursor.offset === end, 'the cursor does not stop at the end');
      return found;
    },
  });
}

const nextHop = decoderTarget({
  name: 'next-hop',
  covers: ['wire/next-hop.ts'],
  maxBytes: 40,
  seeds: () => [4, 16, 32].map((length) => new Uint8Array(length).fill(0x20)),
  decode: decodeNextHop,
  also(input) {
    const decoded = decodeNextHop(input, 0, input.length);
    if (decoded === undefined) return;
    check(digest(encodeNextHop(decoded)).hash === digest(input).hash, 'written anew it is another one');
  },
});

/** Targets of the parts of messages. */
export const PART_TARGETS: readonly Target[] = [
  ...Object.values(CapabilityCode).map(capabilityTarget),
  ...ATTRIBUTES.map(attributeTarget),
  attributeBlock,
  as4Merge,
  nlriTarget('ipv4', false),
  nlriTarget('ipv4', true),
  nlriTarget('ipv6', false),
  nlriTarget('ipv6', true),
  nextHop,
];

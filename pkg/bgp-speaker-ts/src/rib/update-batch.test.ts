import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAttributes } from '../wire/attribute/decode.ts';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import { splitUpdate } from '../wire/message/02-update.ts';
import { readMessageLength } from '../wire/message/header.ts';
import { createNlriCursor, nextIpv4, seekNlri } from '../wire/nlri.ts';
import { UpdatePacker } from '../wire/update-packer.ts';
import { createUpdateView } from '../wire/update-view.ts';
import { AdjRibOut, NO_ROUTE } from './adj-rib-out.ts';
import { PrefixTable } from './prefix-table.ts';
import { UpdateBatch } from './update-batch.ts';

const ROUTES = 4;

/** Reads UPDATEs back into lines `prefix id · MED or withdrawn`. */
function read(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  const view = createUpdateView();
  const cursor = createNlriCursor();
  for (let start = 0; start < bytes.length; ) {
    const end = start + readMessageLength(bytes, start);
    expect(splitUpdate(bytes, start + 19, end, view)).toBeUndefined();
    const { attributes } = decodeAttributes(bytes, view.attributesStart, view.attributesEnd, {
      fourOctetAsn: true,
    });
    seekNlri(cursor, bytes, view.withdrawnStart, view.withdrawnEnd, false);
    while (nextIpv4(cursor)) lines.push(`${cursor.word0 >>> 8} withdrawn`);
    seekNlri(cursor, bytes, view.nlriStart, view.nlriEnd, false);
    while (nextIpv4(cursor)) lines.push(`${cursor.word0 >>> 8} ${attributes.med}`);
    start = end;
  }
  return lines.sort();
}

function createTables(): { prefixes: PrefixTable; out: AdjRibOut; routes: number[] } {
  const prefixes = new PrefixTable('ipv4-unicast', 1);
  for (let id = 0; id < 3000; id += 1) prefixes.insert(id << 8, 0, 0, 0, 24);
  const out = new AdjRibOut(1);
  const routes = Array.from({ length: ROUTES }, (_, med) => {
    const block = encodeAttributes({ origin: 0, asPath: [], med }, { fourOctetAsn: true });
    const key = Uint8Array.from([4, 10, 0, 0, 1, ...block]);
    return out.encoded.intern(key, 0, key.length, 0);
  });
  return { prefixes, out, routes };
}

describe('a batch of UPDATEs', () => {
  const { prefixes, out, routes } = createTables();
  const entry = fc.record({
    prefix: fc.nat(2999),
    med: fc.integer({ min: -1, max: ROUTES - 1 }),
    source: fc.constantFrom(0, 1, 2, 300),
  });

  test('carries every entry once, and each source in one range that can be cut out', () => {
    const batch = new UpdateBatch('ipv4-unicast', false);
    const packer = new UpdatePacker(4096);
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, { selector: ({ prefix }) => prefix, maxLength: 200, size: 'max' }),
        (entries) => {
          for (const { prefix, med, source } of entries) {
            batch.add(prefix, 0, med < 0 ? NO_ROUTE : (routes[med] as number), source);
          }
          const { bytes, ranges } = batch.encode(packer, prefixes, out.encoded);
          const line = ({ prefix, med }: (typeof entries)[number]) =>
            `${prefix} ${med < 0 ? 'withdrawn' : med}`;
          expect(read(bytes)).toEqual(entries.map(line).sort());
          for (const { source, start, end } of ranges) {
            const without = entries.filter((item) => item.source !== source);
            const cut = Uint8Array.from([...bytes.subarray(0, start), ...bytes.subarray(end)]);
            expect(read(cut)).toEqual(without.map(line).sort());
          }
          expect(ranges.length).toBe(new Set(entries.map(({ source }) => source)).size);
          expect(batch.count).toBe(0);
        },
      ),
    );
  });

  test('packs prefixes that share attributes and source into as few messages as fit', () => {
    const batch = new UpdateBatch('ipv4-unicast', false);
    for (let prefix = 0; prefix < 3000; prefix += 1) batch.add(prefix, 0, routes[prefix & 1] as number, 1);
    const { messageCount, bytes } = batch.encode(new UpdatePacker(4096), prefixes, out.encoded);
    expect(messageCount).toBe(4);
    expect(read(bytes).length).toBe(3000);
  });
});

describe('an Adj-RIB-Out', () => {
  test('counts for each member what it has: everything but what it is the source of', () => {
    const {
      out: adjRibOut,
      routes: [first = 0, second = 0],
    } = createTables();
    for (const route of [first, first, second]) adjRibOut.encoded.retain(route);
    expect(adjRibOut.set(1, first, 7)).toBe(true);
    expect(adjRibOut.set(2, first, 8)).toBe(true);
    expect(adjRibOut.set(2, second, 7)).toBe(true);
    expect([adjRibOut.count, adjRibOut.countFor(7), adjRibOut.countFor(8)]).toEqual([2, 0, 2]);
    expect(adjRibOut.set(1, NO_ROUTE, 0)).toBe(true);
    expect(adjRibOut.set(1, NO_ROUTE, 0)).toBe(false);
    expect([adjRibOut.count, adjRibOut.countFor(8)]).toEqual([1, 1]);
  });

  test('says that nothing changed for the same route of the same source, and does not hold it twice', () => {
    const {
      out: adjRibOut,
      routes: [first = 0],
    } = createTables();
    const before = adjRibOut.encoded.references[first];
    for (const expected of [true, false]) {
      adjRibOut.encoded.retain(first);
      expect(adjRibOut.set(1, first, 7)).toBe(expected);
    }
    expect(adjRibOut.encoded.references[first]).toBe((before ?? 0) + 1);
  });
});

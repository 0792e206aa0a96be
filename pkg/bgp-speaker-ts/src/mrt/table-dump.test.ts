import { address, type Prefix, prefix, prefixBytes, prefixLength } from '@weft/ip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toTag } from '../rib/attribute-store.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import { familyOfPrefix, insertPrefix, Tables } from '../rib/tables.ts';
import { parseAttributes } from '../wire/attribute/decode.ts';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import { pathAttributes } from '../wire/test/generators.ts';
import { type DumpTable, dumpTables } from './table-dump.ts';
import { type ReadDump, readDump } from './test/read-mrt.ts';

const PEER_ADDRESSES = ['192.0.2.1', '2001:db8::2'] as const;

interface Path {
  readonly peer: number;
  readonly pathId?: number;
  readonly attributes?: PathAttributes;
  /** Octets of the next hop in MP_REACH_NLRI, none for one in NEXT_HOP. */
  readonly nextHop?: readonly number[];
  readonly fourOctetAsn?: boolean;
}

/** Tables with peers 1 and 2 of `PEER_ADDRESSES`. */
class World {
  readonly tables = new Tables(1);

  constructor() {
    for (const text of PEER_ADDRESSES) this.tables.peers.add(address(text));
  }

  announce(text: Prefix, path: Path): void {
    const { attributes = { origin: 0, asPath: [] }, nextHop = [], fourOctetAsn = true } = path;
    const block = encodeAttributes(attributes, { fourOctetAsn });
    const key = Uint8Array.from([nextHop.length, ...nextHop, ...block]);
    const context = { fourOctetAsn, peerType: 'internal' } as const;
    const { attributes: store } = this.tables;
    const found = store.find(key, 0, key.length, toTag(context));
    const parsed = parseAttributes(key, 1 + nextHop.length, key.length, context);
    const id = found >= 0 ? found : store.add(key, 0, key.length, toTag(context), parsed);
    const rib = this.tables.ribs[familyOfPrefix(text)];
    rib.announce(insertPrefix(rib, text), path.peer, path.pathId ?? 0, id, id, 0);
    store.release(id);
  }

  withdraw(text: Prefix, peer: number): void {
    const rib = this.tables.ribs[familyOfPrefix(text)];
    rib.withdraw(insertPrefix(rib, text), peer, 0);
  }

  settle(): void {
    for (const rib of this.tables.all) {
      rib.select(Number.POSITIVE_INFINITY);
      rib.finish(() => false);
    }
  }

  chunks(table: DumpTable = 'adj-rib-in'): Generator<Uint8Array, void> {
    return dumpTables(this.tables, {
      table,
      collectorIdentifier: 0x0a000001,
      peers: [
        { address: address('0.0.0.0'), asn: 64512, identifier: 0x0a000001 },
        { address: address(PEER_ADDRESSES[0]), asn: 64513, identifier: 0xc0000201 },
        { address: address(PEER_ADDRESSES[1]), asn: 4_200_000_001, identifier: 0 },
      ],
      positionOf: (peer) => (peer <= 2 ? peer : -1),
      unixSeconds: 1_000_000_000,
      epochSeconds: 999_999_000,
    });
  }

  dump(table?: DumpTable): ReadDump {
    return readDump(Buffer.concat([...this.chunks(table)]));
  }
}

function hex(chunks: Iterable<Uint8Array>): string {
  return Buffer.concat([...chunks]).toString('hex');
}

/** PEER_INDEX_TABLE of a `World`: RFC 6396 §4.3.1. */
const PEER_INDEX_TABLE = [
  '3b9aca00 000d 0001 0000003b',
  '0a000001 0000 0003',
  '02 0a000001 00000000 0000fc00',
  '02 c0000201 c0000201 0000fc01',
  '03 00000000 20010db8000000000000000000000002 fa56ea01',
].join('');

describe('RFC 6396 §4.3 TABLE_DUMP_V2, octet by octet', () => {
  const cases: [string, Prefix, Path, string][] = [
    [
      'RIB_IPV4_UNICAST with NEXT_HOP as it came',
      prefix('198.51.100.0/22'),
      { peer: 1, attributes: { origin: 2, asPath: [], nextHop: 0xc0000201 } },
      '3b9aca00 000d 0002 00000020 00000000 16 c63364 0001 0001 3b9acc30 000e 40010102 400200 400304c0000201',
    ],
    [
      'NEXT_HOP made of a four-octet MP_REACH_NLRI next hop',
      prefix('10.0.0.0/8'),
      { peer: 1, nextHop: [192, 0, 2, 9] },
      '3b9aca00 000d 0002 0000001e 00000000 08 0a 0001 0001 3b9acc30 000e 40010100 400200 400304c0000209',
    ],
    [
      'RIB_IPV6_UNICAST with MP_REACH_NLRI of next hop alone (§4.3.4)',
      prefix('2001:db8:1::/48'),
      { peer: 2, nextHop: [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2] },
      '3b9aca00 000d 0004 00000030 00000000 30 20010db80001 0001 0002 3b9acc30 001b ' +
        '40010100 400200 800e1110 20010db8000000000000000000000002',
    ],
    [
      'RFC 8950: an IPv4 route over IPv6',
      prefix('10.1.0.0/16'),
      { peer: 2, nextHop: [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2] },
      '3b9aca00 000d 0002 0000002c 00000000 10 0a01 0001 0002 3b9acc30 001b ' +
        '40010100 400200 800e1110 fe800000000000000000000000000002',
    ],
    [
      'a route of the speaker itself: the unspecified next hop',
      prefix('0.0.0.0/0'),
      { peer: LOCAL_PEER },
      '3b9aca00 000d 0002 0000001d 00000000 00 0001 0000 3b9acc30 000e 40010100 400200 40030400000000',
    ],
    [
      'RFC 8050 §4: RIB_IPV4_UNICAST_ADDPATH',
      prefix('10.0.0.0/8'),
      { peer: 1, pathId: 7, nextHop: [192, 0, 2, 9] },
      '3b9aca00 000d 0008 00000022 00000000 08 0a 0001 0001 3b9acc30 00000007 000e 40010100 400200 400304c0000209',
    ],
    [
      'AS numbers of two octets are written with four (§4.3.4)',
      prefix('10.0.0.0/8'),
      {
        peer: 1,
        fourOctetAsn: false,
        nextHop: [192, 0, 2, 9],
        attributes: { origin: 0, asPath: [{ kind: 'sequence', asns: [64513, 4_200_000_001] }] },
      },
      '3b9aca00 000d 0002 00000028 00000000 08 0a 0001 0001 3b9acc30 0018 ' +
        '40010100 40020a02020000fc01fa56ea01 400304c0000209',
    ],
  ];
  test.each(cases)('%s', (_name, text, path, record) => {
    const world = new World();
    for (const rib of world.tables.all) rib.paths.now = 1560.7;
    world.announce(text, path);
    expect(hex(world.chunks())).toBe(`${PEER_INDEX_TABLE}${record}`.replaceAll(' ', ''));
  });
});

describe('what a dump holds', () => {
  test('all paths of a prefix in one record, those with identifiers in another (RFC 8050 §4)', () => {
    const world = new World();
    world.announce(prefix('10.0.0.0/8'), { peer: 1, nextHop: [192, 0, 2, 1] });
    world.announce(prefix('10.0.0.0/8'), { peer: 2, nextHop: [192, 0, 2, 2] });
    world.announce(prefix('10.0.0.0/8'), { peer: 2, pathId: 5, nextHop: [192, 0, 2, 3] });
    const { ribs } = world.dump();
    expect(ribs.map(({ subtype, sequence }) => [subtype, sequence])).toEqual([
      [2, 0],
      [8, 1],
    ]);
    expect(ribs.map(({ entries }) => entries.map(({ peer, pathId }) => [peer, pathId]).sort())).toEqual([
      [
        [1, undefined],
        [2, undefined],
      ],
      [[2, 5]],
    ]);
  });

  test('the Loc-RIB: the selected path alone', () => {
    const world = new World();
    const localPref = (value: number): PathAttributes => ({ origin: 0, asPath: [], localPref: value });
    world.announce(prefix('10.0.0.0/8'), { peer: 1, attributes: localPref(200), nextHop: [192, 0, 2, 1] });
    world.announce(prefix('10.0.0.0/8'), { peer: 2, attributes: localPref(300), nextHop: [192, 0, 2, 2] });
    world.settle();
    expect(world.dump('loc-rib').ribs.map(({ entries }) => entries.map(({ peer }) => peer))).toEqual([[2]]);
  });

  test('no withdrawn path, and none of a peer that is not in the index', () => {
    const world = new World();
    world.announce(prefix('10.0.0.0/8'), { peer: 1 });
    world.withdraw(prefix('10.0.0.0/8'), 1);
    world.tables.peers.add(address('192.0.2.77'));
    world.announce(prefix('10.1.0.0/16'), { peer: 3 });
    expect(world.dump().ribs).toEqual([]);
  });

  test('RFC 7606: attributes that were discarded are left out', () => {
    const world = new World();
    const { attributes: store } = world.tables;
    // ORIGIN, an empty AS_PATH, ATOMIC_AGGREGATE with a value it cannot have.
    const key = Uint8Array.from([0, 0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 6, 1, 9]);
    const context = { fourOctetAsn: true, peerType: 'internal' } as const;
    const id = store.add(key, 0, key.length, toTag(context), parseAttributes(key, 1, key.length, context));
    const rib = world.tables.ribs['ipv4-unicast'];
    rib.announce(insertPrefix(rib, prefix('10.0.0.0/8')), 1, 0, id, id, 0);
    const [entry] = world.dump().ribs[0]?.entries ?? [];
    expect(entry?.attributes.map(([code]) => code)).toEqual([1, 2, 3]);
  });

  test('a prefix that is there all the time is in it once, whatever comes and goes between two chunks', () => {
    const world = new World();
    const name = (index: number): Prefix => prefix(`10.${index >>> 8}.${index & 255}.0/24`);
    for (let index = 0; index < 6000; index += 1) world.announce(name(index), { peer: 1 });
    world.settle();
    const parts: Uint8Array[] = [];
    let round = 0;
    for (const chunk of world.chunks()) {
      parts.push(chunk);
      for (let index = round; index < 6000; index += 12) world.withdraw(name(index), 1);
      for (let index = 0; index < 500; index += 1) {
        world.announce(prefix(`172.${16 + round}.${index >>> 1}.${(index & 1) * 128}/25`), {
          peer: 1,
          attributes: { origin: 1, asPath: [], med: round * 1000 + index },
        });
      }
      world.settle();
      round = (round + 1) % 12;
    }
    expect(parts.length).toBeGreaterThan(3);
    const seen = readDump(Buffer.concat(parts)).ribs.map((rib) => rib.prefix);
    for (let index = 11; index < 6000; index += 12) {
      const text = `${Buffer.from(prefixBytes(name(index))).toString('hex', 0, 3)}/24`;
      expect(seen.filter((other) => other === text)).toEqual([text]);
    }
  });
});

const anyPath = fc.record({
  peer: fc.integer({ min: 0, max: 2 }),
  pathId: fc.constantFrom(0, 0, 1, 9),
  attributes: pathAttributes.map(({ nextHop: _, ...rest }) => ({ origin: 0 as const, asPath: [], ...rest })),
  nextHop: fc.oneof(
    fc.array(fc.integer({ min: 1, max: 223 }), { minLength: 4, maxLength: 4 }),
    fc.array(fc.integer({ min: 1, max: 223 }), { minLength: 16, maxLength: 16 }),
    fc.array(fc.integer({ min: 1, max: 223 }), { minLength: 32, maxLength: 32 }),
  ),
  fourOctetAsn: fc.boolean(),
});
const anyRoute = fc.tuple(
  fc.constantFrom('10.0.0.0/8', '10.1.2.0/23', '0.0.0.0/0', '2001:db8::/32', '2001:db8::1/128', '::/0'),
  anyPath,
);

test('what is read out of a dump is what was put in', () => {
  fc.assert(
    fc.property(fc.array(anyRoute, { maxLength: 12 }), (routes) => {
      const world = new World();
      const wanted = new Map<string, string>();
      for (const [text, path] of routes) {
        world.announce(prefix(text), path);
        wanted.set(
          `${familyOfPrefix(prefix(text))} ${toText(prefix(text))} ${path.peer} ${path.pathId}`,
          expectedAttributes(text, path),
        );
      }
      const found = world
        .dump()
        .ribs.flatMap(({ subtype, prefix: text, entries }) =>
          entries.map(
            ({ peer, pathId = 0, attributes }) =>
              [
                `${FAMILY_OF[subtype]} ${text} ${peer} ${pathId}`,
                attributes.map((item) => item.join(' ')).join('\n'),
              ] as const,
          ),
        );
      expect(new Map(found)).toEqual(wanted);
      expect(found).toHaveLength(wanted.size);
    }),
  );
});

const FAMILY_OF: Readonly<Record<number, string>> = {
  2: 'ipv4-unicast',
  4: 'ipv6-unicast',
  8: 'ipv4-unicast',
  10: 'ipv6-unicast',
};

function toText(text: Prefix): string {
  const length = prefixLength(text);
  return `${Buffer.from(prefixBytes(text)).toString('hex', 0, Math.ceil(length / 8))}/${length}`;
}

/** Attributes of a route with four-octet AS numbers and its next hop, ascending by code. */
function expectedAttributes(text: string, path: Path & { nextHop: number[] }): string {
  const { attributes = {}, nextHop, fourOctetAsn = true } = path;
  // A path sent with two octets comes back as RFC 6793 §4.2.3 puts it together: the same ASes, perhaps in one segment.
  const sent = encodeAttributes(attributes, { fourOctetAsn });
  const meant = parseAttributes(sent, 0, sent.length, { fourOctetAsn, peerType: 'internal' }).attributes;
  const block = Buffer.from(encodeAttributes(fourOctetAsn ? attributes : meant, { fourOctetAsn: true }));
  const all: (readonly [number, string])[] = [];
  for (let offset = 0; offset < block.length; ) {
    const extended = (block.readUInt8(offset) & 0x10) !== 0;
    const length = extended ? block.readUInt16BE(offset + 2) : block.readUInt8(offset + 2);
    const start = offset + (extended ? 4 : 3);
    all.push([block.readUInt8(offset + 1), block.toString('hex', start, start + length)]);
    offset = start + length;
  }
  const hop = Buffer.from(nextHop).toString('hex');
  const plain = !text.includes(':') && nextHop.length === 4;
  all.push(plain ? [3, hop] : [14, Buffer.of(nextHop.length).toString('hex') + hop]);
  return all
    .toSorted(([left], [right]) => left - right)
    .map((item) => item.join(' '))
    .join('\n');
}

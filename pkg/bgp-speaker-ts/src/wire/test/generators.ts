/**
 * Values of the codec for property tests: attributes, capabilities, next hops and prefixes.
 */

import fc from 'fast-check';
import type {
  AsPathSegment,
  OriginValue,
  PathAttributes,
  SegmentKind,
  UnknownAttribute,
} from '../attribute/path-attributes.ts';
import type { Capability } from '../capability/capability.ts';
import type { NextHop } from '../next-hop.ts';

const uint8 = fc.integer({ min: 0, max: 0xff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
/** Any 32-bit number. */
export const uint32: fc.Arbitrary<number> = fc.integer({ min: 0, max: 0xffffffff });
const asn = fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffffffff }));
const list = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { minLength: 1, maxLength: 6 });

/** Segments as a decoder gives them: 1 to 255 AS numbers each. */
export function asPathOf(kinds: readonly SegmentKind[]): fc.Arbitrary<AsPathSegment[]> {
  const asns = fc.array(asn, { minLength: 1, maxLength: 12 });
  return fc.array(fc.record({ kind: fc.constantFrom(...kinds), asns }), { maxLength: 4 });
}

const aggregator = fc.record({ asn, address: uint32 });

const unknownAttribute: fc.Arbitrary<UnknownAttribute> = fc.record({
  flags: fc.constantFrom(0x80, 0xc0, 0xe0),
  code: fc.constantFrom(11, 20, 21, 40, 99, 128, 255),
  value: fc.uint8Array({ maxLength: 300 }),
});

/** Attributes without the two-octet stand-ins, as they are after parsing. */
export const pathAttributes: fc.Arbitrary<PathAttributes> = fc
  .record(
    {
      origin: fc.constantFrom<OriginValue>(0, 1, 2),
      asPath: asPathOf(['sequence', 'set']),
      nextHop: fc.integer({ min: 1, max: 0xdfffffff }),
      med: uint32,
      localPref: uint32,
      atomicAggregate: fc.constant(true as const),
      aggregator,
      communities: list(uint32),
      originatorId: uint32,
      clusterList: list(uint32),
      extendedCommunities: list(fc.record({ high: uint32, low: uint32 })),
      largeCommunities: list(
        fc.record({ globalAdministrator: uint32, localData1: uint32, localData2: uint32 }),
      ),
      otc: uint32,
      unknown: fc.uniqueArray(unknownAttribute, { minLength: 1, maxLength: 3, selector: ({ code }) => code }),
    },
    { requiredKeys: [] },
  )
  .map((attributes) =>
    attributes.unknown === undefined
      ? attributes
      : { ...attributes, unknown: attributes.unknown.toSorted((left, right) => left.code - right.code) },
  );

const afiSafi = { afi: uint16, safi: uint8 };
const families = <T>(more: T): fc.Arbitrary<(typeof afiSafi & T)[]> =>
  fc.array(fc.record({ ...afiSafi, ...more } as never), { maxLength: 4 }) as never;

/** Capabilities of every kind, known or not. */
export const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.record({ kind: fc.constant('multiprotocol' as const), ...afiSafi }),
  fc.constant({ kind: 'route-refresh' as const }),
  fc.constant({ kind: 'extended-message' as const }),
  fc.constant({ kind: 'enhanced-route-refresh' as const }),
  fc.record({ kind: fc.constant('role' as const), value: uint8 }),
  fc.record({ kind: fc.constant('four-octet-as' as const), asn: uint32 }),
  fc.record({
    kind: fc.constant('extended-next-hop' as const),
    entries: fc.array(fc.record({ afi: uint16, safi: uint16, nextHopAfi: uint16 }), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('graceful-restart' as const),
    restarting: fc.boolean(),
    notification: fc.boolean(),
    restartTimeSeconds: fc.integer({ min: 0, max: 4095 }),
    families: families({ forwarding: fc.boolean() }),
  }) as unknown as fc.Arbitrary<Capability>,
  fc.record({
    kind: fc.constant('add-path' as const),
    families: fc.array(
      fc
        .record({ ...afiSafi, receive: fc.boolean(), send: fc.boolean() })
        .filter(({ receive, send }) => receive || send),
      { maxLength: 4 },
    ),
  }),
  fc.record({
    kind: fc.constant('long-lived-graceful-restart' as const),
    families: families({
      forwarding: fc.boolean(),
      staleTimeSeconds: fc.integer({ min: 0, max: 0xffffff }),
    }),
  }) as unknown as fc.Arbitrary<Capability>,
  fc.record({
    kind: fc.constant('unknown' as const),
    code: fc.constantFrom(3, 8, 66, 73, 128, 255),
    value: fc.uint8Array({ maxLength: 40 }),
  }),
);

const words = fc.tuple(uint32, uint32, uint32, uint32);

/** Next hops in all forms of MP_REACH_NLRI. */
export const nextHop: fc.Arbitrary<NextHop> = fc.oneof(
  fc.record({ kind: fc.constant('ipv4' as const), address: uint32 }),
  fc.record({ kind: fc.constant('ipv6' as const), address: words }),
  fc.record({ kind: fc.constant('ipv6' as const), address: words, linkLocal: words }),
);

/** An IPv4 prefix with its host bits cleared, and a path identifier. */
export const ipv4Prefix: fc.Arbitrary<readonly [number, number, number]> = fc
  .tuple(uint32, fc.integer({ min: 0, max: 32 }), uint32)
  .map(([address, length, pathId]) => [maskWord(address, length), length, pathId] as const);

/** An IPv6 prefix as four words with its host bits cleared, its length, and a path identifier. */
export const ipv6Prefix: fc.Arbitrary<readonly [readonly number[], number, number]> = fc
  .tuple(words, fc.integer({ min: 0, max: 128 }), uint32)
  .map(([address, length, pathId]) => [
    address.map((word, index) => maskWord(word, length - 32 * index)),
    length,
    pathId,
  ]);

function maskWord(word: number, bits: number): number {
  if (bits >= 32) return word;
  return bits <= 0 ? 0 : (word & (-1 << (32 - bits))) >>> 0;
}

/**
 * Random addresses and prefixes, for the property tests of this package.
 */
import fc from 'fast-check';
import { type Address, addressFromBytes, type Family, type Prefix, prefixFromBytes } from '../src/index.ts';

const bytes = (family: Family): fc.Arbitrary<Uint8Array> => {
  const count = family === 4 ? 4 : 16;
  // Half of the bytes are zero or all ones, so that runs of zeros and neighbouring prefixes are common.
  const byte = fc.oneof(fc.constantFrom(0, 0, 0xff), fc.integer({ min: 0, max: 255 }));
  return fc.array(byte, { minLength: count, maxLength: count }).map((values) => Uint8Array.from(values));
};

/** Addresses of one family. */
export const addressOf = (family: Family): fc.Arbitrary<Address> => bytes(family).map(addressFromBytes);

/** Addresses of either family. */
export const anyAddress: fc.Arbitrary<Address> = fc.oneof(addressOf(4), addressOf(6));

/** Prefixes of one family, of every length. */
export const prefixOfFamily = (family: Family): fc.Arbitrary<Prefix> =>
  fc
    .tuple(bytes(family), fc.integer({ min: 0, max: family === 4 ? 32 : 128 }))
    .map(([value, length]) => prefixFromBytes(value, length));

/** Prefixes of either family. */
export const anyPrefix: fc.Arbitrary<Prefix> = fc.oneof(prefixOfFamily(4), prefixOfFamily(6));

/** Text that is nearly an address: what hand-made mistakes look like. */
export const addressLike: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(
      fc.constantFrom('0', '1', '255', '256', '01', 'f', 'ffff', '10000', ':', '::', '.', '%', '/', ' ', '-'),
      {
        maxLength: 18,
      },
    )
    .map((parts) => parts.join('')),
  anyAddress,
  fc
    .tuple(anyAddress, fc.nat(40), fc.constantFrom(':', '.', '0', 'g', ''))
    .map(([text, at, insert]) => text.slice(0, at) + insert + text.slice(at + 1)),
);

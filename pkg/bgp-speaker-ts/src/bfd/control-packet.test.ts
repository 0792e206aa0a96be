import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../wire/test/captures.ts';
import {
  type ControlPacket,
  type DecodedPacket,
  decodeControlPacket,
  encodeControlPacket,
} from './control-packet.ts';
import { BFD_STATES } from './iana.ts';

const decode = (hex: string): DecodedPacket => {
  const bytes = fromHex(hex);
  return decodeControlPacket(bytes, 0, bytes.length);
};

const UP: ControlPacket = {
  diagnostic: 0,
  state: 'Up',
  poll: true,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 0x01020304,
  yourDiscriminator: 0xfffefdfc,
  desiredMinTxMicroseconds: 300_000,
  requiredMinRxMicroseconds: 50_000,
  requiredMinEchoRxMicroseconds: 0,
};

/** Version and diagnostic, flags, multiplier, length, and what follows. */
function packet({
  first = '20',
  flags = 'c0',
  multiplier = '03',
  length = '18',
  my = '01020304',
} = {}): string {
  return `${first}${flags}${multiplier}${length}${my}fffefdfc000493e00000c35000000000`;
}

describe('RFC 5880 §4.1: a control packet', () => {
  test('as it stands on the wire', () => {
    const hex = packet({ flags: 'e0' });
    expect(toHex(encodeControlPacket(UP))).toBe(hex);
    expect(decode(hex)).toEqual({ ok: true, value: UP });
  });

  test('what is longer than its length says is read up to there', () => {
    expect(decode(`${packet({ flags: 'e0' })}ffff`)).toEqual({ ok: true, value: UP });
  });

  test('every packet comes back as it was', () => {
    const number = fc.nat(0xffff_ffff);
    const packets = fc.record<ControlPacket>({
      diagnostic: fc.nat(31),
      state: fc.constantFrom('Init', 'Up'),
      poll: fc.boolean(),
      final: fc.boolean(),
      controlPlaneIndependent: fc.boolean(),
      demand: fc.boolean(),
      detectMultiplier: fc.integer({ min: 1, max: 255 }),
      myDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
      yourDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
      desiredMinTxMicroseconds: number,
      requiredMinRxMicroseconds: number,
      requiredMinEchoRxMicroseconds: number,
    });
    fc.assert(
      fc.property(packets, (value) => {
        const bytes = encodeControlPacket(value);
        expect(decodeControlPacket(bytes, 0, bytes.length)).toEqual({ ok: true, value });
      }),
    );
  });
});

describe('RFC 5880 §6.8.6: discarded is', () => {
  test.each([
    ['another version', packet({ first: '40' }), 'version'],
    ['a length without room for the fields', packet({ length: '17' }), 'length'],
    ['a length without room for the authentication it announces', packet({ flags: 'c4' }), 'length'],
    ['a length beyond the datagram', packet({ length: '19' }), 'truncated'],
    ['a datagram of 23 octets', packet().slice(0, -2), 'truncated'],
    ['a multiplier of zero', packet({ multiplier: '00' }), 'detect-multiplier-zero'],
    ['the multipoint bit', packet({ flags: 'c1' }), 'multipoint'],
    ['no discriminator of the sender', packet({ my: '00000000' }), 'my-discriminator-zero'],
    [
      'authentication, since none is in use',
      `${packet({ flags: 'c4', length: '1a' })}0102`,
      'authentication',
    ],
  ])('%s', (_, hex, reason) => {
    expect(decode(hex)).toEqual({ ok: false, reason });
  });

  test.each(BFD_STATES)('none of our discriminators, unless Down or AdminDown: %s', (state) => {
    const bytes = encodeControlPacket({ ...UP, state, yourDiscriminator: 0 });
    const begins = state === 'Down' || state === 'AdminDown';
    const expected = begins ? { ok: true } : { ok: false, reason: 'your-discriminator-zero' };
    expect(decodeControlPacket(bytes, 0, bytes.length)).toMatchObject(expected);
  });
});

test('no bytes make the decoder throw or look outside of its range', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (body) => {
      const results = [0x00, 0xff].map((filler) => {
        const bytes = new Uint8Array(body.length + 64).fill(filler);
        bytes.set(body, 32);
        return decodeControlPacket(bytes, 32, 32 + body.length);
      });
      expect(results[1]).toEqual(results[0]);
    }),
    { numRuns: 2000 },
  );
});

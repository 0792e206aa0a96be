import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeAttributes } from './attribute/encode.ts';
import type { PathAttributes } from './attribute/path-attributes.ts';
import { MessageFramer } from './framing.ts';
import { encodeNextHop } from './next-hop.ts';
import { birdTwoOctet, fromHex, gobgpExternal, toHex } from './test/captures.ts';
import { ipv4Prefix, ipv6Prefix } from './test/generators.ts';
import { type ReadUpdate, readUpdate } from './test/read-update.ts';
import { UpdatePacker } from './update-packer.ts';

const CONTEXT = { fourOctetAsn: true, peerType: 'internal', extendedNextHop: true } as const;
const ATTRIBUTES: PathAttributes = { origin: 0, asPath: [], localPref: 100, communities: [1, 2] };
const BLOCK = encodeAttributes(ATTRIBUTES, CONTEXT);
const IPV4_NEXT_HOP = encodeNextHop({ kind: 'ipv4', address: 0x0a000001 });
const IPV6_NEXT_HOP = encodeNextHop({ kind: 'ipv6', address: [0x20010db8, 0, 0, 1] });

/** Reads packed messages back; each must be within the limit and without a fault. */
function unpack(bytes: Uint8Array, addPath: boolean, maxBytes: number): ReadUpdate[] {
  const framer = new MessageFramer();
  framer.maxBytes = maxBytes;
  framer.push(bytes);
  const updates: ReadUpdate[] = [];
  while (framer.next()) {
    const update = readUpdate(framer.bytes, framer.start, framer.end, { ...CONTEXT, addPath });
    if ('kind' in update) throw new Error(update.detail);
    expect(update.faults).toEqual([]);
    updates.push(update);
  }
  expect(framer.error).toBeUndefined();
  return updates;
}

const text4 = ([address, length, pathId]: readonly [number, number, number], addPath: boolean): string =>
  `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')}/${length}${addPath ? `#${pathId}` : ''}`;
const text6 = (
  [words, length, pathId]: readonly [readonly number[], number, number],
  addPath: boolean,
): string =>
  `${words.map((word) => word.toString(16).padStart(8, '0')).join(':')}/${length}${addPath ? `#${pathId}` : ''}`;

describe('packing UPDATEs', () => {
  const many4 = fc.array(ipv4Prefix, { minLength: 1, maxLength: 2500, size: 'max' });
  const many6 = fc.array(ipv6Prefix, { minLength: 1, maxLength: 800, size: 'max' });

  test('IPv4 in the classic fields: what is read back is what was added, in order', () => {
    fc.assert(
      fc.property(many4, fc.boolean(), (prefixes, addPath) => {
        const packer = new UpdatePacker(4096);
        expect(packer.beginReach('ipv4-unicast', BLOCK, IPV4_NEXT_HOP, addPath)).toBe(true);
        for (const prefix of prefixes) packer.addIpv4(...prefix);
        packer.end();
        const updates = unpack(packer.take(), addPath, 4096);
        expect(updates.flatMap(({ announced }) => announced)).toEqual(
          prefixes.map((prefix) => text4(prefix, addPath)),
        );
        for (const { attributes } of updates)
          expect(attributes).toEqual({ ...ATTRIBUTES, nextHop: 0x0a000001 });
      }),
      { numRuns: 15 },
    );
  });

  test('IPv6 in MP_REACH_NLRI: what is read back is what was added, in order', () => {
    fc.assert(
      fc.property(many6, fc.boolean(), (prefixes, addPath) => {
        const packer = new UpdatePacker(4096);
        packer.beginReach('ipv6-unicast', BLOCK, IPV6_NEXT_HOP, addPath);
        for (const [words, length, pathId] of prefixes) {
          packer.addIpv6(...(words as [number, number, number, number]), length, pathId);
        }
        packer.end();
        const updates = unpack(packer.take(), addPath, 4096);
        expect(updates.flatMap(({ reach }) => reach?.prefixes ?? [])).toEqual(
          prefixes.map((prefix) => text6(prefix, addPath)),
        );
        for (const { attributes } of updates) expect(attributes).toEqual(ATTRIBUTES);
      }),
      { numRuns: 15 },
    );
  });

  test('withdrawals of both families come back', () => {
    fc.assert(
      fc.property(many4, many6, fc.boolean(), (four, six, addPath) => {
        const packer = new UpdatePacker(4096);
        packer.beginWithdraw('ipv4-unicast', addPath);
        for (const prefix of four) packer.addIpv4(...prefix);
        packer.beginWithdraw('ipv6-unicast', addPath);
        for (const [words, length, pathId] of six) {
          packer.addIpv6(...(words as [number, number, number, number]), length, pathId);
        }
        packer.end();
        const updates = unpack(packer.take(), addPath, 4096);
        expect(updates.flatMap(({ withdrawn }) => withdrawn)).toEqual(
          four.map((item) => text4(item, addPath)),
        );
        expect(updates.flatMap(({ unreach }) => unreach?.prefixes ?? [])).toEqual(
          six.map((item) => text6(item, addPath)),
        );
      }),
      { numRuns: 10 },
    );
  });

  test('withdrawals and End-of-RIB of IPv6 behind announcements have no attributes of theirs', () => {
    const packer = new UpdatePacker(4096);
    packer.beginReach('ipv6-unicast', BLOCK, IPV6_NEXT_HOP, false);
    packer.addIpv6(0x20010db8, 0, 0, 0, 32, 0);
    packer.beginWithdraw('ipv6-unicast', false);
    packer.addIpv6(0x20010db8, 0x10000, 0, 0, 48, 0);
    packer.addEndOfRib('ipv6-unicast');
    const [, withdrawal, endOfRib] = unpack(packer.take(), false, 4096);
    expect(withdrawal).toMatchObject({
      attributes: {},
      unreach: { prefixes: [text6([[0x20010db8, 0x10000, 0, 0], 48, 0], false)] },
    });
    expect(endOfRib?.endOfRib).toBe('ipv6-unicast');
  });

  test.each([4096, 65535])('fills a message of %i octets to the last one', (maxBytes) => {
    const room = maxBytes - 23 - BLOCK.length - 7;
    const packer = new UpdatePacker(maxBytes);
    packer.beginReach('ipv4-unicast', BLOCK, IPV4_NEXT_HOP, false);
    // As many /24 of four octets as fit, a default route of one octet for each octet left over, and one more.
    const slash24 = Math.floor(room / 4);
    for (let index = 0; index < slash24; index += 1) packer.addIpv4((index << 8) >>> 0, 24, 0);
    for (let index = 0; index < room % 4; index += 1) packer.addIpv4(0, 0, 0);
    packer.addIpv4(0, 0, 0);
    packer.end();
    expect(packer.messageCount).toBe(2);
    const bytes = packer.take();
    expect((bytes[16] ?? 0) * 256 + (bytes[17] ?? 0)).toBe(maxBytes);
    expect(unpack(bytes, false, maxBytes).flatMap(({ announced }) => announced)).toHaveLength(
      slash24 + (room % 4) + 1,
    );
  });

  test('RFC 8950: IPv4 with an IPv6 next hop goes into MP_REACH_NLRI', () => {
    const packer = new UpdatePacker(4096);
    packer.beginReach('ipv4-unicast', BLOCK, IPV6_NEXT_HOP, false);
    packer.addIpv4(0x0a000000, 8, 0);
    packer.end();
    const [update] = unpack(packer.take(), false, 4096);
    expect(update?.reach).toEqual({
      family: 'ipv4-unicast',
      nextHop: { kind: 'ipv6', address: [0x20010db8, 0, 0, 1] },
      prefixes: ['10.0.0.0/8'],
    });
  });

  test('writes the bytes GoBGP sends for an IPv4 route, NEXT_HOP in its place among the attributes', () => {
    const packer = new UpdatePacker(4096);
    const block = fromHex('4001010240020602010000fc02c007080000fc020a090002');
    packer.beginReach('ipv4-unicast', block, fromHex('0a090002'), false);
    packer.addIpv4(0xc0000280, 25, 0);
    packer.end();
    expect(toHex(packer.take())).toBe(gobgpExternal.messages[2]);
  });

  test('writes the bytes BIRD sends for IPv6 routes, MP_REACH_NLRI first (RFC 7606 §5.1)', () => {
    const packer = new UpdatePacker(4096);
    const block = fromHex('4001010040020402015ba0c011060201fa56ea01');
    const nextHop = fromHex('20010db8000900000000000000000002fe8000000000000028fe0cfffe8f1e18');
    packer.beginReach('ipv6-unicast', block, nextHop, false);
    packer.addIpv6(0x20010db8, 0x00010000, 0, 0, 48, 0);
    packer.addIpv6(0x20010db8, 0x00020000, 0, 0, 64, 0);
    packer.end();
    expect(toHex(packer.take())).toBe(birdTwoOctet.messages[5]);
  });

  test('RFC 4724 §2: End-of-RIB of IPv4 is an empty UPDATE, of IPv6 an empty MP_UNREACH_NLRI', () => {
    const packer = new UpdatePacker(4096);
    packer.addEndOfRib('ipv4-unicast');
    packer.addEndOfRib('ipv6-unicast');
    const updates = unpack(packer.take(), false, 4096);
    expect(updates.map(({ endOfRib }) => endOfRib)).toEqual(['ipv4-unicast', 'ipv6-unicast']);
  });

  test('a group without prefixes leaves no message, and take leaves nothing behind', () => {
    const packer = new UpdatePacker(4096);
    packer.beginReach('ipv4-unicast', BLOCK, IPV4_NEXT_HOP, false);
    packer.end();
    expect([packer.messageCount, packer.byteLength, packer.take().length]).toEqual([0, 0, 0]);
    packer.addEndOfRib('ipv4-unicast');
    expect([packer.take().length, packer.take().length]).toEqual([23, 0]);
  });

  test('refuses attributes that leave no room for a prefix', () => {
    const block = encodeAttributes({ communities: Array.from({ length: 1012 }, (_, i) => i) }, CONTEXT);
    const packer = new UpdatePacker(4096);
    expect(packer.beginReach('ipv4-unicast', block, IPV4_NEXT_HOP, true)).toBe(false);
    expect(new UpdatePacker(65535).beginReach('ipv4-unicast', block, IPV4_NEXT_HOP, true)).toBe(true);
  });
});

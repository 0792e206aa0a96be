import { describe, expect, test } from 'vitest';
import { birdInternal, birdTwoOctet, fromHex, frrExternal, gobgpExternal, toHex } from '../test/captures.ts';
import { attributeHex, updateHex } from '../test/hex.ts';
import { type ReadContext, type ReadUpdate, readUpdate } from '../test/read-update.ts';
import { createUpdateView } from '../update-view.ts';
import { splitUpdate, writeAttributeKey } from './02-update.ts';

const HEADER = 19;
const INTERNAL: ReadContext = {
  fourOctetAsn: true,
  peerType: 'internal',
  addPath: true,
  extendedNextHop: true,
};
const EXTERNAL: ReadContext = { ...INTERNAL, peerType: 'external', addPath: false };

function read(hex: string | undefined, context: ReadContext): ReadUpdate {
  const bytes = fromHex(hex ?? '');
  const update = readUpdate(bytes, HEADER, bytes.length, context);
  if ('kind' in update) throw new Error(update.detail);
  return update;
}

describe('UPDATEs of other speakers', () => {
  test('BIRD: IPv4 in MP_REACH_NLRI with path identifiers, three kinds of communities, MED and LOCAL_PREF', () => {
    expect(read(birdInternal.messages[3], INTERNAL)).toEqual({
      withdrawn: [],
      announced: [],
      reach: {
        family: 'ipv4-unicast',
        nextHop: { kind: 'ipv4', address: 0x0a090002 },
        prefixes: ['192.0.2.0/25#2'],
      },
      attributes: {
        origin: 1,
        asPath: [],
        med: 50,
        localPref: 100,
        communities: [(64512 << 16) | 100].map((value) => value >>> 0),
        extendedCommunities: [{ high: 0x0002fc00, low: 7 }],
        largeCommunities: [{ globalAdministrator: 64512, localData1: 1, localData2: 2 }],
      },
      endOfRib: undefined,
      treatment: undefined,
      faults: [],
    });
  });

  test('BIRD: IPv6 with a global and a link-local next hop, to a two-octet peer with AS4_PATH beside AS_PATH', () => {
    const update = read(birdTwoOctet.messages[5], { ...EXTERNAL, fourOctetAsn: false });
    expect(update.reach).toEqual({
      family: 'ipv6-unicast',
      nextHop: {
        kind: 'ipv6',
        address: [0x20010db8, 0x00090000, 0, 2],
        linkLocal: [0xfe800000, 0, 0x28fe0cff, 0xfe8f1e18],
      },
      prefixes: ['20010db8:00010000:00000000:00000000/48', '20010db8:00020000:00000000:00000000/64'],
    });
    expect(update.attributes).toEqual({ origin: 0, asPath: [{ kind: 'sequence', asns: [4200000001] }] });
    expect(update.faults).toEqual([]);
  });

  test('FRR: an aggregate in the classic fields, behind a path identifier', () => {
    const update = read(frrExternal.messages[2], { ...EXTERNAL, addPath: true });
    expect(update.announced).toEqual(['192.0.2.0/24#2']);
    expect(update.attributes).toEqual({
      origin: 0,
      asPath: [{ kind: 'sequence', asns: [64513] }],
      nextHop: 0x0a090002,
      med: 0,
      aggregator: { asn: 64513, address: 0x0a090002 },
    });
  });

  test('GoBGP: MP_REACH_NLRI behind the other attributes', () => {
    const update = read(gobgpExternal.messages[4], EXTERNAL);
    expect(update.reach?.prefixes).toEqual(['20010db8:00070000:00000000:00000000/48']);
    expect(update.attributes).toEqual({
      origin: 2,
      asPath: [{ kind: 'sequence', asns: [64514] }],
      communities: [0xffff029a],
    });
  });

  test.each([
    ['BIRD', birdInternal, 4, 6],
    ['FRR', frrExternal, 6, 5],
    ['GoBGP', gobgpExternal, 3, 5],
  ] as const)('RFC 4724 §2: knows the End-of-RIB marks of %s', (_name, capture, ipv4, ipv6) => {
    expect(read(capture.messages[ipv4], EXTERNAL).endOfRib).toBe('ipv4-unicast');
    expect(read(capture.messages[ipv6], EXTERNAL).endOfRib).toBe('ipv6-unicast');
  });
});

describe('the key of an attribute block', () => {
  const key = (hex: string): string => {
    const bytes = fromHex(hex);
    const view = createUpdateView();
    expect(splitUpdate(bytes, 0, bytes.length, view)).toBeUndefined();
    const out = new Uint8Array(bytes.length + 1);
    return toHex(out.subarray(0, writeAttributeKey(view, out)));
  };
  const origin = attributeHex(0x40, 1, '00');
  const path = attributeHex(0x40, 2, '0201fa56ea01');
  const reach = attributeHex(0x90, 14, '000101040a0900020018c63364');
  const otherPrefix = attributeHex(0x80, 14, '000101040a0900020020c6336401');
  const unreach = attributeHex(0x80, 15, '00020100');
  const update = (...attributes: string[]): string => updateHex(attributes.join(''));

  test('is the next hop with its length, then the block without the multiprotocol attributes', () => {
    expect(key(update(reach, origin, path))).toBe(`040a090002${origin}${path}`);
  });

  test('does not depend on the prefixes or on where the multiprotocol attributes stand', () => {
    const expected = key(update(reach, origin, path));
    expect(key(update(origin, path, otherPrefix))).toBe(expected);
    expect(key(update(origin, reach, unreach, path))).toBe(expected);
    expect(key(update(unreach, origin, path, reach))).toBe(expected);
  });

  test('has an empty next hop when there is no MP_REACH_NLRI', () => {
    expect(key(update(origin, path))).toBe(`00${origin}${path}`);
    expect(key(update(unreach, origin))).toBe(`00${origin}`);
  });
});

describe('RFC 4271 §6.3, RFC 7606 §3: UPDATEs that cannot be split', () => {
  const cases: readonly [string, string, number][] = [
    ['withdrawn routes beyond the message', '00050000', 1],
    ['attributes beyond the message', '0000000540010100', 1],
    ['a body of three octets', '000000', 1],
    ['two MP_REACH_NLRI', updateHex(attributeHex(0x80, 14, '0002010000').repeat(2)), 1],
    ['two MP_UNREACH_NLRI', updateHex(attributeHex(0x80, 15, '000201').repeat(2)), 1],
    ['MP_REACH_NLRI too short for its next hop', updateHex(attributeHex(0x80, 14, '00020110000000')), 9],
    ['MP_REACH_NLRI of four octets', updateHex(attributeHex(0x80, 14, '00020100')), 9],
    ['MP_UNREACH_NLRI without a family', updateHex(attributeHex(0x80, 15, '0002')), 9],
    ['a prefix of 33 bits', updateHex('', '21c000020000'), 10],
    ['a withdrawn prefix cut short', updateHex('', '', '20c00002'), 10],
    ['a prefix of 129 bits in MP_UNREACH_NLRI', updateHex(attributeHex(0x80, 15, '00020181')), 9],
  ];
  test.each(cases)('resets the session for %s', (_name, hex, subcode) => {
    const bytes = fromHex(hex);
    const update = readUpdate(bytes, 0, bytes.length, EXTERNAL);
    expect(update).toMatchObject({ kind: 'session-error', notification: { code: 3, subcode } });
  });
});

/** Every attribute × every fault → treatment. */

import { describe, expect, test } from 'vitest';
import type { FaultName, Treatment } from '../error.ts';
import { fromHex, toHex } from '../test/captures.ts';
import { attributeHex, octets, updateHex } from '../test/hex.ts';
import { type ReadContext, type ReadUpdate, readUpdate } from '../test/read-update.ts';
import { parseAttributes } from './decode.ts';
import { ATTRIBUTES } from './table.ts';

const INTERNAL: ReadContext = {
  fourOctetAsn: true,
  peerType: 'internal',
  addPath: false,
  extendedNextHop: false,
};
const EXTERNAL: ReadContext = { ...INTERNAL, peerType: 'external' };
const TWO_OCTET: ReadContext = { ...EXTERNAL, fourOctetAsn: false };

/** Good values, in four-octet form. */
const GOOD: Readonly<Record<number, string>> = {
  1: '00',
  2: '02010000fc00',
  3: '0a000001',
  4: '00000001',
  5: '00000064',
  6: '',
  7: '0000fc000a000001',
  8: 'fc000001',
  9: '0a000001',
  10: '0a000001',
  16: '0002fc0000000001',
  17: '02010000fc00',
  18: '0000fc000a000001',
  32: '0000fc000000000100000002',
  35: '0000fc00',
};
const FLAGS: Readonly<Record<number, number>> = Object.fromEntries(
  ATTRIBUTES.map(({ code, flags }) => [code, flags]),
);
const PREFIX = '18c63364';

/** An announcement that has everything it needs, with one attribute in place of the good one or added. */
function announce(code: number, attribute: string, context: ReadContext): ReadUpdate {
  const mandatory = [1, 2, 3].map((item) => (item === code ? '' : goodAttribute(item, context)));
  return judge(updateHex(mandatory.join('') + attribute, PREFIX), context);
}

function judge(hex: string, context: ReadContext): ReadUpdate {
  const bytes = fromHex(hex);
  const update = readUpdate(bytes, 0, bytes.length, context);
  if ('kind' in update) throw new Error(update.detail);
  return update;
}

function goodAttribute(code: number, context: ReadContext): string {
  const value = code === 2 && !context.fourOctetAsn ? '0201fc00' : (GOOD[code] ?? '');
  return attributeHex(FLAGS[code] ?? 0, code, value);
}

describe('RFC 7606 §7 wrong lengths and values', () => {
  type Row = readonly [
    name: string,
    code: number,
    value: string,
    fault: FaultName,
    treatment: Treatment,
    context?: ReadContext,
  ];
  const rows: readonly Row[] = [
    ['ORIGIN of no octet', 1, '', 'length', 'treat-as-withdraw'],
    ['ORIGIN of two octets', 1, '0000', 'length', 'treat-as-withdraw'],
    ['ORIGIN 3', 1, '03', 'value', 'treat-as-withdraw'],
    ['AS_PATH segment of an unknown type', 2, '05010000fc00', 'value', 'treat-as-withdraw'],
    ['AS_PATH segment longer than the value', 2, '02020000fc00', 'value', 'treat-as-withdraw'],
    ['AS_PATH with one octet left over', 2, '02010000fc0002', 'value', 'treat-as-withdraw'],
    ['AS_PATH segment without AS numbers', 2, '0200', 'value', 'treat-as-withdraw'],
    ['AS_PATH with AS 0 (RFC 7607)', 2, '020100000000', 'value', 'treat-as-withdraw'],
    ['AS_PATH with a confederation segment (RFC 5065)', 2, '03010000fc00', 'value', 'treat-as-withdraw'],
    ['NEXT_HOP of three octets', 3, '0a0000', 'length', 'treat-as-withdraw'],
    ['NEXT_HOP 0.0.0.0', 3, '00000000', 'value', 'treat-as-withdraw'],
    ['NEXT_HOP 224.0.0.5', 3, 'e0000005', 'value', 'treat-as-withdraw'],
    ['MULTI_EXIT_DISC of three octets', 4, '000001', 'length', 'treat-as-withdraw'],
    ['LOCAL_PREF of three octets', 5, '000064', 'length', 'treat-as-withdraw', INTERNAL],
    ['LOCAL_PREF of three octets', 5, '000064', 'length', 'attribute-discard', EXTERNAL],
    ['LOCAL_PREF', 5, '00000064', 'not-allowed-from-external', 'attribute-discard', EXTERNAL],
    ['ATOMIC_AGGREGATE of one octet', 6, '00', 'length', 'attribute-discard'],
    ['AGGREGATOR of six octets', 7, 'fc000a000001', 'length', 'attribute-discard'],
    ['AGGREGATOR of eight octets', 7, '0000fc000a000001', 'length', 'attribute-discard', TWO_OCTET],
    ['AGGREGATOR with AS 0 (RFC 7607)', 7, '000000000a000001', 'value', 'attribute-discard'],
    ['COMMUNITIES of no octet', 8, '', 'length', 'treat-as-withdraw'],
    ['COMMUNITIES of five octets', 8, 'fc00000100', 'length', 'treat-as-withdraw'],
    ['ORIGINATOR_ID of five octets', 9, '0a00000100', 'length', 'treat-as-withdraw', INTERNAL],
    ['ORIGINATOR_ID of five octets', 9, '0a00000100', 'length', 'attribute-discard', EXTERNAL],
    ['ORIGINATOR_ID', 9, '0a000001', 'not-allowed-from-external', 'attribute-discard', EXTERNAL],
    ['CLUSTER_LIST of no octet', 10, '', 'length', 'treat-as-withdraw', INTERNAL],
    ['CLUSTER_LIST of no octet', 10, '', 'length', 'attribute-discard', EXTERNAL],
    ['CLUSTER_LIST', 10, '0a000001', 'not-allowed-from-external', 'attribute-discard', EXTERNAL],
    ['extended communities of seven octets', 16, '0002fc00000000', 'length', 'treat-as-withdraw'],
    ['extended communities of no octet', 16, '', 'length', 'treat-as-withdraw'],
    ['AS4_PATH with a broken segment (RFC 6793)', 17, '0202', 'value', 'attribute-discard', TWO_OCTET],
    ['AS4_PATH of no octet', 17, '', 'length', 'attribute-discard', TWO_OCTET],
    ['AS4_PATH', 17, '02010000fc00', 'not-allowed-from-four-octet-peer', 'attribute-discard'],
    ['AS4_AGGREGATOR of six octets', 18, 'fc000a000001', 'length', 'attribute-discard', TWO_OCTET],
    ['AS4_AGGREGATOR', 18, '0000fc000a000001', 'not-allowed-from-four-octet-peer', 'attribute-discard'],
    ['LARGE_COMMUNITY of eleven octets (RFC 8092)', 32, '00'.repeat(11), 'length', 'treat-as-withdraw'],
    ['LARGE_COMMUNITY of no octet', 32, '', 'length', 'treat-as-withdraw'],
    ['OTC of five octets (RFC 9234)', 35, '0000fc0000', 'length', 'treat-as-withdraw'],
  ];
  const cases = rows.map(([name, code, value, fault, treatment, context = EXTERNAL]) => {
    return { name, code, value, fault, treatment, context, from: context.peerType };
  });
  test.each(cases)('$name from an $from peer: $fault is $treatment', (row) => {
    const { code, value, fault, treatment, context } = row;
    const update = announce(code, attributeHex(FLAGS[code] ?? 0, code, value), context);
    expect(update.faults).toEqual([`${code} ${fault}`]);
    expect(update.treatment).toBe(treatment);
  });

  test('has a row for every attribute of the table', () => {
    const covered = new Set(rows.map(([, code]) => code));
    expect(ATTRIBUTES.map(({ code }) => code).filter((code) => !covered.has(code))).toEqual([]);
  });
});

/** Lengths up to 40 octets that a value cannot have; AS_PATH and AS4_PATH have any, and are faulty by value. */
function wrongLengths(code: number): number[] {
  const unit = { 8: 4, 10: 4, 16: 8, 32: 12 }[code];
  const exact = { 1: 1, 3: 4, 4: 4, 5: 4, 6: 0, 7: 8, 9: 4, 18: 8, 35: 4 }[code];
  if (unit === undefined && exact === undefined) return [];
  const lengths = Array.from({ length: 41 }, (_item, length) => length);
  return lengths.filter((length) =>
    unit === undefined ? length !== exact : length === 0 || length % unit !== 0,
  );
}

describe('RFC 7606 faults any attribute can have, from peers of both kinds', () => {
  const codes = ATTRIBUTES.map(({ code, name }) => [name, code] as const);
  const contextOf = (code: number, peerType: 'internal' | 'external' = 'internal'): ReadContext => ({
    ...INTERNAL,
    peerType,
    fourOctetAsn: code !== 17 && code !== 18,
  });
  /** LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST are dropped from external peers whatever is wrong with them: §7.5, §7.9, §7.10. */
  const isDropped = (code: number, from: string): boolean => from === 'external' && [5, 9, 10].includes(code);
  const cases = codes.flatMap(([name, code]) =>
    (['internal', 'external'] as const).map((from) => ({ name, code, from, context: contextOf(code, from) })),
  );

  describe.each(cases)('$name from an $from peer', ({ code, from, context }) => {
    const flags = FLAGS[code] ?? 0;
    const value = GOOD[code] ?? '';

    test.each([
      ['Optional', 0x80],
      ['Transitive', 0x40],
    ])('§3 c: the wrong %s bit', (_bit, mask) => {
      const update = announce(code, attributeHex(flags ^ mask, code, value), context);
      const treatment = isDropped(code, from) ? 'attribute-discard' : 'treat-as-withdraw';
      expect(update).toMatchObject({ treatment, faults: [`${code} flags`] });
    });

    test('§3 g: the second is discarded, the first one stays', () => {
      const good = goodAttribute(code, context);
      const update = announce(code, good + good, context);
      expect(update.treatment).toBe('attribute-discard');
      expect(update.faults).toContain(`${code} duplicate`);
    });

    test('§4: an attribute list that ends inside it, wherever, is treat-as-withdraw', () => {
      const whole = attributeHex(flags, code, `${value}00`);
      for (let octetsLeft = 2; octetsLeft * 2 < whole.length; octetsLeft += 1) {
        const update = announce(code, whole.slice(0, octetsLeft * 2), context);
        expect(update.faults).toContain(`${code} overrun`);
        expect(update.treatment).toBe('treat-as-withdraw');
      }
    });

    test('§7: every wrong length', () => {
      const discarded = isDropped(code, from) || [6, 7, 18].includes(code);
      const treatment = discarded ? 'attribute-discard' : 'treat-as-withdraw';
      for (const length of wrongLengths(code)) {
        const update = announce(code, attributeHex(flags, code, '01'.repeat(length)), context);
        expect(update).toMatchObject({ treatment, faults: [`${code} length`] });
      }
    });
  });

  test('§4: one octet of an attribute list is too few to say which attribute it was', () => {
    const update = announce(99, 'c0', EXTERNAL);
    expect(update).toMatchObject({ treatment: 'treat-as-withdraw', faults: ['0 overrun'] });
  });

  test.each(codes)('reads a good %s without a fault, also with the longer length field', (_name, code) => {
    const context = contextOf(code);
    const value = code === 2 && !context.fourOctetAsn ? '0201fc00' : (GOOD[code] ?? '');
    const long = attributeHex((FLAGS[code] ?? 0) | 0x10, code, value);
    expect(announce(code, long, context)).toMatchObject({ treatment: undefined, faults: [] });
  });

  test.each([
    ['ORIGIN', 1],
    ['AS_PATH', 2],
    ['NEXT_HOP', 3],
  ])('d: an announcement without %s is treat-as-withdraw', (_name, code) => {
    for (const context of [INTERNAL, EXTERNAL, TWO_OCTET]) {
      const update = announce(code, '', context);
      expect(update).toMatchObject({ treatment: 'treat-as-withdraw', faults: [`${code} missing`] });
    }
  });

  test('d: prefixes in MP_REACH_NLRI need no NEXT_HOP', () => {
    const reach = attributeHex(0x80, 14, `00020110${'20010db8'.repeat(4)}0030${'20010db80001'}`);
    const attributes = reach + goodAttribute(1, EXTERNAL) + goodAttribute(2, EXTERNAL);
    expect(judge(updateHex(attributes), EXTERNAL).treatment).toBeUndefined();
  });

  test('h: of several faults the strongest decides', () => {
    const discard = attributeHex(0x40, 6, '00');
    const update = announce(1, attributeHex(0x40, 1, '07') + discard, EXTERNAL);
    expect(update).toMatchObject({ treatment: 'treat-as-withdraw', faults: ['1 value', '6 length'] });
  });

  test('RFC 4271 §6.3: a well-known attribute that is not known resets the session', () => {
    const update = announce(99, attributeHex(0x40, 99, 'aa'), EXTERNAL);
    expect(update).toMatchObject({ treatment: 'session-reset', faults: ['99 unrecognized-well-known'] });
  });

  test('keeps an unknown optional attribute byte for byte', () => {
    const update = announce(99, attributeHex(0xf0, 99, 'c0ffee'), EXTERNAL);
    expect(update.attributes.unknown).toEqual([{ flags: 0xe0, code: 99, value: fromHex('c0ffee') }]);
    expect(update.treatment).toBeUndefined();
  });
});

describe('RFC 7606 §5', () => {
  test('5.2: a fault without prefixes resets the session, for it may hide them', () => {
    const update = judge(updateHex(attributeHex(0x40, 1, '09'), '', PREFIX), EXTERNAL);
    expect(update.treatment).toBe('session-reset');
  });

  test('5.2: without prefixes an attribute can still be discarded', () => {
    const update = judge(updateHex(attributeHex(0x40, 6, '00'), '', PREFIX), EXTERNAL);
    expect(update.treatment).toBe('attribute-discard');
  });

  test('5.2: withdrawals alone need no attributes', () => {
    expect(judge(updateHex('', '', PREFIX), EXTERNAL).treatment).toBeUndefined();
  });

  const reach = (afi: number, nextHop: string, prefix: string, flags = 0x80): string =>
    attributeHex(flags, 14, `${octets(afi, 2)}01${octets(nextHop.length / 2, 1)}${nextHop}00${prefix}`);
  const rest = goodAttribute(1, EXTERNAL) + goodAttribute(2, EXTERNAL);
  const ipv6 = '20010db8'.repeat(4);

  test.each([
    ['IPv6 with an IPv4 next hop', reach(2, '0a000001', '00'), false, 'treat-as-withdraw'],
    ['IPv6 with a global and a link-local next hop', reach(2, ipv6 + ipv6, '00'), false, undefined],
    ['IPv4 with an IPv6 next hop that was not agreed on', reach(1, ipv6, '00'), false, 'treat-as-withdraw'],
    ['IPv4 with an IPv6 next hop (RFC 8950)', reach(1, ipv6, '00'), true, undefined],
    ['IPv4 with a next hop of five octets', reach(1, '0a00000100', '00'), true, 'treat-as-withdraw'],
    ['MP_REACH_NLRI marked transitive', reach(2, ipv6, '00', 0xc0), false, 'treat-as-withdraw'],
    ['a family this speaker does not route', reach(25, '0a', 'ffff'), false, undefined],
  ])('%s', (_name, attribute, extendedNextHop, treatment) => {
    const update = judge(updateHex(attribute + rest), { ...EXTERNAL, extendedNextHop });
    expect(update.treatment).toBe(treatment);
  });
});

describe('RFC 4271 §6.3 NOTIFICATION data, should a fault end the session', () => {
  test.each([
    ['flags: 3/4 with the attribute', attributeHex(0xc0, 1, '00'), 4, 'c0010100'],
    ['length: 3/5 with the attribute', attributeHex(0x40, 1, '0000'), 5, '4001020000'],
    ['ORIGIN: 3/6 with the attribute', attributeHex(0x40, 1, '09'), 6, '40010109'],
    ['AS_PATH: 3/11', attributeHex(0x40, 2, '0901'), 11, '4002020901'],
    ['unknown well-known: 3/2 with the attribute', attributeHex(0x40, 77, ''), 2, '404d00'],
  ])('%s', (_name, attribute, subcode, data) => {
    const bytes = fromHex(attribute);
    const [fault] = parseAttributes(bytes, 0, bytes.length, EXTERNAL).faults;
    expect(fault?.notification).toMatchObject({ code: 3, subcode });
    expect(toHex(fault?.notification.data ?? new Uint8Array())).toBe(data);
  });
});

import { address, containsPrefix, prefix, prefixLength, prefixOf } from '@weft/ip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { familyOfPrefix, toWords } from '../rib/tables.ts';
import { createRouteFacts } from './facts.ts';
import { compilePrefixMatch } from './prefix-matcher.ts';
import type { PrefixMatch } from './rule.ts';

function matches(match: PrefixMatch, text: string): boolean {
  const facts = createRouteFacts(familyOfPrefix(prefix(text)));
  [facts.word0, facts.word1, facts.word2, facts.word3] = toWords(prefix(text));
  facts.length = prefixLength(prefix(text));
  return compilePrefixMatch(match)(facts);
}

const pool = prefix('10.244.0.0/16');

describe('BGPFilter prefix matches of Calico', () => {
  test.each<[string, Omit<PrefixMatch, 'prefix'>, string[], string[]]>([
    [
      'In: the prefix itself and all below it',
      { operator: 'in' },
      ['10.244.0.0/16', '10.244.1.0/26', '10.244.1.1/32'],
      ['10.0.0.0/8', '10.245.0.0/16', 'fd00::/64'],
    ],
    [
      'NotIn: everything else, the other family too',
      { operator: 'not-in' },
      ['10.0.0.0/8', '10.245.0.0/16', 'fd00::/64'],
      ['10.244.0.0/16', '10.244.1.0/26'],
    ],
    ['Equal: the prefix alone', { operator: 'equal' }, ['10.244.0.0/16'], ['10.244.0.0/17', '10.0.0.0/8']],
    [
      'NotEqual: all but the prefix',
      { operator: 'not-equal' },
      ['10.244.0.0/17', '10.0.0.0/8', 'fd00::/64'],
      ['10.244.0.0/16'],
    ],
    [
      'In with lengths: only those lengths below it',
      { operator: 'in', minLength: 24, maxLength: 26 },
      ['10.244.1.0/24', '10.244.1.0/26'],
      ['10.244.0.0/16', '10.244.1.1/32'],
    ],
    [
      'a minimum below the prefix length is raised to it',
      { operator: 'in', minLength: 8 },
      ['10.244.0.0/16', '10.244.1.1/32'],
      ['10.0.0.0/8'],
    ],
    ['a maximum above 32 is lowered to it', { operator: 'in', maxLength: 128 }, ['10.244.1.1/32'], []],
    [
      'only a maximum: from the prefix on',
      { operator: 'in', maxLength: 17 },
      ['10.244.0.0/16', '10.244.128.0/17'],
      ['10.244.0.0/18'],
    ],
    [
      'Equal with lengths: the same pattern as In',
      { operator: 'equal', minLength: 26, maxLength: 26 },
      ['10.244.1.0/26'],
      ['10.244.0.0/16'],
    ],
    [
      'NotEqual with lengths: not that pattern',
      { operator: 'not-equal', minLength: 26 },
      ['10.244.0.0/16'],
      ['10.244.1.0/26'],
    ],
  ])('%s', (_claim, match, yes, no) => {
    for (const text of yes) expect(matches({ ...match, prefix: pool }, text), text).toBe(true);
    for (const text of no) expect(matches({ ...match, prefix: pool }, text), text).toBe(false);
  });

  test('agrees with text arithmetic for every prefix of both families', () => {
    const bits = fc.constantFrom('10.244.0.0', '10.244.1.128', '10.0.0.0', '0.0.0.0', '255.255.255.255');
    const ipv4 = fc.tuple(bits, fc.nat(32)).map(([text, length]) => mask(text, length));
    const words = fc.constantFrom(
      'fd00::',
      'fd00:1:2:3:4:5:6:7',
      'fd00:1:2:3::',
      '::',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    );
    const ipv6 = fc.tuple(words, fc.nat(128)).map(([text, length]) => mask(text, length));
    const any = fc.oneof(ipv4, ipv6);
    fc.assert(
      fc.property(any, any, (outer, inner) => {
        const contained = containsPrefix(prefix(outer), prefix(inner));
        expect(matches({ operator: 'in', prefix: prefix(outer) }, inner)).toBe(contained);
        expect(matches({ operator: 'not-in', prefix: prefix(outer) }, inner)).toBe(!contained);
        expect(matches({ operator: 'equal', prefix: prefix(outer) }, inner)).toBe(outer === inner);
      }),
      { numRuns: 500 },
    );
  });
});

/** Writes the prefix of a length that holds an address. */
function mask(text: string, length: number): string {
  return prefixOf(address(text), length);
}

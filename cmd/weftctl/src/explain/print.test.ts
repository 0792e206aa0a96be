import type { Chain } from '@weft/explain';
import { expect, test } from 'vitest';
import { printChains } from './print.ts';

const taken: Chain = {
  destination: '10.1.0.5',
  from: 'n2',
  verdict: { answer: 'yes', sentence: 'n2 has a way to 10.1.0.5.' },
  hops: [{ stage: 'pool', answer: 'yes', says: 'IPPool pods (10.1.0.0/16)' }],
};

const refused: Chain = {
  destination: '10.1.0.5',
  from: 'n3',
  verdict: {
    answer: 'no',
    stage: 'export',
    rule: 'BGPFilter quiet exportV4[0]',
    sentence: '10.1.0.5 from n3: n1 does not send it (BGPFilter quiet exportV4[0]).',
    next: 'Read the filter.',
  },
  hops: [
    { stage: 'pool', answer: 'yes', says: 'IPPool pods (10.1.0.0/16)' },
    {
      stage: 'export',
      node: 'n1',
      answer: 'no',
      says: 'n1 does not send it',
      rule: 'BGPFilter quiet exportV4[0]',
    },
    { stage: 'lookup', node: 'n3', answer: 'note', says: 'no route' },
  ],
};

test('one chain: the verdict, what to do, and every step with its rule, aligned', () => {
  expect(printChains([refused], true)).toBe(`\
NO: 10.1.0.5 from n3: n1 does not send it (BGPFilter quiet exportV4[0]).
  Read the filter.
  yes        pool     IPPool pods (10.1.0.0/16)
  NO    n1   export   n1 does not send it [BGPFilter quiet exportV4[0]]
  -     n3   lookup   no route`);
});

test('several: all in short, and in full once for each kind of trouble', () => {
  const text = printChains([taken, refused, { ...refused, from: 'n4' }], false);
  expect(text.split('\n\n')).toHaveLength(2);
  expect(text).toContain('n2     yes   n2 has a way to 10.1.0.5.');
  expect(text.match(/Read the filter/g)).toHaveLength(1);
});

test('several without trouble: one of them in full', () => {
  expect(printChains([taken, { ...taken, from: 'n4' }], false).match(/IPPool pods/g)).toHaveLength(1);
});

test('marks are painted where there is a terminal', () => {
  expect(printChains([refused], true, (tone, text) => `<${tone}>${text}`)).toContain('<bad>NO');
});

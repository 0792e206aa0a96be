import type { Divergence } from '@weft/recording';
import { expect, it } from 'vitest';
import { version } from '../version.ts';
import { verdict } from './replay-command.ts';

const DIVERGENCE: Divergence = { at: 0, what: 'announcement', name: '10.1.0.0/26', recordedBy: version };

it('blames weft only for what the same weft has recorded', () => {
  expect(verdict([], [])).toBe('The replay decides as was recorded.');
  expect(verdict([], ['segment 3'])).toMatch(/where it could be decided/);
  expect(verdict([DIVERGENCE], [])).toMatch(/otherwise 1 times, which is a mistake of weft/);
  expect(verdict([{ ...DIVERGENCE, recordedBy: '0.0.9' }], [])).toBe(
    `The replay decides otherwise 1 times; recorded by weftd 0.0.9, decided by ${version}: differences may be changes of weft:`,
  );
});

import { expect, it } from 'vitest';
import { pool } from '../contract/samples.ts';
import { portable } from './comparable.ts';

it('an object for another store has its name, labels and annotations, and nothing that was the first one’s business', () => {
  const { metadata, ...rest } = pool('a');
  const own = { name: 'a', labels: { team: 'x' }, annotations: { note: 'y' } };
  const ofTheStore = {
    uid: 'u',
    resourceVersion: '7',
    creationTimestamp: '2026-01-31T12:00:00Z',
    deletionTimestamp: '2026-01-31T12:00:00Z',
    deletionGracePeriodSeconds: 0,
    finalizers: ['x/y'],
  };
  expect(portable({ ...rest, metadata: { ...metadata, ...own, ...ofTheStore } }).metadata).toEqual(own);
});

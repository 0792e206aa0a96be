import { createRandom } from 'bgp-speaker-ts';
import { expect, test } from 'vitest';
import { Timeline } from './timeline.ts';

test('takes moments by time, and what happens in one in the order it was said', () => {
  const random = createRandom(7);
  const timeline = new Timeline();
  const happened: [number, number][] = [];
  const said = Array.from({ length: 500 }, (_, order) => [Math.floor(random() * 100), order] as const);
  for (const [at, order] of said) timeline.add(at, () => happened.push([at, order]));
  while (timeline.next !== Number.POSITIVE_INFINITY) for (const happening of timeline.take()) happening();
  expect(happened).toEqual(said.toSorted(([a, first], [b, second]) => a - b || first - second));
});

test('has nothing to take when nothing was said', () => {
  const timeline = new Timeline();
  expect(timeline.next).toBe(Number.POSITIVE_INFINITY);
  expect(timeline.take()).toEqual([]);
});

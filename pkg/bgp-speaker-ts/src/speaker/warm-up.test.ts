import { expect, test } from 'vitest';
import { Speaker } from './speaker.ts';
import { warmUp } from './warm-up.ts';

test('warming up takes routes in and tells them to all that may have them', () => {
  const sent = new Map<string, number>();
  const takeActions = Speaker.prototype.takeActions;
  Speaker.prototype.takeActions = function () {
    const actions = takeActions.call(this);
    for (const action of actions)
      if (action.kind === 'send') sent.set(action.peer, (sent.get(action.peer) ?? 0) + action.bytes.length);
    return actions;
  };
  const steps = [...warmUp()].length;
  Speaker.prototype.takeActions = takeActions;
  expect(steps).toBeGreaterThan(10);
  expect([...sent.values()].every((bytes) => bytes > 100_000)).toBe(true);
  expect(sent.size).toBe(4);
});

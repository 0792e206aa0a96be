import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemScheduler } from './scheduler.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('waits as long as it can when a month is more than that, and not for a millisecond', () => {
  const run = vi.fn();
  systemScheduler.after(30 * 86_400_000, run);
  vi.advanceTimersByTime(86_400_000);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(29 * 86_400_000);
  expect(run).toHaveBeenCalledTimes(1);
});

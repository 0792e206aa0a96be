/** Whom one asks, and when. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { firstAnswer } from './first-answer.ts';

type Question = PromiseWithResolvers<string> & { readonly signal: AbortSignal };

/** What was asked, by whom. */
let questions: Map<string, Question>;

const asked = (): string[] => [...questions.keys()];

/** Answers when the test says so. */
function ask(name: string, signal: AbortSignal): Promise<string> {
  const question = { ...Promise.withResolvers<string>(), signal };
  questions.set(name, question);
  return question.promise;
}

setFlagsFromString('--expose-gc');
/** Signals that nobody holds any more tell nobody that they were aborted. */
const collectGarbage: () => void = runInNewContext('gc');

const passes = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => {
  questions = new Map();
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

describe('the first answer', () => {
  it('is that of the first alone, where it answers', async () => {
    const answer = firstAnswer(['a', 'b'], ask);
    await passes(50);
    questions.get('a')?.resolve('of a');
    expect(await answer).toBe('of a');
    collectGarbage();
    await passes(1_000);
    expect(asked()).toEqual(['a']);
  });

  it('is waited for with one more question each 100 ms, and the others are given up', async () => {
    const answer = firstAnswer(['a', 'b', 'c', 'd'], ask);
    await passes(99);
    expect(asked()).toEqual(['a']);
    await passes(101);
    expect(asked()).toEqual(['a', 'b', 'c']);
    questions.get('b')?.resolve('of b');
    expect(await answer).toBe('of b');
    expect(questions.get('a')?.signal.aborted).toBe(true);
    await passes(1_000);
    expect(asked()).toEqual(['a', 'b', 'c']);
  });

  it('comes from a slow one where the others fail', async () => {
    const answer = firstAnswer(['a', 'b'], ask);
    await passes(100);
    questions.get('b')?.reject(new Error('b is away'));
    await passes(1_000);
    questions.get('a')?.resolve('of a');
    expect(await answer).toBe('of a');
  });

  it('does not wait for the next turn when one fails', async () => {
    const answer = firstAnswer(['a', 'b'], ask);
    await passes(0);
    questions.get('a')?.reject(new Error('a is away'));
    await passes(0);
    expect(asked()).toEqual(['a', 'b']);
    questions.get('b')?.resolve('of b');
    expect(await answer).toBe('of b');
  });

  it('is the failure of the first where all fail', async () => {
    const answer = firstAnswer(['a', 'b'], async (name) => {
      throw new Error(`${name} is away`);
    });
    await expect(answer).rejects.toThrow('a is away');
  });

  it('is asked of nobody else once it is given up', async () => {
    const leaving = new AbortController();
    const answer = firstAnswer(['a', 'b'], ask, leaving.signal);
    answer.catch(() => undefined);
    await passes(0);
    leaving.abort(new Error('the browser is gone'));
    expect(questions.get('a')?.signal.aborted).toBe(true);
    questions.get('a')?.reject(leaving.signal.reason);
    await expect(answer).rejects.toThrow('the browser is gone');
    expect(asked()).toEqual(['a']);
  });
});

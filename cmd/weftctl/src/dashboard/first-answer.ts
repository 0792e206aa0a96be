/** Asks daemons that can all answer the same, until one does. */

/** For so long one is asked alone, in ms: answers take a part of it, and nobody notices it. */
const ALONE_MS = 100;

/**
 * The first answer. They are asked in their order, the next when the one before has failed or was silent for ALONE_MS: not all at
 * once, since that would be a thousand questions for one answer. The signal of those that are still asked says when it is over: one has
 * answered, or `givenUp`. Throws what the first of them failed with where all have.
 */
export async function firstAnswer<Target, Answer>(
  targets: readonly Target[],
  ask: (target: Target, signal: AbortSignal) => Promise<Answer>,
  givenUp?: AbortSignal,
): Promise<Answer> {
  const over = new AbortController();
  const { signal } = over;
  // Not AbortSignal.any: it holds its sources weakly, and does not hear of an abort by one that was collected since.
  givenUp?.throwIfAborted();
  givenUp?.addEventListener('abort', () => over.abort(givenUp.reason), { signal });
  let turn: Promise<unknown> = Promise.resolve();
  const answers = targets.map((target) => {
    const answer = turn.then(() => {
      signal.throwIfAborted();
      return ask(target, signal);
    });
    turn = turn.then(() => Promise.race([failureOf(answer), pause()]));
    return answer;
  });
  try {
    return await Promise.any(answers);
  } catch (error) {
    throw (error as AggregateError).errors[0];
  } finally {
    over.abort();
  }
}

/** Is over when it has failed, and never else. */
function failureOf(answer: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve) => answer.catch(resolve));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ALONE_MS));
}

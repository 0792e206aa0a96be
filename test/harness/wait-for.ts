/**
 * Waits for a condition, with a deadline: the only way a test waits.
 */

/**
 * Asks until the answer is neither false nor undefined, and returns it; at the deadline it fails with what was wanted.
 *
 * @param intervalMilliseconds pause between two questions; longer where a question costs a process
 */
export async function waitFor<T>(
  wanted: string,
  ask: () => T | Promise<T>,
  deadlineMilliseconds = 15_000,
  intervalMilliseconds = 5,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + deadlineMilliseconds;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMilliseconds} ms: ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, intervalMilliseconds));
  }
}

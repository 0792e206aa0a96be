/**
 * Progress on stderr, one line a step.
 */

/** A sink for steps, each shown with the seconds since the first. */
export function progressPrinter(): (step: string) => void {
  const start = performance.now();
  return (step) => {
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stderr.write(`[${seconds.padStart(5)} s] ${step}\n`);
  };
}

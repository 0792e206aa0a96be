/**
 * When has a lab converged? When every host's sessions are Established and every block of one host is a route in the
 * kernel of all others. What is missing is said in words, because that is what a user sees at the deadline.
 */
import { LabError } from './issues.ts';
import { type HostObservation, observe } from './observe.ts';
import type { Progress } from './progress.ts';

/** What keeps the lab from being converged, in words; empty when it is. */
function convergenceGaps(hosts: readonly HostObservation[]): string[] {
  return hosts.flatMap((host) => [...sessionGaps(host), ...routeGaps(host, hosts)]);
}

function sessionGaps({ host, sessions }: HostObservation): string[] {
  return sessions
    .filter(({ state }) => state !== 'Established')
    .map(({ peer, state }) => `${host}: the session with ${peer} is ${state}`);
}

function routeGaps({ host, routes }: HostObservation, hosts: readonly HostObservation[]): string[] {
  const known = new Set(routes);
  return hosts
    .filter((other) => other.host !== host)
    .flatMap((other) => other.blocks.map((block) => ({ block, owner: other.host })))
    .filter(({ block }) => !known.has(block))
    .map(({ block, owner }) => `${host}: no route to ${block} of ${owner}`);
}

const convergenceDeadlineMilliseconds = 120_000;
const shortestPauseMilliseconds = 50;

/** Waits until the lab has converged. Throws `LabError` that says what is missing at the deadline. */
export async function waitForConvergence(lab: string, progress: Progress): Promise<void> {
  const deadline = performance.now() + convergenceDeadlineMilliseconds;
  for (let said = ''; ; ) {
    const start = performance.now();
    const gaps = convergenceGaps(await observe(lab));
    if (gaps.length === 0) return;
    if (performance.now() > deadline) throw notConverged(lab, gaps);
    const step = `waiting for convergence: ${gaps.length} missing`;
    if (step !== said) progress(step);
    said = step;
    // Looking takes time from the daemons: with many hosts no more than a fifth of it.
    const pause = Math.max(shortestPauseMilliseconds, 4 * (performance.now() - start));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function notConverged(lab: string, gaps: readonly string[]): LabError {
  const shown = gaps.slice(0, 5).join('\n  ');
  const more = gaps.length > 5 ? `\n  and ${gaps.length - 5} more` : '';
  return new LabError(
    `the lab did not converge within ${convergenceDeadlineMilliseconds / 1000} s:\n  ${shown}${more}`,
    lab,
    'look for a host that cannot be reached, or for a peering that the topology does not have',
  );
}

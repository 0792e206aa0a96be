/**
 * The daemon as the driver asks it: with some patience while it restarts, and its refusals in Docker's three parts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlError } from '@weft/control';
import { type Refusal, refuse } from '@weft/docker';

/** How long a weftd that does not listen is waited for: a restart takes a second or two. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 100;

/** What the daemon answers, or why not. Asks again while nobody listens on its socket. */
export async function askWeftd<T extends object>(
  ask: () => Promise<T>,
  patienceMilliseconds: number = PATIENCE_MS,
): Promise<T | Refusal> {
  const deadline = performance.now() + patienceMilliseconds;
  for (;;) {
    const answer = await attempt(ask);
    if (answer !== 'away') return answer;
    if (performance.now() > deadline) return weftdIsAway();
    await sleep(RETRY_MS);
  }
}

async function attempt<T extends object>(ask: () => Promise<T>): Promise<T | Refusal | 'away'> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return error.code === 'unreachable' ? 'away' : refuse(error.what, error.object, error.hint);
  }
}

function weftdIsAway(): Refusal {
  return refuse(
    'weftd does not answer',
    'the daemon of weft on this host',
    'Start it: systemctl start weftd.',
  );
}

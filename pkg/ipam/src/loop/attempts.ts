/**
 * Compare-and-swap loops: an attempt that finds somebody else was first says `again`, and starts over from a new read.
 */

/** How often a loop starts over before it reports contention. Calico's `datastoreRetries`; no pause in between. */
export const MAX_ATTEMPTS = 100;

/** What an attempt returns when another writer was first. */
export const again: unique symbol = Symbol('again');

/** Every attempt was lost to another writer. */
export interface Contention {
  readonly kind: 'contention';
}

/** Repeats the attempt until it has a result. */
export async function attempts<T>(attempt: () => Promise<T | typeof again>): Promise<T | Contention> {
  for (let count = 0; count < MAX_ATTEMPTS; count++) {
    const result = await attempt();
    if (result !== again) return result;
  }
  return { kind: 'contention' };
}

/** True for the result of a loop that gave up. */
export function isContention(result: unknown): result is Contention {
  return (result as Contention | undefined)?.kind === 'contention';
}

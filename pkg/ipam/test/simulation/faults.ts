/**
 * A process's connection to the store, as bad as real ones: calls wait their turn, fail before or after they took effect,
 * answer "conflict" to a write that happened, and end in the middle when the process dies.
 */
import { DatastoreError, type WriteOutcome } from '@weft/datastore';
import type { Kind } from '@weft/resources';
import { type Around, isWrite, type StoreCall } from '../support/intercepted-store.ts';
import type { Random } from '../support/random.ts';
import type { Scheduler } from './scheduler.ts';

/** How often each fault strikes a call. */
export interface FaultRates {
  /** The call fails and nothing happened. */
  readonly unreached: number;
  /** The write happened, the answer is an error. */
  readonly answerLost: number;
  /** The write happened, the answer says that somebody else was first: a client that repeats by itself says this. */
  readonly denied: number;
  /** The process dies, before or after the write. */
  readonly crash: number;
}

/** No faults at all. */
export const NO_FAULTS: FaultRates = { unreached: 0, answerLost: 0, denied: 0, crash: 0 };

/** What a connection shares with the simulation. */
export interface FaultyWorld {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly faults: () => FaultRates;
  /** Called after every write that happened. */
  readonly written: (kind: Kind, name: string) => Promise<void>;
}

/** One process's connection. When the process dies, `died` is called once, and its calls never return. */
export function faultyConnection(world: FaultyWorld, died: () => void): Around {
  const { random, scheduler, faults, written } = world;
  let isAlive = true;
  const mayDie = async () => {
    if (!random.chance(faults().crash)) return;
    isAlive = false;
    died();
    await new Promise(() => {});
  };
  return async (call, perform) => {
    await scheduler.turn(() => isAlive);
    await mayDie();
    if (random.chance(faults().unreached)) throw away('the call did not arrive');
    const answer = await perform();
    if (!isWrite(call) || (answer as WriteOutcome<Kind>).kind !== 'written') return answer;
    await written(call.kind, call.name as string);
    await mayDie();
    if (random.chance(faults().answerLost)) throw away('the answer was lost');
    return random.chance(faults().denied) ? (denial(call) as typeof answer) : answer;
  };
}

/** What a second try of a write that took effect is told. */
function denial({ verb }: StoreCall): WriteOutcome<Kind> {
  const kinds = { create: 'already-exists', update: 'conflict', delete: 'not-found' } as const;
  return { kind: kinds[verb as keyof typeof kinds] };
}

function away(why: string): DatastoreError {
  return new DatastoreError('unavailable', `Cannot reach the simulated store: ${why}. Try again.`);
}
